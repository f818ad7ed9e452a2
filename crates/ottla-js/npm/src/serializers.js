// Values to bytes, in the layouts of org.apache.kafka.common.serialization: numbers are big-endian.

import { KafkaError } from './errors.js';
import { asBytes } from './pack.js';

const encoder = new TextEncoder();

const refuse = (name, value, wanted) => {
  const shown = typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
  throw new TypeError(`the ${name} serializer takes ${wanted}, not ${shown}`);
};

function fixed(length, write) {
  return (value) => {
    const view = new DataView(new ArrayBuffer(length));
    write(view, value);
    return new Uint8Array(view.buffer);
  };
}

function whole(name, length, min, max, write) {
  const wanted = `a whole number from ${min} to ${max}`;
  return fixed(length, (view, value) => {
    if (!Number.isInteger(value) || value < min || value > max) refuse(name, value, wanted);
    write(view, value);
  });
}

const short = whole('short', 2, -0x8000, 0x7fff, (view, value) => view.setInt16(0, value));
const integer = whole('integer', 4, -0x80000000, 0x7fffffff, (view, value) => view.setInt32(0, value));

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

const long = fixed(8, (view, value) => {
  const exact = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (!exact || value < LEAST || value > MOST) refuse('long', value, 'a bigint of 64 bits, or a number that is a safe integer');
  view.setBigInt64(0, BigInt(value));
});

const isNumber = (name, value) => typeof value === 'number' || refuse(name, value, 'a number');

const float = fixed(4, (view, value) => isNumber('float', value) && view.setFloat32(0, value));

const double = fixed(8, (view, value) => {
  isNumber('double', value);
  view.setFloat64(0, value);
  // The one NaN that Java writes; an engine may keep another's bits.
  if (Number.isNaN(value)) view.setBigUint64(0, 0x7ff8000000000000n);
});

const boolean = (value) => (typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : refuse('boolean', value, 'true or false'));

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function uuid(value) {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return UUID.test(text) ? text : refuse('uuid', value, "text such as '123e4567-e89b-12d3-a456-426614174000'");
}

const string = (value) => (typeof value === 'string' ? value : refuse('string', value, 'a string'));
const bytes = (value) => asBytes(value) ?? refuse('bytes', value, 'bytes');

/** JSON, and an error for what has none (a function, undefined). */
const json = () => (value) => JSON.stringify(value) ?? refuse('json', value, 'what JSON can say');

const nullable = (serializer) => (value, topic) => (value === null || value === undefined ? null : serializer(value, topic));

const nothing = (value) => (value === null || value === undefined ? null : refuse('void', value, 'null'));

export const serializers = Object.freeze({ string, bytes, json, short, integer, long, float, double, boolean, uuid, void: nothing, nullable });

/** Those that the engine knows, too; they let strings and bytes pass as they are. */
const LENIENT = ['bytes', 'string', 'json'];
const STRICT = ['short', 'integer', 'long', 'float', 'double', 'boolean', 'uuid', 'void'];
const CLASSES = {
  ByteArraySerializer: 'bytes',
  BytesSerializer: 'bytes',
  ByteBufferSerializer: 'bytes',
  StringSerializer: 'string',
  JsonSerializer: 'json',
  ShortSerializer: 'short',
  IntegerSerializer: 'integer',
  LongSerializer: 'long',
  FloatSerializer: 'float',
  DoubleSerializer: 'double',
  BooleanSerializer: 'boolean',
  UUIDSerializer: 'uuid',
  VoidSerializer: 'void',
};
const PACKAGES = /^org\.apache\.kafka\.(common\.serialization|connect\.json)\.|^org\.springframework\.kafka\.support\.serializer\./;

/** The short name of a value of `key.serializer` or `value.serializer`; undefined when there is no such serializer. */
export function serializerName(text) {
  if (LENIENT.includes(text) || STRICT.includes(text)) return text;
  const bare = String(text).replace(PACKAGES, '');
  return Object.hasOwn(CLASSES, bare) ? CLASSES[bare] : undefined;
}

/** The serializer that takes one kind of value only; undefined for those that let strings and bytes pass. */
export const strictSerializer = (name) => (STRICT.includes(name) ? serializers[name] : undefined);

/** What the engine calls it: what is strict reaches it as bytes. */
export const engineName = (name) => (LENIENT.includes(name) ? name : 'bytes');

export const SERIALIZER_NAMES = [...LENIENT, ...STRICT];

/** Runs a serializer on the application's value; its own error becomes the cause. */
export function serialized(serializer, data, what, topic) {
  let out;
  try {
    out = serializer(data, topic, what);
  } catch (cause) {
    throw new KafkaError('SERIALIZATION', `the ${what} cannot be serialized: ${cause?.message ?? cause}`, { cause });
  }
  if (typeof out === 'string' || out === null) return out;
  const made = asBytes(out);
  if (made) return made;
  throw new KafkaError('SERIALIZATION', `the serializer made ${typeof out} of the ${what}; it must be a string, bytes or null`);
}

/** Bytes of text, and bytes as they are. */
export const encoded = (data) => (typeof data === 'string' ? encoder.encode(data) : data);
