// A record as bytes in the engine's memory. One record is packed and handed over at a time, so the view on wasm memory
// never leaves this file, and a memory that grew is noticed before each record.
//
//   u32 topic | i32 partition, -1 none | f64 timestamp, NaN none | key | value | u32 headers | (name | value)*
//   where key, value and name are an i32 length, -1 null, and bytes; all little endian

import { KafkaError } from './errors.js';
import { checkMessage } from './fields.js';

const encoder = new TextEncoder();
// Below this length a loop beats the call into the encoder (measured in Node and in Chromium).
const SHORT = 24;
const NO_BYTES = new Uint8Array(0);

export class Packer {
  #engine;
  #memory;
  #bytes = NO_BYTES;
  #view;
  #start = 0;
  #at = 0;
  #end = 0;

  constructor(engine, memory) {
    this.#engine = engine;
    this.#memory = memory;
  }

  /** Packs the record and returns its length in the engine's buffer. */
  pack(topicId, topic, message, serializer) {
    if (message === null || typeof message !== 'object') {
      throw invalid(`a message must be an object with a value, not ${describe(message)}`);
    }
    checkMessage(message);
    // Whatever runs the application's code comes first: it may send a record itself, into the same buffer.
    const key = toBytes(message.key === undefined ? null : message.key, 'key', topic, serializer);
    const value = toBytes(message.value, 'value', topic, serializer);
    const headers = message.headers === undefined ? NO_HEADERS : headerPairs(message.headers);
    const partition = partitionOf(message.partition);
    const timestamp = timestampOf(message.timestamp);
    let room = 28 + bound(key) + bound(value);
    for (const [name, data] of headers) room += bound(name) + bound(data);
    this.#reserve(room);
    const view = this.#view;
    view.setUint32(this.#at, topicId, true);
    view.setInt32(this.#at + 4, partition, true);
    view.setFloat64(this.#at + 8, timestamp, true);
    this.#at += 16;
    this.#data(key);
    this.#data(value);
    view.setUint32(this.#at, headers.length, true);
    this.#at += 4;
    for (const [name, data] of headers) {
      this.#data(name);
      this.#data(data);
    }
    return this.#at - this.#start;
  }

  /** A copy of what was packed last. */
  copy(length) {
    return this.#bytes.slice(this.#start, this.#start + length);
  }

  /** Puts a copy back, to be sent. */
  put(bytes) {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#start);
    return bytes.byteLength;
  }

  #reserve(room) {
    // A memory that grew leaves its old views empty. Asking it for its buffer takes a quarter of the time of a record.
    if (this.#start + room > this.#end || this.#bytes.length === 0) {
      this.#start = this.#engine.reserve(room);
      this.#end = this.#start + this.#engine.capacity();
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
    }
    this.#at = this.#start;
  }

  #data(data) {
    const at = this.#at + 4;
    let length = -1;
    if (typeof data === 'string') {
      if (data.length <= SHORT) length = ascii(data, this.#bytes, at);
      if (length < 0) length = utf8(data, this.#bytes.subarray(at));
    } else if (data !== null) {
      this.#bytes.set(data, at);
      length = data.byteLength;
    }
    this.#view.setInt32(at - 4, length, true);
    this.#at = length > 0 ? at + length : at;
  }
}

function ascii(text, bytes, at) {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return -1;
    bytes[at + i] = code;
  }
  return text.length;
}

// A lone surrogate has no UTF-8; the encoder would replace it without a word.
function utf8(text, bytes) {
  if (text.isWellFormed?.() === false) {
    throw invalid('a string has a lone surrogate, which UTF-8 cannot express; send bytes instead');
  }
  return encoder.encodeInto(text, bytes).written;
}

// UTF-8 needs at most three bytes for each UTF-16 unit.
const bound = (data) => 4 + (data === null ? 0 : typeof data === 'string' ? data.length * 3 : data.byteLength);

export function toBytes(data, what, topic, serializer) {
  if (typeof data === 'string' || data === null) return data;
  const bytes = asBytes(data);
  if (bytes) return bytes;
  if (data === undefined) {
    throw invalid(`the ${what} is undefined; use null for Kafka's null (a null value is a tombstone)`);
  }
  let out;
  try {
    out = serializer(data, topic, what);
  } catch (cause) {
    throw new KafkaError('SERIALIZATION', `the ${what} cannot be serialized: ${cause?.message ?? cause}`, { cause });
  }
  const serialized = typeof out === 'string' ? out : asBytes(out);
  if (serialized !== undefined) return serialized;
  throw new KafkaError('SERIALIZATION', `the serializer made ${describe(out)} of the ${what}; it must be a string or bytes`);
}

// Not `instanceof`: bytes may come from another realm (an iframe, a test runner's sandbox).
export function asBytes(data) {
  if (ArrayBuffer.isView(data)) {
    return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  const tag = Object.prototype.toString.call(data);
  return tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]' ? new Uint8Array(data) : undefined;
}

const NO_HEADERS = [];

export function headerPairs(headers) {
  if (headers === null) return NO_HEADERS;
  if (typeof headers !== 'object') throw invalid(`headers must be an object, or [name, value] pairs, not ${describe(headers)}`);
  const pairs = headers[Symbol.iterator] ? Array.from(headers) : Object.entries(headers);
  return pairs.map((pair) => {
    const [name, data] = Array.isArray(pair) ? pair : [undefined, undefined];
    if (typeof name !== 'string') throw invalid('headers must be an object, or [name, value] pairs');
    if (typeof data === 'string' || data === null) return [name, data];
    const bytes = asBytes(data);
    if (bytes) return [name, bytes];
    throw invalid(`header ${JSON.stringify(name)} must be a string, bytes or null, not ${describe(data)}`);
  });
}

function partitionOf(partition) {
  if (partition === undefined || partition === null) return -1;
  if (Number.isInteger(partition) && partition >= 0 && partition <= 0x7fffffff) return partition;
  throw invalid(`partition ${describe(partition)}: must be a whole number from 0`);
}

function timestampOf(timestamp) {
  if (timestamp === undefined || timestamp === null) return NaN;
  const ms = typeof timestamp.getTime === 'function' ? timestamp.getTime() : timestamp;
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw invalid(`timestamp ${describe(timestamp)}: must be milliseconds since the epoch, or a valid Date`);
}

const invalid = (message) => new KafkaError('INVALID_RECORD', message);

function describe(value) {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : `${typeof value} ${String(value)}`;
}
