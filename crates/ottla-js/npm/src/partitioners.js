// Partitioners of the application. What a partitioner is stands in index.d.ts.

import { KafkaError } from './errors.js';
import { encoded } from './serializers.js';

/** Records for which `partitioner` has no answer go to one partition after the other, for each topic by itself. */
export function orRoundRobin(partitioner) {
  const first = asPartitioner(partitioner);
  const turns = new Map();
  return {
    configure: (config) => first.configure?.(config),
    partition: (record, count) => {
      const answer = first.partition(record, count);
      if (answer !== undefined && answer !== null) return answer;
      const turn = turns.get(record.topic) ?? 0;
      turns.set(record.topic, turn + 1);
      return turn % count;
    },
    close: () => first.close?.(),
  };
}

/** A function is a partitioner without `configure` and `close`. */
export const asPartitioner = (partitioner) => (typeof partitioner === 'function' ? { partition: partitioner } : partitioner);

/** What a partitioner is shown: the application's key and value, and, when it asks for them, their bytes. */
class View {
  #bytes;

  constructor({ topic, key, value, headers, timestamp }, bytes) {
    Object.assign(this, { topic, key, value, headers, timestamp });
    this.#bytes = bytes;
  }

  get keyBytes() {
    return encoded(this.#bytes.key);
  }

  get valueBytes() {
    return encoded(this.#bytes.value);
  }
}

/** The partition that the partitioner chooses; undefined when the choice is the engine's. */
export function choose(partitioner, record, message, count) {
  const { topic } = record;
  let partition;
  try {
    partition = partitioner.partition(new View(record, message), count);
  } catch (cause) {
    throw new KafkaError('INVALID_PARTITION', `the partitioner failed at a record of topic ${topic}: ${cause?.message ?? cause}`, { cause });
  }
  if (partition === undefined || partition === null) return undefined;
  if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition;
  throw new KafkaError(
    'INVALID_PARTITION',
    `the partitioner chose partition ${String(partition)} of topic ${topic}, which has 0 to ${count - 1}; answer one of those, or nothing for the built-in choice`,
  );
}
