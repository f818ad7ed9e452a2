// 20,000 records over 50 keys, half of them with send and half with post; prints what was told of each.
import assert from 'node:assert/strict';
import { QueueFullError, start, tell, topic } from './npm.mjs';

const RECORDS = 20_000;
const KEYS = 50;
const producer = start({ 'linger.ms': 2, 'compression.type': 'lz4', 'client.id': 'order' });
const told = [];
producer.on('delivery', (event) => {
  assert(event.ok, event.error?.message);
  told.push([event.partition, event.offset]);
});

const record = (n) => ({ key: `k${n % KEYS}`, value: `${n}` });
const sends = [];
for (let n = 0; n < RECORDS; n += 100) {
  const messages = Array.from({ length: 100 }, (_, i) => record(n + i));
  if ((n / 100) % 2 === 0) {
    sends.push(producer.send({ topic, messages }));
    continue;
  }
  for (const message of messages) {
    try {
      producer.post(topic, message);
    } catch (error) {
      // A retry that is not the next record would be out of order.
      if (!(error instanceof QueueFullError)) throw error;
      await producer.room();
      producer.post(topic, message);
    }
  }
  if ((n / 100) % 20 === 1) await new Promise(setImmediate);
}
const places = (await Promise.all(sends)).flat();
await producer.close();
assert.equal(places.length, RECORDS / 2);
assert.equal(told.length, RECORDS, 'every record has its event');
tell(told);
