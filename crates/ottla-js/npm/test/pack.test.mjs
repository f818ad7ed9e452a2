import assert from 'node:assert/strict';
import test from 'node:test';
import vm from 'node:vm';
import { load } from './ottla.mjs';

const { Packer } = await load('src/pack.js');
const { KafkaError } = await load('src/errors.js');

/** An engine with nothing but the buffer, which moves and whose memory is detached whenever it grows. */
class Buffers {
  memory = { buffer: new ArrayBuffer(64) };
  #capacity = 0;

  reserve(length) {
    if (length > this.#capacity) {
      this.#capacity = length + 16;
      this.grow(this.#capacity + 8);
    }
    return 8;
  }

  grow(length) {
    this.memory.buffer = this.memory.buffer.transfer?.(length) ?? structuredClone(new ArrayBuffer(length));
  }

  capacity() {
    return this.#capacity;
  }
}

function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 16;
  const u32 = () => view.getUint32((at += 4) - 4, true);
  const data = () => {
    const length = view.getInt32((at += 4) - 4, true);
    return length < 0 ? null : Buffer.from(bytes.subarray(at, (at += length))).toString();
  };
  const record = { topic: view.getUint32(0, true), partition: view.getInt32(4, true), timestamp: view.getFloat64(8, true), key: data(), value: data() };
  record.headers = Array.from({ length: u32() }, () => [data(), data()]);
  assert.equal(at, bytes.length, 'nothing is left over');
  return record;
}

const json = (value) => JSON.stringify(value);

function pack(message, serializer = json, packer = undefined) {
  if (!packer) {
    const engine = new Buffers();
    packer = new Packer(engine, engine.memory);
  }
  return unpack(packer.copy(packer.pack(7, 'clicks', message, serializer)));
}

test('every field arrives', () => {
  const at = new Date(1_700_000_000_000);
  const message = { key: 'kim', value: { x: 1 }, headers: { a: '1', b: null }, partition: 3, timestamp: at };
  assert.deepEqual(pack(message), {
    topic: 7, partition: 3, timestamp: at.getTime(), key: 'kim', value: '{"x":1}', headers: [['a', '1'], ['b', null]],
  });
  const bare = pack({ value: null });
  assert.deepEqual([bare.partition, bare.timestamp, bare.key, bare.value, bare.headers], [-1, NaN, null, null, []]);
});

test('strings are UTF-8, short or long, and empty is not null', () => {
  for (const text of ['', 'a', 'é', '한', '😀', 'x'.repeat(24), `${'x'.repeat(23)}é`, 'x'.repeat(25), '한'.repeat(5000)]) {
    assert.equal(pack({ key: text, value: text }).value, text);
    assert.equal(pack({ key: text, value: null }).key, text);
  }
});

test('bytes are as they are, whichever view or realm they come from', () => {
  const bytes = new TextEncoder().encode('hello');
  const elsewhere = vm.runInNewContext('new Uint8Array([104, 101, 108, 108, 111])');
  const kinds = [bytes, bytes.buffer, Buffer.from('hello'), new DataView(bytes.buffer), elsewhere, elsewhere.buffer];
  for (const value of kinds) assert.equal(pack({ value, headers: [['h', value]] }).value, 'hello');
});

test('headers may be pairs, an object or a map, and repeat a name', () => {
  assert.deepEqual(pack({ value: '', headers: [['a', '1'], ['a', null]] }).headers, [['a', '1'], ['a', null]]);
  assert.deepEqual(pack({ value: '', headers: new Map([['a', '1']]) }).headers, [['a', '1']]);
  assert.deepEqual(pack({ value: '', headers: null }).headers, []);
});

test('a serializer is told the topic and what it serializes', () => {
  const seen = [];
  const record = pack({ key: 1, value: true }, (value, topic, what) => seen.push([value, topic, what]) && `${value}!`);
  assert.deepEqual(seen, [[1, 'clicks', 'key'], [true, 'clicks', 'value']]);
  assert.deepEqual([record.key, record.value], ['1!', 'true!']);
});

function refused(message, code, pattern, serializer) {
  assert.throws(() => pack(message, serializer), (error) => error instanceof KafkaError && error.code === code && pattern.test(error.message));
}

test('what cannot be sent is refused with a reason', () => {
  refused({ key: 'kim' }, 'INVALID_RECORD', /the value is undefined; use null/);
  refused(undefined, 'INVALID_RECORD', /a message must be an object/);
  refused('text', 'INVALID_RECORD', /a message must be an object/);
  refused({ value: 'a', partition: -1 }, 'INVALID_RECORD', /partition number -1: must be a whole number from 0/);
  refused({ value: 'a', partition: '1' }, 'INVALID_RECORD', /partition string 1/);
  refused({ value: 'a', timestamp: new Date('no') }, 'INVALID_RECORD', /timestamp number NaN|timestamp an object/);
  refused({ value: 'a', timestamp: -5 }, 'INVALID_RECORD', /timestamp number -5/);
  refused({ value: 'a', headers: 'a=b' }, 'INVALID_RECORD', /headers must be an object/);
  refused({ value: 'a', headers: [['a']] }, 'INVALID_RECORD', /header "a" must be a string, bytes or null, not undefined$/);
  refused({ value: 'a', headers: { a: 5 } }, 'INVALID_RECORD', /header "a" must be a string/);
  refused({ value: 'a', headers: [['a', ['b']]] }, 'INVALID_RECORD', /not an array$/);
  refused({ value: 'a', headers: { a: () => 'b' } }, 'INVALID_RECORD', /not a function$/);
  refused({ value: () => {} }, 'SERIALIZATION', /the serializer made undefined of the value/);
  refused({ value: 5n }, 'SERIALIZATION', /the value cannot be serialized.*BigInt/);
  refused({ value: {} }, 'SERIALIZATION', /the serializer made number 5 of the value/, () => 5);
});

test('a field that nobody reads is refused, with the one that was meant', () => {
  refused({ keys: 'kim', value: 'a' }, 'INVALID_RECORD', /^the message has an unknown field keys: write key$/);
  refused({ value: 'a', header: { a: '1' } }, 'INVALID_RECORD', /field header: write headers/);
  refused({ value: 'a', partitions: 1 }, 'INVALID_RECORD', /field partitions: write partition/);
  refused({ value: 'a', timestampMs: 1 }, 'INVALID_RECORD', /field timestampMs: write timestamp, in milliseconds/);
  refused({ payload: 'a' }, 'INVALID_RECORD', /field payload: a message has key, value, headers, partition and timestamp/);
  refused({ value: 'a', toString: 1 }, 'INVALID_RECORD', /field toString: a message has/);
  assert.equal(pack({ value: 'a', partitions: undefined }).value, 'a');
  assert.equal(pack(Object.assign(Object.create({ inherited: 1 }), { value: 'a' })).value, 'a');
});

test('a lone surrogate is refused in a short and a long string', () => {
  refused({ value: '\ud800' }, 'INVALID_RECORD', /lone surrogate/);
  refused({ value: `${'x'.repeat(100)}\udc00` }, 'INVALID_RECORD', /lone surrogate/);
});

test('a memory that grew or moved between two records is noticed', () => {
  const engine = new Buffers();
  const packer = new Packer(engine, engine.memory);
  pack({ value: 'first' }, json, packer);
  engine.grow(1 << 16);
  assert.equal(pack({ value: 'second' }, json, packer).value, 'second');
  assert.equal(pack({ value: 'y'.repeat(100_000) }, json, packer).value.length, 100_000);
});

test('a record that is sent while another is read does not disturb it', () => {
  const engine = new Buffers();
  const packer = new Packer(engine, engine.memory);
  const serializer = (value) => {
    packer.pack(9, 'other', { value: 'z'.repeat(50) }, json);
    return `<${value}>`;
  };
  const record = pack({ key: 1, value: 2, get partition() { packer.pack(9, 'other', { value: 'q' }, json); return 4; } }, serializer, packer);
  assert.deepEqual([record.topic, record.key, record.value, record.partition], [7, '<1>', '<2>', 4]);
});

test('a copy is put back unchanged', () => {
  const engine = new Buffers();
  const packer = new Packer(engine, engine.memory);
  const copy = packer.copy(packer.pack(7, 'clicks', { value: 'mine' }, json));
  packer.pack(7, 'clicks', { value: 'another'.repeat(50) }, json);
  assert.equal(packer.put(copy), copy.length);
  assert.equal(unpack(packer.copy(copy.length)).value, 'mine');
});
