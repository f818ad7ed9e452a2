// A broker that takes a record and never answers (the proxy holds its answers): close keeps its deadline.
import assert from 'node:assert/strict';
import { failure, start, tell, topic } from './npm.mjs';

const DEADLINE_MS = 300;
const producer = start({ 'linger.ms': 0 });
// The first answer arrives; from the second on the proxy holds them.
const [first] = await producer.send({ topic, messages: [{ key: 'told', value: 'told' }] });
const rejected = failure(
  () => producer.send({ topic, messages: [{ key: 'k', value: 'untold', headers: { h: 'v' } }] }),
  'CLOSED',
  { persisted: 'possibly', needles: ['closed'] },
);
await Promise.resolve();
await producer.close(DEADLINE_MS);
const error = await rejected;
// The record comes back, for whoever keeps it.
const { record } = error;
assert.deepEqual(
  [record.topic, Buffer.from(record.key).toString(), Buffer.from(record.value).toString(), record.headers.map(([name, value]) => `${name}=${Buffer.from(value)}`)],
  [topic, 'k', 'untold', ['h=v']],
);

// Nothing left the process, so nothing can be there.
const lazy = start({ 'linger.ms': 60_000 });
const dropped = failure(() => lazy.send({ topic, messages: [{ value: 'dropped' }] }), 'CLOSED', { needles: ['closed'] });
await Promise.resolve();
await lazy.close(0);
await dropped;
tell([first.partition, first.offset]);
