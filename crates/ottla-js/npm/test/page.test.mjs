import assert from 'node:assert/strict';
import test from 'node:test';
import { Broker } from './broker.mjs';
import { load } from './ottla.mjs';

const { producerFactory } = await load('src/producer.js');
const { watchPage } = await load('src/page.js');
const glue = await load('wasm/ottla.js');
const { readFileSync } = await import('node:fs');
const { packageDir } = await import('./ottla.mjs');
const { memory } = glue.initSync({ module: readFileSync(`${packageDir}/wasm/ottla_bg.wasm`) });

function openPage(config) {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const broker = new Broker({ t: 1 });
  const createProducer = producerFactory({
    wasm: () => ({ Engine: glue.Engine, memory }),
    platform: 'browser',
    watch: (driver) => watchPage(driver, { window, document }),
  });
  const producer = createProducer({ bridge: 'ws://b/k/main', connect: broker.connect, config });
  const fire = (target, type) => target.dispatchEvent(new Event(type));
  return { window, document, broker, producer, fire };
}

const one = (producer, value) => producer.send({ topic: 't', messages: [{ value }] });

test('a hidden page sends what lingers', async () => {
  const { document, producer, fire } = openPage({ 'linger.ms': 60_000, 'delivery.timeout.ms': 100_000 });
  const sent = one(producer, 'x');
  document.visibilityState = 'hidden';
  fire(document, 'visibilitychange');
  await sent;
  await producer.close();
});

test('a page that goes into the cache closes its sockets, and goes on where it was when it comes back', async () => {
  const { window, document, broker, producer, fire } = openPage({ 'linger.ms': 0, 'reconnect.backoff.ms': 1 });
  await one(producer, 'before');
  assert(broker.open > 0);
  fire(window, 'pagehide');
  fire(document, 'freeze');
  assert.equal(broker.open, 0, 'an open socket would keep the page out of the cache');
  const dials = broker.dials;
  const meanwhile = one(producer, 'meanwhile');
  await new Promise((done) => setImmediate(done));
  assert.equal(broker.dials, dials, 'nothing is dialled while the page is away');
  fire(document, 'resume');
  fire(window, 'pageshow');
  await meanwhile;
  await one(producer, 'after');
  assert.deepEqual(broker.log(), { 't-0': ['null=before', 'null=meanwhile', 'null=after'] });
  assert.deepEqual(broker.produced.map(({ sequence }) => sequence), [0, 1, 2], 'with the same producer id');
  assert.equal(broker.requests.filter((api) => api === 22).length, 1, 'one InitProducerId');
  await producer.close();
});

test('a record whose answer the page did not wait for is in the log once', async () => {
  const { window, broker, producer, fire } = openPage({ 'linger.ms': 0, 'reconnect.backoff.ms': 1, 'retry.backoff.ms': 1 });
  await one(producer, 'first');
  broker.keep = true;
  const sent = one(producer, 'second');
  await new Promise(queueMicrotask);
  fire(window, 'pagehide');
  fire(window, 'pageshow');
  await sent;
  assert.deepEqual([...new Set(broker.produced.map(({ sequence }) => sequence))], [0, 1], 'the repetition has the same sequence');
  await producer.close();
});

test('a producer that is closed does not watch its page any more, even when it was closed in the cache', async () => {
  const { window, broker, producer, fire } = openPage({});
  await one(producer, 'x');
  fire(window, 'pagehide');
  await producer.close(100);
  fire(window, 'pageshow');
  fire(window, 'pagehide');
  assert.equal(broker.open, 0);
});

test('without a page there is nothing to watch', () => watchPage({}, {})());
