// The cheapest partner that a producer can have, in JavaScript: one broker, one topic, every batch acknowledged and
// nothing kept. It offers old versions, whose layout is the simplest, and answers in the next microtask.

const NODE = 1;
const API = { produce: 0, metadata: 3, apiVersions: 18, initProducerId: 22 };
/** Highest versions offered; none of these is flexible (KIP-482). */
const VERSIONS = [[API.produce, 3, 7], [API.metadata, 1, 5], [API.apiVersions, 0, 2], [API.initProducerId, 0, 1]];
const UNSUPPORTED_VERSION = 35;
const RECORD_COUNT_AT = 57;

/** For the option `connect` of createProducer. */
export function nullConnector({ topic, partitions }) {
  const offsets = new Array(partitions).fill(0n);
  const connect = (_address, on) => {
    let rest = Buffer.alloc(0);
    queueMicrotask(() => on.open());
    return {
      write(bytes) {
        const arrived = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        rest = rest.length === 0 ? arrived : Buffer.concat([rest, arrived]);
        while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
          const end = 4 + rest.readInt32BE(0);
          const reply = answer(rest.subarray(4, end), topic, offsets);
          rest = rest.subarray(end);
          queueMicrotask(() => on.data(reply));
        }
        // A transport that reports what has left it must do so here, too.
        if (on.written) queueMicrotask(() => on.written(bytes.byteLength));
      },
      close() {},
    };
  };
  return { connect, acknowledged: () => offsets.reduce((sum, offset) => sum + offset, 0n) };
}

function answer(frame, topic, offsets) {
  const [api, version, correlation] = [frame.readInt16BE(0), frame.readInt16BE(2), frame.readInt32BE(4)];
  const out = new Writer();
  out.i32(correlation);
  if (api === API.apiVersions) apiVersions(out, version);
  else if (api === API.metadata) metadata(out, version, topic, offsets.length);
  else if (api === API.initProducerId) out.i32(0).i16(0).i64(7n).i16(0);
  else if (api === API.produce) produce(out, frame, version, offsets);
  else throw new Error(`the null broker was asked for API ${api}`);
  return out.frame();
}

/** A newer request is refused in the shape of version 0, with what is offered: the client comes back with that. */
function apiVersions(out, version) {
  const known = version <= 2;
  out.i16(known ? 0 : UNSUPPORTED_VERSION).i32(VERSIONS.length);
  for (const [api, min, max] of VERSIONS) out.i16(api).i16(min).i16(max);
  if (known && version >= 1) out.i32(0);
}

function metadata(out, version, topic, partitions) {
  if (version >= 3) out.i32(0);
  out.i32(1).i32(NODE).string('null').i32(9092).i16(-1);
  if (version >= 2) out.string('null');
  out.i32(NODE).i32(1).i16(0).string(topic).u8(0).i32(partitions);
  for (let index = 0; index < partitions; index++) {
    out.i16(0).i32(index).i32(NODE).i32(1).i32(NODE).i32(1).i32(NODE);
    if (version >= 5) out.i32(0);
  }
}

function produce(out, frame, version, offsets) {
  const read = new Reader(frame, 8);
  read.string(); // client.id
  read.string(); // transactional.id
  read.skip(6); // acks, timeout
  const topics = read.i32();
  out.i32(topics);
  for (let t = 0; t < topics; t++) {
    out.string(read.string());
    const count = read.i32();
    out.i32(count);
    for (let p = 0; p < count; p++) {
      const index = read.i32();
      const records = frame.readInt32BE(read.at + 4 + RECORD_COUNT_AT);
      read.skip(read.i32());
      out.i32(index).i16(0).i64(offsets[index]).i64(-1n);
      if (version >= 5) out.i64(0n);
      offsets[index] += BigInt(records);
    }
  }
  out.i32(0);
}

class Reader {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
  }

  i32() {
    this.at += 4;
    return this.bytes.readInt32BE(this.at - 4);
  }

  string() {
    const length = this.bytes.readInt16BE(this.at);
    this.at += 2 + Math.max(0, length);
    return length < 0 ? null : this.bytes.toString('latin1', this.at - length, this.at);
  }

  skip(count) {
    this.at += count;
  }
}

class Writer {
  #bytes = Buffer.allocUnsafe(1024);
  #at = 4;

  u8(n) {
    this.#at = this.#bytes.writeUInt8(n, this.#at);
    return this;
  }

  i16(n) {
    this.#at = this.#bytes.writeInt16BE(n, this.#at);
    return this;
  }

  i32(n) {
    this.#at = this.#bytes.writeInt32BE(n, this.#at);
    return this;
  }

  i64(n) {
    this.#at = this.#bytes.writeBigInt64BE(n, this.#at);
    return this;
  }

  string(text) {
    this.i16(text.length);
    this.#at += this.#bytes.write(text, this.#at, 'latin1');
    return this;
  }

  frame() {
    this.#bytes.writeInt32BE(this.#at - 4, 0);
    return this.#bytes.subarray(0, this.#at);
  }
}
