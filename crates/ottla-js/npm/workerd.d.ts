export * from './index.js';
import type { Message, Producer, ProducerOptions, RecordMetadata } from './index.js';

/**
 * For a worker without an object of its own: connects, sends, flushes and closes within the request. Idempotence is off
 * by default, since a producer id for every request would fill the brokers' memory; the first call logs that.
 * acks=all, linger.ms=0. What brokers tell of a topic serves later requests of the isolate for `metadata.max.age.ms`.
 */
export function publish(
  options: ProducerOptions,
  request: { topic: string; messages: Message[] },
): Promise<RecordMetadata[]>;

/**
 * A base class for a Durable Object that publishes for all requests: one producer, one producer id, batches across
 * requests. Subclass it and give the options.
 */
export class Publisher {
  constructor(state: unknown, env: unknown);
  /** What the runtime gave the constructor. */
  readonly state: unknown;
  readonly env: unknown;
  /** The producer's options; called once, at the first record. */
  options(env: unknown): ProducerOptions;
  /** The object's producer. */
  readonly producer: Producer;
  /** Sends records; resolves when they are acknowledged. */
  send(request: { topic: string; messages: Message[] }): Promise<RecordMetadata[]>;
}
