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

/** What an interceptor throws to refuse a record, with the code `INVALID_RECORD` or its own. */
export class InvalidRecordError extends KafkaError {
  constructor(message: string, options?: { code?: string; cause?: unknown });
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

/** A record on its way in, as an interceptor sees it: the application's own key and value, not yet serialized. */
export interface OutgoingRecord {
  topic: string;
  key: Data;
  value: Data;
  /** In order. Names may repeat. */
  headers: Array<[string, HeaderValue]>;
  partition?: number;
  timestamp?: number | Date;
}

/**
 * The application's code around every record (KIP-42). Interceptors run in the order in which they are given. One that
 * throws is passed over, as if it were not there, and said so once on the console; an `InvalidRecordError` from `onSend`
 * refuses the record instead: its `send` rejects, or `post` throws, with that error, and no interceptor behind it sees it.
 */
export interface Interceptor {
  /**
   * Sees each record once, before it is serialized and partitioned. May change what it is given, or return another record.
   * Must be done when it returns: a promise counts as a failure.
   */
  onSend?(record: OutgoingRecord, context: { size(record: OutgoingRecord): number }): OutgoingRecord | void;
  /**
   * Hears what became of a record, before its sender does: `error` is null when it was delivered. After a failure the
   * metadata is what is known (partition -1 when none was chosen, offset -1n, timestamp -1). `headers` are those that were
   * sent (KIP-1156).
   */
  onAcknowledgement?(metadata: RecordMetadata, error: KafkaError | null, headers: ReadonlyArray<readonly [string, HeaderValue]>): void;
  /** The producer is closed, and every record was told of. */
  close?(): void;
}

/** Adds a header (`provenance`, or the one that is named) that says where a record is from, behind the record's own. */
export function provenance(source: string, options?: { header?: string }): Interceptor;
/** Refuses records whose key is null. An empty key is a key. */
export function requireKey(): Interceptor;
/** Refuses records of more than so many bytes of key, value and headers, with the code `RECORD_TOO_LARGE`. */
export function maximumSize(bytes: number): Interceptor;

/** A record as a partitioner sees it. */
export interface PartitionedRecord {
  readonly topic: string;
  /** The application's own key and value. */
  readonly key: Data;
  readonly value: Data;
  /** As they will be sent. */
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: ReadonlyArray<readonly [string, HeaderValue]>;
  readonly timestamp?: number | Date;
}

/**
 * The partition, from 0 to `partitions - 1`, of a record that names none; nothing leaves the choice to the built-in
 * partitioner. Any other answer, or an error, fails that record with `INVALID_PARTITION`.
 */
export type Partition = (record: PartitionedRecord, partitions: number) => number | undefined | null;

/** A partitioner of the application, in place of `partitioner.class`. A function is one without `configure` and `close`. */
export type Partitioner = Partition | {
  /** Called once with `config` as it was given. */
  configure?(config: Readonly<Record<string, string | number | bigint | boolean>>): void;
  partition: Partition;
  close?(): void;
};

/** Gives records for which `partitioner` has no answer to one partition after the other, for each topic by itself. */
export function orRoundRobin(partitioner: Partitioner): Partitioner;

/** Turns values of one type into the bytes of a key or value. A string stands for its UTF-8. */
export type Serializer<T> = (value: T, topic: string) => string | Bytes | null;

/** Serializers in the layouts of Kafka's: numbers are big-endian. */
export const serializers: {
  /** `StringSerializer`. */
  readonly string: Serializer<string>;
  /** `ByteArraySerializer`. */
  readonly bytes: Serializer<Bytes>;
  /** Compact JSON of one type: `serializers.json<Chat>()`. */
  json<T>(): Serializer<T>;
  /** `ShortSerializer`: 2 bytes. */
  readonly short: Serializer<number>;
  /** `IntegerSerializer`: 4 bytes. */
  readonly integer: Serializer<number>;
  /** `LongSerializer`: 8 bytes. A number must be a safe integer. */
  readonly long: Serializer<bigint | number>;
  /** `FloatSerializer`: IEEE 754 of 4 bytes. */
  readonly float: Serializer<number>;
  /** `DoubleSerializer`: IEEE 754 of 8 bytes. */
  readonly double: Serializer<number>;
  /** `BooleanSerializer`: one byte. */
  readonly boolean: Serializer<boolean>;
  /** `UUIDSerializer`: the 36 characters of a UUID. */
  readonly uuid: Serializer<string>;
  /** `VoidSerializer`: always null. */
  readonly void: Serializer<null | undefined>;
  /** `null` and `undefined` as null, anything else as the inner serializer writes it. */
  nullable<T>(serializer: Serializer<T>): Serializer<T | null | undefined>;
};

/** A message whose key and value are of one type each. */
export interface TypedMessage<K, V> extends Omit<Message, 'key' | 'value'> {
  /** Absent, or null, is the null key. */
  key?: K | null;
  value: V;
}

/** A topic with its serializers, where Spring has a KafkaTemplate. */
export interface Topic<K, V> {
  readonly name: string;
  /** The same topic with another serializer of keys. */
  key<T>(serializer: Serializer<T>): Topic<T, V>;
  /** The same topic with another serializer of values. */
  value<T>(serializer: Serializer<T>): Topic<K, T>;
  /** Serializes all, then sends all as `Producer.send`. When one cannot be serialized, nothing is sent. */
  send(...messages: Array<TypedMessage<K, V>>): Promise<RecordMetadata[]>;
  /** Serializes and sends as `Producer.post`. */
  post(message: TypedMessage<K, V>): void;
  /** The message that would be sent. */
  message(message: TypedMessage<K, V>): Message;
}

/** The pairs of `.properties` text, for `config`. */
export function propertiesFrom(text: string): Record<string, string>;
/** The properties among variables, for `config`: `OTTLA_PRODUCER_LINGER_MS` is `linger.ms`. */
export function environmentFrom(variables: Record<string, string | undefined>, prefix?: string): Record<string, string>;

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
  /** Code around every record, in this order. */
  interceptors?: readonly Interceptor[];
  /** Chooses the partitions of records that name none. */
  partitioner?: Partitioner;
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
   * are not, it rejects with the first failure, whose `results` tell what became of each. A field that it does not read,
   * in the request or in a message, is refused with `INVALID_RECORD`.
   */
  send(request: { topic: string; messages: Message[] }): Promise<RecordMetadata[]>;
  /**
   * Sends a record without a promise; `delivery` events tell its fate. Throws `QueueFullError` when `buffer.memory` is
   * exhausted.
   */
  post(topic: string, message: Message): void;
  /** A topic with serializers: `producer.topic('chat').key(serializers.string).value(serializers.json<Chat>())`. */
  topic(name: string): Topic<Bytes | null | undefined, Bytes | null | undefined>;
  /** Resolves when there is room for a record again, at once unless the last one found none. */
  room(): Promise<void>;
  /** Resolves when everything that was sent before is delivered or has failed. */
  flush(): Promise<void>;
  /** Delivers what is left, for at most `timeoutMs` (30 s), fails the rest with `CLOSED`, and closes. */
  close(timeoutMs?: number): Promise<void>;
  /**
   * `delivery`: every record's fate. `notice`: what the configuration adjusted; and, of a producer with interceptors or a
   * partitioner, a partition that gets far more than its share of the records with a key (four times its even share of the
   * last 10,000, or nearer to everything than to the even share).
   */
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
