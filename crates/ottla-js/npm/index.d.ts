/**
 * ottla: a Kafka producer for web pages, Node and edge workers.
 *
 * Records are partitioned, batched, compressed and acknowledged on Kafka's own protocol: from a page through a bridge
 * (`ottla bridge run`), from Node and workerd also straight over TCP.
 */

/** A string is sent as UTF-8, bytes as they are, `null` as Kafka's null; anything else goes through the serializer. */
export type Data = string | Bytes | null | Serializable;
/** Bytes; of a view, those that it shows. */
export type Bytes = ArrayBufferView | ArrayBufferLike;
/** What a serializer turns into bytes. The stock one writes JSON. */
export type Serializable = object | number | boolean;

/** One record. */
export interface Message {
  /** The key: records with equal keys go to the same partition. Absent or `null` is the null key. */
  key?: Data;
  /** The value; `null` is a tombstone. `undefined` is refused. */
  value: Data;
  /** Headers in order. Pairs may repeat a name; a value may be `null`. */
  headers?: Record<string, HeaderValue> | Iterable<readonly [string, HeaderValue]>;
  /** The partition, when the application chooses it. */
  partition?: number;
  /** Milliseconds since the epoch; the clock's time when absent. */
  timestamp?: number | Date;
}

/** The value of a header. */
export type HeaderValue = string | Bytes | null;

/** Where an acknowledged record is. */
export interface RecordMetadata {
  topic: string;
  partition: number;
  /** -1n when the broker did not say (acks=0, or a duplicate that it recognised). */
  offset: bigint;
  /** Milliseconds since the epoch: the broker's when the topic uses LogAppendTime, else the record's. */
  timestamp: number;
}

/** Whether the broker may have a record whose delivery failed. */
export type Persisted = 'no' | 'possibly' | 'yes';

/** A failed send, with Kafka's name of the error. */
export class KafkaError extends Error {
  readonly name: string;
  /** Kafka's name, for example `UNKNOWN_TOPIC_OR_PARTITION`, or a client's own, for example `DELIVERY_TIMEOUT`. */
  readonly code: string;
  /** Whether the broker may have the record. */
  readonly persisted: Persisted;
  /** Whether sending it again may succeed. */
  readonly retriable: boolean;
  /** The record as it was serialized, so that nothing is lost. */
  readonly record?: FailedRecord;
  /** Of a `send` of several messages: what became of each, in their order. The error itself is the first failure. */
  readonly results?: ReadonlyArray<RecordMetadata | KafkaError>;
}

/** `buffer.memory` is exhausted; wait for `room()`. */
export class QueueFullError extends KafkaError {}
/** A property is unknown, out of range, or contradicts another. `problems` lists all of them. */
export class ConfigError extends KafkaError {
  readonly problems: string[];
}

/** The bytes of a record that was not delivered. */
export interface FailedRecord {
  topic: string;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: Array<[string, Uint8Array | null]>;
}

/** What became of one record. */
export type DeliveryEvent =
  | ({ ok: true } & RecordMetadata)
  | { ok: false; topic: string; partition: number; error: KafkaError };

/** `batch` is cheap enough for production; `record` adds the life of each record. */
export type TraceLevel = 'off' | 'batch' | 'record';

/** A byte stream to one broker, for runtimes that ottla does not know. */
export interface Connection {
  /** Takes bytes in order. They count as written when it returns, or when its promise resolves. */
  write(bytes: Uint8Array): Promise<void> | void;
  /** Closes it; `on.close` need not be called. */
  close(): void;
}

/** How a connection is opened; `on` tells ottla what happens to it. */
export type Connect = (
  address: { host: string; port: number } | { url: string },
  on: { open(): void; data(bytes: Uint8Array): void; close(reason: string): void },
) => Connection;

/** How a producer is made. */
export interface ProducerOptions {
  /** The bridge: `wss://kafka.example.com/k/main`. */
  bridge?: string | URL;
  /** Brokers, for direct TCP (Node and workerd): `['b1:9092', 'b2:9092']`. */
  bootstrapServers?: string | string[];
  /** Kafka's own properties: `{ 'linger.ms': 20, 'compression.type': 'lz4' }`. */
  config?: Record<string, string | number | bigint | boolean>;
  /** Turns what is neither string nor bytes into bytes; JSON when absent. */
  serializer?: (value: Serializable, topic: string, what: 'key' | 'value') => string | Bytes;
  /** The Origin that is shown to a bridge where the runtime does not set one itself (Node). */
  origin?: string;
  /** A trace of the producer, a line of JSON at a time, without its line end. */
  trace?: { level: TraceLevel; write: (line: string) => void };
  /** Opens connections, in place of the runtime's own way. */
  connect?: Connect;
}

/** A Kafka producer. */
export interface Producer {
  /**
   * Sends records, after waiting for room for at most `max.block.ms`; resolves when all are acknowledged. When some
   * are not, it rejects with the first failure, whose `results` tell what became of each.
   */
  send(request: { topic: string; messages: Message[] }): Promise<RecordMetadata[]>;
  /**
   * Sends a record without a promise; `delivery` events tell its fate. Throws `QueueFullError` when `buffer.memory` is
   * exhausted.
   */
  post(topic: string, message: Message): void;
  /** Resolves when there is room for a record again, at once unless the last one found none. */
  room(): Promise<void>;
  /** Resolves when everything that was sent before is delivered or has failed. */
  flush(): Promise<void>;
  /** Delivers what is left, for at most `timeoutMs` (30 s), fails the rest with `CLOSED`, and closes. */
  close(timeoutMs?: number): Promise<void>;
  /** `delivery`: every record's fate. `notice`: what the configuration adjusted. */
  on(event: 'delivery', listener: (event: DeliveryEvent) => void): () => void;
  on(event: 'notice', listener: (text: string) => void): () => void;
  /** Starts, changes or stops the trace. */
  trace(level: TraceLevel, write?: (line: string) => void): void;
  /** What the configuration adjusted or finds unusual. */
  readonly notices: readonly string[];
  /** Records that are accepted and not resolved. */
  readonly pending: number;
}

/** A producer that lives as long as its page, process or object. Connects at the first record. */
export function createProducer(options: ProducerOptions): Producer;
