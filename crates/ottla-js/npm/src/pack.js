// A record as bytes in the engine's memory. One record is packed and handed over at a time, so the view on wasm memory
// never leaves this file, and a memory that grew is noticed before each record.
//
//   u32 topic | i32 partition, -1 none | f64 timestamp, NaN none | key | value | u32 headers | (name | value)*
//   where key, value and name are an i32 length, -1 null, and bytes; all little endian

import { KafkaError } from './errors.js';

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
    const key = toBytes(message.key === undefined ? null : message.key, 'key', topic, serializer);
    const value = toBytes(message.value, 'value', topic, serializer);
    const headers = headerPairs(message.headers);
    let room = 24 + bound(key) + bound(value);
    for (const [name, data] of headers) room += bound(name) + bound(data);
    this.#reserve(room);
    this.#u32(topicId);
    this.#i32(partitionOf(message.partition));
    this.#f64(timestampOf(message.timestamp));
    this.#data(key);
    this.#data(value);
    this.#u32(headers.length);
    for (const [name, data] of headers) {
      this.#data(name);
      this.#data(data);
    }
    return this.#at - this.#start;
  }

  #reserve(room) {
    if (this.#start + room > this.#end || this.#bytes.buffer !== this.#memory.buffer) {
      this.#start = this.#engine.reserve(room);
      this.#end = this.#start + this.#engine.capacity();
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
    }
    this.#at = this.#start;
  }

  #u32(n) {
    this.#view.setUint32(this.#at, n, true);
    this.#at += 4;
  }

  #i32(n) {
    this.#view.setInt32(this.#at, n, true);
    this.#at += 4;
  }

  #f64(n) {
    this.#view.setFloat64(this.#at, n, true);
    this.#at += 8;
  }

  #data(data) {
    if (data === null) return this.#i32(-1);
    const at = this.#at + 4;
    let length;
    if (typeof data === 'string') {
      length = data.length <= SHORT ? ascii(data, this.#bytes, at) : -1;
      if (length < 0) length = utf8(data, this.#bytes.subarray(at));
    } else {
      this.#bytes.set(data, at);
      length = data.byteLength;
    }
    this.#i32(length);
    this.#at = at + length;
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

function toBytes(data, what, topic, serializer) {
  if (typeof data === 'string' || data === null) return data;
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (data === undefined) {
    throw invalid(`the ${what} is undefined; use null for Kafka's null (a null value is a tombstone)`);
  }
  let out;
  try {
    out = serializer(data, topic);
  } catch (cause) {
    throw new KafkaError('SERIALIZATION', `the ${what} cannot be serialized: ${cause?.message ?? cause}`, { cause });
  }
  if (typeof out === 'string' || out instanceof Uint8Array) return out;
  throw new KafkaError('SERIALIZATION', `the serializer made ${describe(out)} of the ${what}; it must be a string or bytes`);
}

function headerPairs(headers) {
  if (headers === undefined || headers === null) return [];
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return pairs.map((pair) => {
    const [name, data] = Array.isArray(pair) ? pair : [undefined, undefined];
    if (typeof name !== 'string') throw invalid('headers must be an object, or an array of [name, value] pairs');
    if (typeof data === 'string' || data === null || data instanceof Uint8Array) return [name, data];
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
  const ms = timestamp instanceof Date ? timestamp.getTime() : timestamp;
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw invalid(`timestamp ${describe(timestamp)}: must be milliseconds since the epoch, or a valid Date`);
}

const invalid = (message) => new KafkaError('INVALID_RECORD', message);
const describe = (value) => (typeof value === 'object' ? (value === null ? 'null' : 'an object') : `${typeof value} ${String(value)}`);
