// The producer of index.d.ts: promises and listeners around the engine.

import { Driver } from './driver.js';
import { ConfigError, KafkaError, QueueFullError } from './errors.js';
import { checkRequest } from './fields.js';
import { hooksOf } from './hooks.js';
import { inThisPackage, pairsOf, serializerNames } from './options.js';
import { Packer } from './pack.js';
import { Queue } from './queue.js';
import { Topic } from './topic.js';
import { Request, Waiting } from './waiting.js';

const FULL = -1;
const REFUSED = -2;
const CLOSE_TIMEOUT_MS = 30_000;

/**
 * Makes `createProducer` for a runtime.
 * runtime: { wasm: () => ({ Engine, memory }), platform, connectTcp, connectWebSocket, missing?, watch? }
 * missing: what the runtime lacks for these options, in words
 */
export function producerFactory(runtime) {
  return (options) => new Producer(runtime, options);
}

class Producer {
  #driver;
  #packer;
  #serializer;
  #topics = new Map();
  #names = [];
  #waiting = new Waiting();
  #queue;
  #full = false;
  #rooms = [];
  #flushes = new Map();
  #state = 'open';
  #closing = null;
  #closed;
  #listeners = { delivery: new Set(), notice: new Set() };
  #news = [];
  #traceWrite = null;
  #lines = [];
  #refusal = null;
  #unheard = false;
  #unwatch;
  // Undefined without interceptors, partitioner and strict serializers: such a producer pays nothing for them.
  #hooks;

  constructor(runtime, options) {
    const pairs = pairsOf(options);
    try {
      this.#driver = new Driver(runtime, options, pairs, this.#sink(), () => this.#after(), (error) => this.#crash(error));
    } catch (problems) {
      throw Array.isArray(problems) ? new ConfigError(problems.map(inThisPackage)) : problems;
    }
    const missing = runtime.missing?.(options);
    if (missing) {
      this.#driver.free();
      throw new ConfigError([missing]);
    }
    const { engine, memory } = this.#driver;
    this.#packer = new Packer(engine, memory);
    const names = serializerNames(options);
    this.#serializer = serializerOf(options, names);
    this.#hooks = hooksOf(options, names, this.#serializer, this.#port(runtime, options));
    this.#queue = new Queue(engine.maxBlockMs(), (entry) => this.#expired(entry), () => this.#resume());
    this.notices = Object.freeze(engine.notices());
    if (options.trace) this.trace(options.trace.level, options.trace.write);
    this.#unwatch = runtime.watch?.(this.#driver);
  }

  get pending() {
    return this.#state === 'closed' ? 0 : this.#driver.engine.pending() + this.#queue.size + (this.#hooks?.waiting ?? 0);
  }

  async send(request) {
    if (!Array.isArray(request?.messages)) {
      throw new KafkaError('INVALID_RECORD', "send takes { topic: '…', messages: [{ key, value }] }");
    }
    checkRequest(request);
    const { topic, messages } = request;
    if (messages.length === 0) return [];
    this.#mustBeOpen();
    const pending = new Request(messages.length);
    for (let index = 0; index < messages.length; index++) {
      try {
        if (this.#hooks) this.#hooks.offer(topic, messages[index], pending, index);
        else this.#offer(topic, messages[index], pending, index);
      } catch (error) {
        pending.fail(index, error);
      }
    }
    return pending.promise;
  }

  #offer(topic, message, request, index) {
    const length = this.#pack(topic, message);
    // Whoever waits for room stays in front of whoever comes now.
    const id = this.#queue.size > 0 ? FULL : this.#driver.send(length);
    if (id >= 0) {
      this.#waiting.add(id, request, index);
    } else if (id === REFUSED) {
      throw this.#refusal;
    } else {
      this.#full = true;
      const since = this.#driver.now();
      this.#queue.push({ bytes: this.#packer.copy(length), request, index, since, wall: Date.now() }, since);
    }
  }

  post(topic, message) {
    this.#mustBeOpen();
    if (this.#hooks) return this.#hooks.post(topic, message);
    const length = this.#pack(topic, message);
    const id = this.#queue.size > 0 ? FULL : this.#driver.send(length);
    if (id >= 0) return;
    if (id === REFUSED) throw this.#refusal;
    this.#full = true;
    throw queueFull();
  }

  #pack(topic, message) {
    let id = this.#topics.get(topic);
    if (id === undefined) id = this.#intern(topic);
    return this.#packer.pack(id, topic, message, this.#serializer);
  }

  #intern(topic) {
    if (typeof topic !== 'string') {
      throw new KafkaError('INVALID_TOPIC_EXCEPTION', `the topic must be a string, not ${topic === null ? 'null' : typeof topic}`);
    }
    const id = this.#driver.engine.topic(topic);
    this.#topics.set(topic, id);
    this.#names[id] = topic;
    return id;
  }

  /** There is room: the oldest first, until it is full again. */
  #resume() {
    if (this.#state === 'closed') return;
    this.#full = false;
    while (this.#queue.size > 0) {
      const { bytes, request, index, since, wall, flushed } = this.#queue.peek();
      if (flushed) {
        this.#queue.shift();
        this.#beginFlush(flushed);
        continue;
      }
      const id = this.#driver.resend(this.#packer.put(bytes), since, wall);
      if (id === FULL) {
        this.#full = true;
        return;
      }
      this.#queue.shift();
      if (id >= 0) this.#waiting.add(id, request, index);
      else request.fail(index, this.#refusal);
    }
    for (const resolve of this.#rooms.splice(0)) resolve();
  }

  #expired({ request, index, flushed }) {
    if (flushed) return this.#beginFlush(flushed);
    const limit = this.#driver.engine.maxBlockMs();
    request.fail(index, new QueueFullError(`no room in buffer.memory within max.block.ms=${limit}; send slower, or raise buffer.memory`));
  }

  /** What hooks need of the producer. */
  #port(runtime, { config }) {
    const limits = {
      maxBlockMs: this.#driver.engine.maxBlockMs(),
      bufferMemory: Number(config?.['buffer.memory'] ?? (runtime.platform === 'native' ? 32 : 8) * 1024 * 1024),
    };
    return {
      limits,
      now: () => this.#driver.now(),
      partitions: (topic, ask) => this.#partitions(topic, ask),
      place: (topic, message, request, index, since, wall) => this.#place(topic, message, request, index, since, wall),
      post: (topic, message, request) => this.#postWatched(topic, message, request),
      notice: (text) => this.#listeners.notice.forEach((listener) => guarded(listener, text)),
      unheard: (topic, error) => this.#listeners.delivery.size > 0 || this.#warn(topic, error),
    };
  }

  #partitions(topic, ask) {
    const id = this.#topics.get(topic) ?? this.#intern(topic);
    const count = this.#driver.engine.partitions(id, this.#driver.now(), ask);
    if (ask && count < 0) this.#driver.pumpSoon();
    return count;
  }

  /** As `#offer`, for a record whose `max.block.ms` may have begun before. */
  #place(topic, message, request, index, since, wall) {
    if (since === undefined) return this.#offer(topic, message, request, index);
    const length = this.#pack(topic, message);
    const id = this.#queue.size > 0 ? FULL : this.#driver.resend(length, since, wall);
    if (id === REFUSED) throw this.#refusal;
    if (id >= 0) return this.#waiting.add(id, request, index);
    this.#full = true;
    this.#queue.push({ bytes: this.#packer.copy(length), request, index, since, wall }, this.#driver.now());
  }

  /** As `post`, with someone who waits for the result. */
  #postWatched(topic, message, request) {
    const length = this.#pack(topic, message);
    const id = this.#queue.size > 0 ? FULL : this.#driver.send(length);
    if (id >= 0) return this.#waiting.add(id, request, 0);
    if (id === REFUSED) throw this.#refusal;
    this.#full = true;
    throw queueFull();
  }

  topic(name) {
    return new Topic(this, name);
  }

  room() {
    if (this.#hooks?.isFull && this.#state === 'open') return this.#hooks.drained().then(() => this.room());
    if (!this.#full || this.#state !== 'open') return Promise.resolve();
    return new Promise((resolve) => this.#rooms.push(resolve));
  }

  flush() {
    if (this.#state !== 'open') return this.#closing ?? Promise.resolve();
    if (this.#hooks?.waiting > 0) return this.#hooks.drained().then(() => this.flush());
    return new Promise((resolve) => {
      const since = this.#driver.now();
      if (this.#queue.size > 0) this.#queue.push({ flushed: resolve, since }, since);
      else this.#beginFlush(resolve);
    });
  }

  #beginFlush(resolve) {
    this.#flushes.set(this.#driver.engine.flush(this.#driver.now()), resolve);
    this.#driver.pumpSoon();
  }

  close(timeoutMs = CLOSE_TIMEOUT_MS) {
    if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
      return Promise.reject(new TypeError('close takes milliseconds from 0, or Infinity'));
    }
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs) {
    if (this.#state === 'closed') return;
    const closed = new Promise((resolve) => (this.#closed = resolve));
    this.#state = 'closing';
    for (const { request, index, flushed } of this.#queue.clear()) {
      if (flushed) this.#beginFlush(flushed);
      else request.fail(index, new KafkaError('CLOSED', 'the producer was closed before there was room for the record'));
    }
    this.#hooks?.giveUp(() => new KafkaError('CLOSED', 'the producer was closed before the partitions of the topic were known'));
    this.#driver.resume();
    this.#driver.engine.close(this.#driver.now(), timeoutMs);
    this.#driver.pump();
    await closed;
    this.#end();
    this.#hooks?.end();
    this.#driver.free();
  }

  #end() {
    this.#state = 'closed';
    this.#unwatch?.();
    this.#queue.clear();
    for (const resolve of this.#rooms.splice(0)) resolve();
    for (const resolve of this.#flushes.values()) resolve();
    this.#flushes.clear();
  }

  /** A bug in the engine: every promise that waits for it is settled. */
  #crash(cause) {
    const queued = this.#queue.clear();
    this.#end();
    const error = (persisted) => new KafkaError('UNKNOWN_SERVER_ERROR', `ottla has crashed, please report it: ${cause?.message ?? cause}`, { persisted, cause });
    for (const [request, index] of this.#waiting.drain()) request.fail(index, error('possibly'));
    for (const { request, index, flushed } of queued) {
      if (flushed) flushed();
      else request.fail(index, error('no'));
    }
    this.#hooks?.giveUp(() => error('no'));
    this.#hooks?.end();
    this.#closed?.();
  }

  #mustBeOpen() {
    if (this.#state !== 'open') throw new KafkaError('CLOSED', 'the producer is closed; create a new one to send more');
  }

  on(event, listener) {
    const listeners = this.#listeners[event];
    if (!listeners) throw new TypeError(`there is no event ${event}; listen to 'delivery' or 'notice'`);
    if (typeof listener !== 'function') throw new TypeError('a listener must be a function');
    listeners.add(listener);
    if (event === 'notice') queueMicrotask(() => this.notices.forEach((text) => listeners.has(listener) && listener(text)));
    return () => void listeners.delete(listener);
  }

  trace(level, write) {
    if (this.#state === 'closed') return;
    if (!['off', 'batch', 'record'].includes(level)) throw new TypeError("a trace's level is 'off', 'batch' or 'record'");
    if (write) this.#traceWrite = write;
    if (level !== 'off' && typeof this.#traceWrite !== 'function') throw new TypeError('trace needs a function that takes a line');
    const header = this.#driver.engine.trace(level, this.#driver.now());
    if (level !== 'off') this.#lines.push(header);
    this.#driver.pumpSoon();
  }

  /** What the engine calls while it is pumped. Nothing here may call back into it, nor run the application's code. */
  #sink() {
    return {
      acked: (topic, partition, offset, ids, timestamps) => this.#acked(topic, partition, offset, ids, timestamps),
      failed: (id, topic, partition, error) => this.#failed(id, topic, partition, error),
      refused: (code, message) => (this.#refusal = new KafkaError(code, message)),
      room: () => queueMicrotask(() => this.#resume()),
      flushed: (id) => {
        this.#flushes.get(id)?.();
        this.#flushes.delete(id);
      },
      closed: () => this.#closed?.(),
      trace: (line) => this.#lines.push(line),
    };
  }

  #acked(topicId, partition, base, ids, timestamps) {
    const heard = this.#listeners.delivery.size > 0;
    if (!heard && this.#waiting.isEmpty) return;
    const topic = this.#names[topicId];
    for (let i = 0; i < ids.length; i++) {
      const request = this.#waiting.take(ids[i]);
      if (!request && !heard) continue;
      const offset = base < 0n ? -1n : base + BigInt(i);
      const timestamp = timestamps.length > 1 ? timestamps[i] : timestamps[0];
      request?.succeed(this.#waiting.index, { topic, partition, offset, timestamp });
      if (heard) this.#news.push({ ok: true, topic, partition, offset, timestamp });
    }
  }

  #failed(id, topicId, partition, { code, message, persisted, retriable, record }) {
    const topic = this.#names[topicId];
    const error = new KafkaError(code, message, { persisted, retriable, record: record && { topic, ...record } });
    const request = this.#waiting.take(id);
    request?.fail(this.#waiting.index, error, partition);
    if (this.#listeners.delivery.size > 0) this.#news.push({ ok: false, topic, partition, error });
    else if (!request) this.#warn(topic, error);
  }

  /** Whoever posts and does not listen still learns that records were lost. */
  #warn(topic, error) {
    if (this.#unheard) return;
    this.#unheard = true;
    console.warn(`ottla: a record that was posted to ${topic} is not delivered: ${error.message}\nListen to 'delivery' to hear of all such failures.`);
  }

  #after() {
    this.#hooks?.after();
    if (this.#lines.length > 0) for (const line of this.#lines.splice(0)) guarded(this.#traceWrite, line);
    if (this.#news.length === 0) return;
    for (const event of this.#news.splice(0)) {
      for (const listener of this.#listeners.delivery) guarded(listener, event);
    }
  }
}

/** The application's own error must not stop the producer; it surfaces as an uncaught one. */
function guarded(call, argument) {
  try {
    call(argument);
  } catch (error) {
    if (typeof reportError === 'function') reportError(error);
    else queueMicrotask(() => { throw error; });
  }
}

const queueFull = () => new QueueFullError('buffer.memory is exhausted; await producer.room() before the next post');

/** JSON for whatever is neither text nor bytes, unless the configuration forbids it. */
function serializerOf({ serializer }, names) {
  if (serializer) return serializer;
  return (value, _topic, what) => {
    if (names[what] === 'json') return JSON.stringify(value);
    throw new TypeError(`${what}.serializer is ${names[what]}, which takes strings and bytes`);
  };
}
