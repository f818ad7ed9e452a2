// The same records with each codec of the package (MORE[0]: the topics by codec), and with each `acks` (MORE[1]).
import assert from 'node:assert/strict';
import { ConfigError, failure, more, start, tell } from './npm.mjs';

const [codecs, acks] = more.map((text) => JSON.parse(text));
const RECORDS = 300;
const messages = (label) => Array.from({ length: RECORDS }, (_, n) => ({ key: `k${n % 9}`, value: `${label} ${n} ${'x'.repeat(50)}` }));

async function run(config, topic, label) {
  const producer = start({ 'linger.ms': 20, ...config });
  const places = await producer.send({ topic, messages: messages(label) });
  tell({ topic, places: places.map(({ partition, offset }) => [partition, offset]), notices: producer.notices });
  await producer.close();
}

for (const [codec, topic] of Object.entries(codecs)) await run({ 'compression.type': codec }, topic, codec);
for (const [value, topic] of Object.entries(acks)) await run({ acks: value }, topic, `acks ${value}`);

// zstd would make the package half as large again, so it is not in it, and says so.
const zstd = await failure(() => start({ 'compression.type': 'zstd' }), 'INVALID_CONFIG', { type: ConfigError, needles: ['compression.type', 'zstd'] });
assert.equal(zstd.problems.length, 1);
