// post, QueueFullError, room, flush, delivery events, trace and close, with a buffer for about a hundred records.
import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { failure, more, QueueFullError, start, tell, topic } from './npm.mjs';

const RECORDS = 3_000;
const [traceFile] = more;
const trace = createWriteStream(traceFile);
const events = [];

const producer = start(
  { 'buffer.memory': 32_768, 'batch.size': 4_096, 'linger.ms': 1 },
  { trace: { level: 'record', write: (line) => trace.write(`${line}\n`) } },
);
const stop = producer.on('delivery', (event) => events.push(event));

// Within one turn of the event loop nothing leaves, so that the buffer must run full.
let full = 0;
for (let n = 0; n < RECORDS; n++) {
  const message = { key: `k${n % 10}`, value: `${n} ${'x'.repeat(200)}` };
  for (;;) {
    try {
      producer.post(topic, message);
      break;
    } catch (error) {
      full++;
      await failure(() => { throw error; }, 'BUFFER_EXHAUSTED', { retriable: true, type: QueueFullError, needles: ['buffer.memory', 'room()'] });
      await producer.room();
    }
  }
}
assert(full > 10, `the buffer was full ${full} times`);
assert(producer.pending > 0, 'what was posted last is on its way');
await producer.flush();
assert.equal(producer.pending, 0);
assert.equal(events.length, RECORDS, 'flush comes after the last delivery event');
assert(events.every((event) => event.ok && event.topic === topic && typeof event.offset === 'bigint' && event.timestamp > 0));

// A flush sends at once what would linger, and is not kept waiting by what comes after it.
stop();
const patient = start({ 'linger.ms': 60_000 });
const early = patient.send({ topic, messages: [{ key: 'flushed', value: 'flushed' }] });
await patient.flush();
const [flushed] = await early;
// close does so, too.
const late = patient.send({ topic, messages: [{ key: 'closed', value: 'closed' }] });
await patient.close(20_000);
const [closed] = await late;
await failure(() => patient.send({ topic, messages: [{ value: 'x' }] }), 'CLOSED', { needles: ['closed', 'create a new one'] });
await failure(() => patient.post(topic, { value: 'x' }), 'CLOSED', { needles: ['closed'] });

await producer.close();
assert.equal(events.length, RECORDS, 'a listener that left hears nothing');
await new Promise((resolve) => trace.end(resolve));
tell([...events, flushed, closed].map(({ partition, offset }) => [partition, offset]));
