import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import test from 'node:test';
import { Broker } from './broker.mjs';
import { load, packageDir } from './ottla.mjs';

const { KnownClusters } = await load('src/known.js');
const { producerFactory } = await load('src/producer.js');
const { Engine, initSync } = await load('wasm/ottla.js');
const { memory } = initSync({ module: readFileSync(resolve(packageDir, 'wasm/ottla_bg.wasm')) });

const METADATA = 3;
const PRODUCE = 0;

/** As publish() of the entry for workerd, with a broker of our own in place of sockets. */
async function publish(known, broker, topic, { config, where = 'broker:9092' } = {}) {
  const options = { bootstrapServers: where, config: { 'enable.idempotence': false, 'linger.ms': 0, ...config } };
  const visit = known.visit(options, topic);
  const runtime = { wasm: () => ({ Engine, memory }), platform: 'edge', connectTcp: withReceipts(broker), watch: visit.begin };
  const producer = producerFactory(runtime)(options);
  try {
    await producer.send({ topic, messages: [{ value: 'v' }] });
    visit.remember();
  } catch (error) {
    visit.forget();
    throw error;
  } finally {
    await producer.close(0);
  }
}

const withReceipts = (broker) => (_address, on) => {
  const { write, close } = broker.connect(_address, on);
  const receipt = (bytes) => queueMicrotask(() => on.written(bytes.byteLength));
  return { write: (bytes) => (write(bytes), receipt(bytes)), close };
};

const asked = (broker) => broker.requests.filter((api) => api === METADATA).length;

test('a topic is asked for once, whoever publishes to it', async () => {
  const [known, broker] = [new KnownClusters(), new Broker({ a: 2, b: 1 })];
  for (let n = 0; n < 5; n++) await publish(known, broker, 'a');
  assert.equal(asked(broker), 1);
  assert.equal(broker.dials, 5, 'no connection is shared');
  await publish(known, broker, 'b');
  await publish(known, broker, 'a');
  assert.equal(asked(broker), 2, 'each topic has its own');
  assert.equal(broker.open, 0);
});

test('what is older than metadata.max.age.ms is asked for again', async () => {
  const [known, broker] = [new KnownClusters(), new Broker({ a: 1 })];
  await publish(known, broker, 'a');
  assert.equal(asked(broker), 1);
  await publish(known, broker, 'a', { config: { 'metadata.max.age.ms': 0 } });
  assert(asked(broker) > 1);
});

test('a failure forgets what may have been wrong', async () => {
  let code = 0;
  const [known, broker] = [new KnownClusters(), new Broker({ a: 1 }, ({ api }) => (api === PRODUCE ? code : 0))];
  await publish(known, broker, 'a');
  code = 87; // INVALID_RECORD
  await assert.rejects(publish(known, broker, 'a'), { code: 'INVALID_RECORD' });
  code = 0;
  await publish(known, broker, 'a');
  assert.equal(asked(broker), 2);
});

test('clusters are not mixed up, and the store is bounded', async () => {
  const topics = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`t${n}`, 1]));
  const [known, broker, other] = [new KnownClusters(), new Broker(topics), new Broker({ t0: 1 })];
  await publish(known, broker, 't0');
  await publish(known, other, 't0', { where: 'other:9092' });
  assert.equal(asked(other), 1);
  for (const topic of Object.keys(topics)) await publish(known, broker, topic);
  assert.equal(asked(broker), 101, 't0 was known');
  await publish(known, broker, 't100');
  await publish(known, broker, 't0');
  assert.equal(asked(broker), 102, 'the oldest made room');
});
