// The application's own code around every record: interceptors, strict serializers, a partitioner. A producer without any
// of them never comes here.
//
// A record goes through onSend of each interceptor, is serialized, and gets its partition, as in Kafka's client. Where a
// topic's partitions are not known yet, its records wait here in their order, for at most max.block.ms; then the engine
// is left to say what is wrong with the topic.

import { KafkaError, QueueFullError } from './errors.js';
import { checkMessage } from './fields.js';
import { HotPartitions } from './hot.js';
import { Chain } from './interceptors.js';
import { headerPairs, toBytes } from './pack.js';
import { asPartitioner, choose } from './partitioners.js';
import { Queue } from './queue.js';
import { encoded, serialized, strictSerializer } from './serializers.js';

/** No topic has it: with this number the engine says what it knows of the topic, and never sends the record. */
const NOWHERE = 0x7fffffff;
const REFUSED = -2;

/** Undefined for a producer that needs no hooks. `names` are those of the serializers of key and value. */
export function hooksOf(options, names, serializer, port) {
  const strict = { key: strictSerializer(names.key), value: strictSerializer(names.value) };
  const { interceptors = [], partitioner } = options;
  if (interceptors.length === 0 && !partitioner && !strict.key && !strict.value) return undefined;
  return new Hooks(options, strict, serializer, port);
}

/**
 * port: what the producer does for its hooks.
 * { place(topic, message, request, index, since?, wall?), post(topic, message, request), partitions(topic, ask), now(), limits, notice(text), unheard(topic, error) }
 */
class Hooks {
  #chain;
  #partitioner;
  #strict;
  #serializer;
  #port;
  #waiting = new Map();
  #waitingCount = 0;
  #waitingBytes = 0;
  #drained = [];
  #hot = new HotPartitions();
  #told = [];
  #queued = false;
  #over = false;

  constructor({ interceptors = [], partitioner, config }, strict, serializer, port) {
    this.#chain = new Chain([...interceptors], (record) => size(record, (what) => this.#serialize(what, record)));
    this.#partitioner = partitioner && asPartitioner(partitioner);
    this.#strict = strict;
    this.#serializer = serializer;
    this.#port = port;
    this.#partitioner?.configure?.(Object.freeze({ ...config }));
  }

  /** Records that wait for their topic. */
  get waiting() {
    return this.#waitingCount;
  }

  get isFull() {
    return this.#waitingBytes > this.#port.limits.bufferMemory;
  }

  /** Resolves when no record waits for its topic any more. */
  drained() {
    return this.#waitingCount === 0 ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
  }

  /** One message of a `send`. Throws when the record is not accepted. */
  offer(topic, message, request, index) {
    this.#take(topic, message, request, index, (sent, watch) => this.#port.place(sent.record.topic, sent.message, watch, 0));
  }

  post(topic, message) {
    this.#take(topic, message, null, 0, (sent, watch) => this.#port.post(sent.record.topic, sent.message, watch));
  }

  #take(topic, message, request, index, place) {
    const sent = { record: { topic, partition: message?.partition, headers: [] }, message: undefined };
    try {
      sent.record = recordOf(topic, message);
      this.#chain.onSend(sent);
      this.#prepare(sent);
      const watch = new Watch(this, sent, request, index);
      if (!this.#mustWait(sent)) place(sent, watch);
      else this.#wait(sent, watch, request === null);
    } catch (error) {
      this.#tell(unplaced(sent.record), error, sent.record.headers);
      throw error;
    }
  }

  #prepare(sent) {
    const { headers, partition, timestamp } = sent.record;
    const key = this.#serialize('key', sent.record);
    sent.message = { key, value: this.#serialize('value', sent.record), headers, partition, timestamp };
  }

  #serialize(what, record) {
    const data = record[what];
    const strict = this.#strict[what];
    // What is bytes already goes as it is, and null is null; undefined has its error there.
    if (!strict || data === null || data === undefined) return toBytes(data, what, record.topic, this.#serializer);
    return ArrayBuffer.isView(data) ? toBytes(data, what, record.topic) : serialized(strict, data, what, record.topic);
  }

  /** Whether the record's partition cannot be chosen yet; chooses it when it can. */
  #mustWait(sent) {
    if (!this.#partitioner) return false;
    if (this.#waiting.has(sent.record.topic)) return true;
    if (hasPartition(sent.record)) return false;
    const count = this.#port.partitions(sent.record.topic, true);
    if (count === REFUSED) sent.message.partition = NOWHERE;
    else if (count < 0) return true;
    else this.#choose(sent, count);
    return false;
  }

  #choose(sent, count) {
    try {
      sent.message.partition = choose(this.#partitioner, sent.record, sent.message, count);
    } catch (error) {
      error.record = { topic: sent.record.topic, ...bytesOf(sent.message) };
      throw error;
    }
  }

  #wait(sent, watch, isPost) {
    if (isPost && this.isFull) {
      throw new QueueFullError('records that wait for their topic fill buffer.memory; await producer.room() before the next post');
    }
    const { topic } = sent.record;
    let queue = this.#waiting.get(topic);
    if (!queue) {
      queue = new Queue(this.#port.limits.maxBlockMs, (entry) => this.#leave(topic, queue, entry, () => this.#release(entry, REFUSED)));
      this.#waiting.set(topic, queue);
    }
    const since = this.#port.now();
    const bytes = size(sent.message, (what) => sent.message[what]);
    this.#waitingCount++;
    this.#waitingBytes += bytes;
    queue.push({ sent, watch, bytes, since, wall: Date.now() }, since);
  }

  #leave(topic, queue, entry, release) {
    this.#waitingCount--;
    this.#waitingBytes -= entry.bytes;
    if (queue.size === 0) this.#waiting.delete(topic);
    release();
    if (this.#waitingCount === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Sends a record that has waited, now that the number of partitions is known, or the topic refused. */
  #release({ sent, watch, since, wall }, count) {
    try {
      if (!hasPartition(sent.record)) {
        if (count === REFUSED) sent.message.partition = NOWHERE;
        else this.#choose(sent, count);
      }
      this.#port.place(sent.record.topic, sent.message, watch, 0, since, wall);
    } catch (error) {
      watch.fail(0, error);
    }
  }

  /** What is to be done after the engine was pumped: nothing of it may run before. */
  after() {
    for (const [topic, queue] of this.#waitingCount > 0 ? [...this.#waiting] : []) {
      const count = this.#port.partitions(topic, false);
      if (count === -1) continue;
      while (queue.size > 0 && !this.#over) {
        const entry = queue.shift();
        this.#leave(topic, queue, entry, () => this.#release(entry, count));
      }
    }
    this.#tellAll();
  }

  /** The producer takes no more records: those that wait here are given up. */
  giveUp(error) {
    for (const [topic, queue] of [...this.#waiting]) {
      const entries = queue.clear();
      for (const entry of entries) this.#leave(topic, queue, entry, () => entry.watch.fail(0, error()));
    }
  }

  /** Everything is told; nothing comes any more. */
  end() {
    if (this.#over) return;
    this.#over = true;
    this.#tellAll();
    this.#chain.close();
    try {
      this.#partitioner?.close?.();
    } catch (error) {
      console.warn(`ottla: close of the partitioner failed: ${error?.message ?? error}`);
    }
  }

  /** Of a `Watch`. */
  succeeded(sent, metadata) {
    this.#tell(metadata, null, sent.record.headers);
    if (sent.message.key === null && !this.#partitioner) return;
    this.#told.push(() => {
      const { topic, partition } = metadata;
      this.#hot.note(topic, partition, () => this.#port.partitions(topic, false)).forEach(this.#port.notice);
    });
  }

  /** Of a `Watch`. */
  failed(sent, error, partition, isPost) {
    const nowhere = unplaced(sent.record);
    this.#tell(partition >= 0 ? { ...nowhere, partition } : nowhere, error, sent.record.headers);
    if (isPost) this.#port.unheard(sent.record.topic, error);
  }

  // Results come while the engine is pumped, which application code must not see. Told soon in any case: before the
  // sender's own promise goes on.
  #tell(metadata, error, headers) {
    if (this.#chain.isEmpty) return;
    this.#told.push(() => this.#chain.onAcknowledgement(metadata, error, headers));
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => this.#tellAll());
  }

  #tellAll() {
    this.#queued = false;
    while (this.#told.length > 0) for (const tell of this.#told.splice(0)) tell();
  }
}

/** Stands between the engine's result of a record and its sender, who may not exist. */
class Watch {
  #hooks;
  #sent;
  #request;
  #index;

  constructor(hooks, sent, request, index) {
    this.#hooks = hooks;
    this.#sent = sent;
    this.#request = request;
    this.#index = index;
  }

  succeed(_, metadata) {
    this.#hooks.succeeded(this.#sent, metadata);
    this.#request?.succeed(this.#index, metadata);
  }

  fail(_, error, partition) {
    this.#hooks.failed(this.#sent, error, partition, this.#request === null);
    this.#request?.fail(this.#index, error);
  }
}

function recordOf(topic, message) {
  if (message === null || typeof message !== 'object') {
    throw new KafkaError('INVALID_RECORD', `a message must be an object with a value, not ${message === null ? 'null' : typeof message}`);
  }
  checkMessage(message);
  const { key = null, value, headers, partition, timestamp } = message;
  return { topic, key, value, headers: headers === undefined ? [] : headerPairs(headers), partition, timestamp };
}

const hasPartition = ({ partition }) => partition !== undefined && partition !== null;

/** What Java's RecordMetadata says of a record that is nowhere. */
const unplaced = ({ topic, partition }) => ({ topic, partition: Number.isInteger(partition) ? partition : -1, offset: -1n, timestamp: -1 });

const length = (data) => (data === null || data === undefined ? 0 : encoded(data).byteLength);

function size(record, bytesOfData) {
  let bytes = length(bytesOfData('key')) + length(bytesOfData('value'));
  for (const [name, data] of record.headers) bytes += length(name) + length(data);
  return bytes;
}

const bytesOf = ({ key, value, headers }) => ({ key: encoded(key), value: encoded(value), headers: headers.map(([name, data]) => [name, encoded(data)]) });
