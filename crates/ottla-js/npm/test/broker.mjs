// One Kafka broker with nothing behind it: acknowledges what is produced, and remembers the batches only when asked to.
// It offers the oldest versions, whose layouts are the simplest.

const VERSIONS = { 0: 3, 3: 1, 18: 0, 22: 0 };
const PRODUCE = 0;
const METADATA = 3;
const API_VERSIONS = 18;
const INIT_PRODUCER_ID = 22;

export class Broker {
  /** topics: name to number of partitions. `answer(request)` may return an error code, or a promise to wait for. */
  constructor(topics, answer = () => 0) {
    this.topics = topics;
    this.answer = answer;
    this.produced = [];
    this.requests = [];
    this.open = 0;
    this.dials = 0;
    this.keep = true;
  }

  /** For the option `connect`. */
  connect = (_address, on) => {
    this.dials++;
    this.open++;
    let rest = Buffer.alloc(0);
    let live = true;
    queueMicrotask(() => live && on.open());
    const reply = async (frame) => {
      const answer = await this.#handle(frame);
      if (live && answer) setImmediate(() => live && on.data(answer));
    };
    let turn = Promise.resolve();
    this.cut = (why) => live && ((live = false), this.open--, on.close(why));
    return {
      write: (bytes) => {
        rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
          const frame = rest.subarray(4, 4 + rest.readInt32BE(0));
          rest = rest.subarray(4 + frame.length);
          turn = turn.then(() => reply(frame));
        }
      },
      close: () => live && ((live = false), this.open--),
    };
  };

  async #handle(frame) {
    const api = frame.readInt16BE(0);
    const correlation = frame.readInt32BE(4);
    const nameLength = frame.readInt16BE(8);
    this.requests.push(api);
    const body = new Body(frame, 10 + Math.max(0, nameLength));
    const error = (await this.answer({ api })) ?? 0;
    const out = new Answer(correlation);
    if (api === API_VERSIONS) this.#versions(frame.readInt16BE(2), out);
    else if (api === METADATA) this.#metadata(body, out);
    else if (api === INIT_PRODUCER_ID) out.i32(0).i16(0).i64(4000n).i16(0);
    else if (api === PRODUCE && !this.#produce(body, error, out)) return null;
    return out.frame();
  }

  #versions(asked, out) {
    // Whoever asks in a newer version is told 35 (UNSUPPORTED_VERSION) and asks again.
    out.i16(asked === 0 ? 0 : 35).i32(Object.keys(VERSIONS).length);
    for (const [api, version] of Object.entries(VERSIONS)) out.i16(Number(api)).i16(version).i16(version);
  }

  #metadata(body, out) {
    const asked = Array.from({ length: Math.max(0, body.i32()) }, () => body.string());
    out.i32(1).i32(1).string('broker').i32(9092).i16(-1).i32(1).i32(asked.length);
    for (const name of asked) {
      const count = this.topics[name] ?? 0;
      out.i16(count > 0 ? 0 : 3).string(name).i8(0).i32(count);
      for (let index = 0; index < count; index++) out.i16(0).i32(index).i32(1).i32(1).i32(1).i32(1).i32(1);
    }
  }

  #produce(body, error, out) {
    body.string();
    const acks = body.i16();
    body.i32();
    const topics = body.i32();
    out.i32(topics);
    for (let topic = 0; topic < topics; topic++) {
      const name = body.string();
      const partitions = body.i32();
      out.string(name).i32(partitions);
      for (let n = 0; n < partitions; n++) {
        const partition = body.i32();
        const batch = body.blob();
        const count = batch.readInt32BE(57);
        const offset = this.#append(name, partition, count, batch, error);
        out.i32(partition).i16(error).i64(error ? -1n : offset).i64(-1n);
      }
    }
    out.i32(0);
    return acks !== 0;
  }

  #offsets = new Map();

  #append(topic, partition, count, batch, error) {
    const log = `${topic}-${partition}`;
    const offset = this.#offsets.get(log) ?? 0;
    if (error) return 0n;
    this.#offsets.set(log, offset + count);
    if (this.keep) this.produced.push({ topic, partition, count, sequence: batch.readInt32BE(53), records: records(batch) });
    return BigInt(offset);
  }

  /** Everything that was acknowledged: `topic-partition` to `key=value`. */
  log() {
    const logs = {};
    for (const { topic, partition, records } of this.produced) (logs[`${topic}-${partition}`] ??= []).push(...records);
    return logs;
  }
}

/** `key=value` of each record of an uncompressed batch. */
function records(batch) {
  const body = new Body(batch, 61);
  return Array.from({ length: batch.readInt32BE(57) }, () => {
    const end = body.varint() + body.at;
    body.at += 1;
    body.varint();
    body.varint();
    const key = body.varbytes();
    const value = body.varbytes();
    body.at = end;
    return `${key}=${value}`;
  });
}

class Body {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
  }

  i16() { return this.bytes.readInt16BE((this.at += 2) - 2); }
  i32() { return this.bytes.readInt32BE((this.at += 4) - 4); }

  take(length) {
    if (length < 0) return null;
    return this.bytes.subarray(this.at, (this.at += length));
  }

  string() { return this.take(this.i16())?.toString() ?? null; }
  blob() { return this.take(this.i32()); }

  varint() {
    let value = 0;
    let shift = 0;
    let byte;
    do {
      byte = this.bytes[this.at++];
      value += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte > 0x7f);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  varbytes() { return this.take(this.varint())?.toString() ?? null; }
}

class Answer {
  #parts = [Buffer.alloc(4)];

  constructor(correlation) {
    this.i32(correlation);
  }

  #push(length, write) {
    const part = Buffer.alloc(length);
    write(part);
    this.#parts.push(part);
    return this;
  }

  i8(n) { return this.#push(1, (part) => part.writeInt8(n)); }
  i16(n) { return this.#push(2, (part) => part.writeInt16BE(n)); }
  i32(n) { return this.#push(4, (part) => part.writeInt32BE(n)); }
  i64(n) { return this.#push(8, (part) => part.writeBigInt64BE(n)); }

  string(text) {
    this.i16(Buffer.byteLength(text));
    return this.#push(Buffer.byteLength(text), (part) => part.write(text));
  }

  frame() {
    const frame = Buffer.concat(this.#parts);
    frame.writeInt32BE(frame.length - 4);
    return frame;
  }
}
