// Whether one partition gets far more than its share. The thresholds are those of the native client's HotPartition.

const WINDOW = 10_000;
const WINDOW_PER_PARTITION = 100;
const TIMES_EVEN = 4;

export class HotPartitions {
  #topics = new Map();

  /** Counts a record; `count()` gives the number of partitions, or less than 1. Returns notices. */
  note(topic, partition, count) {
    let window = this.#topics.get(topic);
    if (!window) this.#topics.set(topic, (window = { counts: [], total: 0, hot: [] }));
    window.counts[partition] = (window.counts[partition] ?? 0) + 1;
    if (++window.total < WINDOW || window.total % WINDOW_PER_PARTITION !== 0) return [];
    const partitions = count();
    if (partitions < 1 || window.total < WINDOW_PER_PARTITION * partitions) return [];
    return judge(topic, window, partitions);
  }
}

function judge(topic, window, partitions) {
  const { counts, total, hot } = window;
  const even = 1 / partitions;
  const limit = Math.min(TIMES_EVEN * even, (1 + even) / 2);
  const notices = [];
  for (let partition = 0; partition < counts.length; partition++) {
    const records = counts[partition] ?? 0;
    const isHot = partitions > 1 && records >= limit * total;
    if (isHot && !hot[partition]) notices.push(words(topic, partition, records / total, total, partitions));
    hot[partition] = isHot;
  }
  window.counts = [];
  window.total = 0;
  return notices;
}

const words = (topic, partition, share, total, partitions) => `hot partition: ${topic}-${partition} got ${(share * 100).toFixed(0)} % of the last ${total} records, `
  + `${(share * partitions).toFixed(1)} times its even share among ${partitions} partitions; look for a key that is too frequent, or at the partitioner`;
