// Every kind of key, value and header that `send` takes, and a timestamp and a partition of the application's choice.
// MORE[0]: `LogAppendTime` when the topic has the broker's clock.
import assert from 'node:assert/strict';
import { failure, more, start, tellRecord, topic } from './npm.mjs';

const ALL_BYTES = Uint8Array.from({ length: 256 }, (_, n) => n);
const LONG = 'ä€𝄞 longer than what is packed by a loop '.repeat(50);

// [message, key, value, headers] as they must be in the log.
const cases = [
  [{ value: 'text' }, null, 'text'],
  [{ key: 'κλειδί', value: LONG }, 'κλειδί', LONG],
  [{ key: '', value: '' }, '', ''],
  [{ key: 'gone', value: null }, 'gone', null],
  [{ key: null, value: ALL_BYTES }, null, ALL_BYTES],
  [{ key: ALL_BYTES.subarray(7, 9), value: new DataView(ALL_BYTES.buffer, 250, 3) }, [7, 8], [250, 251, 252]],
  [{ value: ALL_BYTES.buffer.slice(1, 3) }, null, [1, 2]],
  [{ key: { id: 7 }, value: { x: [1, null, 'ü'], y: { z: true } } }, '{"id":7}', '{"x":[1,null,"ü"],"y":{"z":true}}'],
  [{ key: 12, value: [1, 2] }, '12', '[1,2]'],
  [{ value: false }, null, 'false'],
  [{ value: 'h', headers: { source: 'page', raw: new Uint8Array([0x68, 0x69]) } }, null, 'h', [['source', 'page'], ['raw', 'hi']]],
  [{ value: 'h', headers: [['twice', '1'], ['twice', null], ['empty', ''], ['twice', '2']] }, null, 'h', [['twice', '1'], ['twice', null], ['empty', ''], ['twice', '2']]],
  [{ value: 'h', headers: new Map([['from a map', 'ü']]) }, null, 'h', [['from a map', 'ü']]],
  [{ value: 'at', timestamp: 1_600_000_000_123 }, null, 'at'],
  [{ value: 'at', timestamp: new Date(1_500_000_000_456) }, null, 'at'],
  [{ key: 'not by its hash', value: 'p2', partition: 2 }, 'not by its hash', 'p2'],
  [{ value: 'p0', partition: 0 }, null, 'p0'],
];

const brokersClock = more[0] === 'LogAppendTime';
const producer = start();
const before = Date.now();
const places = await producer.send({ topic, messages: cases.map(([message]) => message) });
const after = Date.now();
places.forEach((place, index) => {
  const [message, key, value, headers] = cases[index];
  assert.equal(place.topic, topic);
  assert.equal(typeof place.offset, 'bigint');
  if (message.partition !== undefined) assert.equal(place.partition, message.partition);
  if (message.timestamp !== undefined && !brokersClock) assert.equal(place.timestamp, Number(message.timestamp));
  else assert(place.timestamp >= before && place.timestamp <= after, `${place.timestamp} is not between ${before} and ${after}`);
  tellRecord(place, key, value, headers);
});

// What cannot be sent is an error of its own and takes nothing with it.
const bad = await failure(
  () => producer.send({ topic, messages: [{ key: 'first', value: 'first' }, { key: 'k', value: undefined }, { key: 'last', value: 'last' }] }),
  'INVALID_RECORD',
  { needles: ['value', 'undefined', 'null', 'tombstone'] },
);
assert.equal(bad.results.length, 3);
assert.equal(bad.results[1], bad);
tellRecord(bad.results[0], 'first', 'first');
tellRecord(bad.results[2], 'last', 'last');
await failure(() => producer.post(topic, { value: undefined }), 'INVALID_RECORD', { needles: ['value', 'undefined'] });
await failure(() => producer.send({ topic, messages: [{ value: 'x', partition: -1 }] }), 'INVALID_RECORD', { needles: ['partition', '-1'] });
await failure(() => producer.send({ topic, messages: [{ value: 'x', headers: { n: 5 } }] }), 'INVALID_RECORD', { needles: ['"n"', '5'] });
await failure(() => producer.send({ topic, messages: [{ value: 'lone \ud800' }] }), 'INVALID_RECORD', { needles: ['surrogate', 'bytes'] });
await failure(() => producer.send({ topic, messages: [{ value: 10n }] }), 'SERIALIZATION', { needles: ['value', 'BigInt'] });
await producer.close();
