// The producer of index.d.ts: hands records to the engine, and the engine's wishes to the runtime's sockets.

import { ConfigError, KafkaError, QueueFullError } from './errors.js';
import { Packer } from './pack.js';

const FULL = -1;
const REFUSED = -2;
const CLOSE_TIMEOUT_MS = 30_000;
const toJson = (value) => JSON.stringify(value);
const OPTIONS = new Set(['bridge', 'bootstrapServers', 'config', 'serializer', 'origin', 'trace', 'connect']);
const LATER = {
  token: 'tokens are not supported yet; let the bridge accept the Origin of the page',
  outbox: 'an outbox is not supported yet',
};

/**
 * Makes `createProducer` for a runtime.
 * runtime: { wasm: () => exports, memory, connectTcp, connectWebSocket, platform }
 */
export function producerFactory(runtime) {
  return (options) => new Producer(runtime, check(options));
}

function check(options) {
  if (options === null || typeof options !== 'object') {
    throw new ConfigError(["createProducer needs options, for example { bridge: 'wss://kafka.example.com/k/main' }"]);
  }
  const problems = Object.keys(options)
    .filter((name) => !OPTIONS.has(name))
    .map((name) => `option ${name}: ${LATER[name] ?? `unknown; it may be one of ${[...OPTIONS].join(', ')}`}`);
  if ((options.bridge === undefined) === (options.bootstrapServers === undefined)) {
    problems.push("give either bridge ('wss://…/k/CLUSTER') or bootstrapServers (['host:9092'])");
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return options;
}

function pairsOf(options) {
  const servers = options.bridge ?? options.bootstrapServers;
  const pairs = ['bootstrap.servers', Array.isArray(servers) ? servers.join(',') : String(servers)];
  for (const [name, value] of Object.entries(options.config ?? {})) pairs.push(name, String(value));
  return pairs;
}

class Producer {
  #runtime;
  #options;
  #engine;
  #packer;
  #serializer;
  #topics = new Map();
  #names = [];
  #connections = new Map();
  #waiting = new Map();
  #parked = [];
  #rooms = [];
  #flushes = new Map();
  #closing = null;
  #listeners = { delivery: new Set(), notice: new Set() };
  #traceWrite = null;
  #refusal = null;
  #pumpQueued = false;
  #timer = null;
  #timerAt = Infinity;

  constructor(runtime, options) {
    this.#runtime = runtime;
    this.#options = options;
    this.#serializer = options.serializer ?? toJson;
    const { Engine, memory } = runtime.wasm();
    try {
      this.#engine = new Engine(pairsOf(options), runtime.platform, seed(), this.#host());
    } catch (problems) {
      throw Array.isArray(problems) ? new ConfigError(problems) : problems;
    }
    this.#packer = new Packer(this.#engine, memory);
    this.notices = Object.freeze(this.#engine.notices());
    if (options.trace) this.trace(options.trace.level, options.trace.write);
  }

  get pending() {
    return this.#engine.pending() + this.#parked.length;
  }

  async send({ topic, messages }) {
    if (!Array.isArray(messages)) throw new KafkaError('INVALID_RECORD', 'messages must be an array');
    // All settle before the first failure is thrown, so that no failure goes unheard.
    const settled = await Promise.allSettled(messages.map((message) => this.#sendOne(topic, message)));
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return settled.map((result) => result.value);
  }

  #sendOne(topic, message) {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      // Whoever waits for room stays in front of whoever comes now.
      if (this.#parked.length > 0 || !this.#accept(topic, message, waiter)) this.#park(topic, message, waiter);
    });
  }

  post(topic, message) {
    if (this.#parked.length > 0 || !this.#accept(topic, message, null)) {
      throw new QueueFullError('buffer.memory is exhausted; await producer.room() before the next post');
    }
  }

  /** True when the engine took the record; false when it is full; throws when it is refused. */
  #accept(topic, message, waiter) {
    const length = this.#packer.pack(this.#topicId(topic), topic, message, this.#serializer);
    const id = this.#engine.send(length, now(), Date.now());
    if (id === FULL) return false;
    if (id === REFUSED) throw this.#refusal;
    if (waiter) this.#waiting.set(id, waiter);
    this.#pumpSoon();
    return true;
  }

  #topicId(topic) {
    let id = this.#topics.get(topic);
    if (id === undefined) {
      if (typeof topic !== 'string') throw new KafkaError('INVALID_TOPIC_EXCEPTION', 'the topic must be a string');
      id = this.#engine.topic(topic);
      this.#topics.set(topic, id);
      this.#names[id] = topic;
    }
    return id;
  }

  #park(topic, message, waiter) {
    const entry = { topic, message, waiter };
    const limit = this.#engine.maxBlockMs();
    entry.timer = setTimeout(() => {
      this.#parked.splice(this.#parked.indexOf(entry), 1);
      waiter.reject(new QueueFullError(`no room in buffer.memory within max.block.ms=${limit}`));
    }, limit);
    this.#parked.push(entry);
  }

  #resume() {
    while (this.#parked.length > 0) {
      const entry = this.#parked[0];
      try {
        if (!this.#accept(entry.topic, entry.message, entry.waiter)) return;
      } catch (error) {
        entry.waiter.reject(error);
      }
      clearTimeout(entry.timer);
      this.#parked.shift();
    }
    for (const resolve of this.#rooms.splice(0)) resolve();
  }

  room() {
    if (this.#parked.length === 0 && this.#engine.hasRoom()) return Promise.resolve();
    return new Promise((resolve) => this.#rooms.push(resolve));
  }

  async flush() {
    while (this.#parked.length > 0) await this.room();
    const id = this.#engine.flush(now());
    const done = new Promise((resolve) => this.#flushes.set(id, resolve));
    this.#pump();
    await done;
  }

  close(timeoutMs = CLOSE_TIMEOUT_MS) {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs) {
    const closed = new Promise((resolve) => (this.#rooms.closed = resolve));
    for (const { waiter, timer } of this.#parked.splice(0)) {
      clearTimeout(timer);
      waiter.reject(new KafkaError('PRODUCER_CLOSED', 'the producer was closed before there was room for the record'));
    }
    this.#engine.close(now(), timeoutMs);
    this.#pump();
    await closed;
    clearTimeout(this.#timer);
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  on(event, listener) {
    const listeners = this.#listeners[event];
    if (!listeners) throw new TypeError(`there is no event ${event}; listen to 'delivery' or 'notice'`);
    listeners.add(listener);
    if (event === 'notice') queueMicrotask(() => this.notices.forEach((text) => listener(text)));
    return () => listeners.delete(listener);
  }

  trace(level, write) {
    if (write) this.#traceWrite = write;
    if (level !== 'off' && !this.#traceWrite) throw new TypeError('trace needs a function that takes a line');
    const header = this.#engine.trace(level, now());
    if (level !== 'off') this.#traceWrite(header);
  }

  #pumpSoon() {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    queueMicrotask(() => this.#pump());
  }

  #pump() {
    this.#pumpQueued = false;
    this.#wakeAt(this.#engine.pump(now()));
  }

  #wakeAt(at) {
    if (at === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    if (at === Infinity) return;
    // A timer that runs a little early would only find nothing to do and set itself again.
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#engine.timeout(now());
      this.#pump();
    }, Math.max(0, Math.ceil((at - now()) / 1000)));
  }

  /** What the engine calls while it is pumped. Nothing here calls back into the engine before the pump is over. */
  #host() {
    return {
      dial: (conn, host, port, url) => this.#dial(conn, url ? { url } : { host, port }),
      transmit: (conn, bytes) => this.#transmit(conn, bytes),
      hangup: (conn) => this.#hangup(conn),
      acked: (topic, partition, offset, ids, timestamps) => this.#acked(topic, partition, offset, ids, timestamps),
      failed: (id, topic, partition, error) => this.#failed(id, topic, partition, error),
      refused: (code, message) => (this.#refusal = new KafkaError(code, message)),
      room: () => queueMicrotask(() => this.#resume()),
      flushed: (id) => {
        this.#flushes.get(id)?.();
        this.#flushes.delete(id);
      },
      closed: () => this.#rooms.closed?.(),
      trace: (line) => this.#traceWrite?.(line),
    };
  }

  #dial(conn, address) {
    const later = (act) => (...args) => {
      if (!this.#connections.has(conn)) return;
      act(...args);
      this.#pump();
    };
    const on = {
      open: later(() => this.#engine.connected(conn, now())),
      data: later((bytes) => this.#engine.received(conn, bytes, now())),
      written: later((count) => this.#engine.written(conn, count, now())),
      close: later((reason) => {
        this.#connections.delete(conn);
        this.#engine.closed(conn, reason, now());
      }),
    };
    const connect = this.#options.connect
      ?? (address.url ? this.#runtime.connectWebSocket : this.#runtime.connectTcp);
    // A runtime may report at once; the engine must not be entered again while it is pumped.
    this.#connections.set(conn, { write() {}, close() {} });
    queueMicrotask(() => {
      if (!this.#connections.has(conn)) return;
      try {
        this.#connections.set(conn, connect(address, on, this.#options));
      } catch (error) {
        on.close(error?.message ?? String(error));
      }
    });
  }

  #transmit(conn, bytes) {
    const connection = this.#connections.get(conn);
    if (!connection) return;
    connection.write(bytes);
  }

  #hangup(conn) {
    const connection = this.#connections.get(conn);
    this.#connections.delete(conn);
    connection?.close();
  }

  #acked(topicId, partition, offset, ids, timestamps) {
    const heard = this.#listeners.delivery.size > 0;
    if (!heard && this.#waiting.size === 0) return;
    const topic = this.#names[topicId];
    for (let i = 0; i < ids.length; i++) {
      const waiter = this.#waiting.get(ids[i]);
      if (!waiter && !heard) continue;
      const metadata = {
        topic,
        partition,
        offset: offset < 0n ? -1n : offset + BigInt(i),
        timestamp: timestamps.length > 1 ? timestamps[i] : timestamps[0],
      };
      if (waiter) {
        this.#waiting.delete(ids[i]);
        waiter.resolve(metadata);
      }
      if (heard) this.#tell({ ok: true, ...metadata });
    }
  }

  #failed(id, topicId, partition, { code, message, persisted, retriable, record }) {
    const topic = this.#names[topicId];
    const error = new KafkaError(code, message, { persisted, retriable, record: record && { topic, ...record } });
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiter?.reject(error);
    this.#tell({ ok: false, topic, partition, error });
  }

  /** A listener's own error must not stop the producer; it surfaces as an uncaught one. */
  #tell(event) {
    for (const listener of this.#listeners.delivery) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

/** Microseconds of a clock that does not go backwards. */
const now = () => Math.round(performance.now() * 1000);

const seed = () => crypto.getRandomValues(new Uint32Array(2));
