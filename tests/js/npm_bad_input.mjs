// Bad input: each is a typed error that says what is wrong, where and what to do, and harms nothing else.
import assert from 'node:assert/strict';
import { ConfigError, createProducer, failure, KafkaError, more, start, tellRecord, topic, where } from './npm.mjs';

const [missing, forbidden, nobody] = more;
const isBridge = 'bridge' in where;

async function refusedOptions() {
  const cases = [
    [{ lingerms: 5 }, ['lingerms', 'linger.ms']],
    [{ 'timeout.ms': 5 }, ['timeout.ms', 'request.timeout.ms']],
    [{ 'enable.idempotence': true, acks: 1 }, ['enable.idempotence', 'acks']],
    [{ acks: 2 }, ['acks', '2', 'all']],
    [{ 'batch.size': -1 }, ['batch.size', '-1']],
  ];
  for (const [config, needles] of cases) {
    const error = await failure(() => start(config), 'INVALID_CONFIG', { type: ConfigError, needles });
    assert.equal(error.problems.length, 1, error.message);
  }
  const all = await failure(() => start({ lingerms: 5, acks: 2 }), 'INVALID_CONFIG', { type: ConfigError, needles: ['lingerms', 'acks'] });
  assert.equal(all.problems.length, 2, 'all problems at once');
  await failure(() => start({}, { lingerMs: 5 }), 'INVALID_CONFIG', { type: ConfigError, needles: ['lingerMs', 'config'] });
  await failure(() => createProducer({}), 'INVALID_CONFIG', { type: ConfigError, needles: ['bridge', 'bootstrapServers'] });
}

/** Runs beside a stream of good records, and prints all that were acknowledged. */
async function refusedRecords() {
  const producer = start({ 'max.block.ms': 2_000, 'linger.ms': 1 });
  const good = [];
  let stopped = false;
  const stream = (async () => {
    for (let n = 0; !stopped; n++) {
      const value = `good ${n}`;
      const [place] = await producer.send({ topic, messages: [{ key: 'g', value }] });
      good.push([place, value]);
    }
  })();

  const huge = 'x'.repeat(2 << 20);
  const large = await failure(
    () => producer.send({ topic, messages: [{ key: 'l', value: 'before' }, { key: 'l', value: huge }, { key: 'l', value: 'after' }] }),
    'RECORD_TOO_LARGE',
    { needles: ['max.request.size', '1048576'] },
  );
  tellRecord(large.results[0], 'l', 'before');
  assert.equal(large.results[1], large);
  tellRecord(large.results[2], 'l', 'after');
  await failure(() => producer.post(topic, { value: huge }), 'RECORD_TOO_LARGE', { needles: ['max.request.size'] });

  await failure(
    () => producer.send({ topic: 'my topic', messages: [{ value: 'x' }] }),
    'INVALID_TOPIC_EXCEPTION',
    { needles: ['my topic', "'.', '_' and '-'"] },
  );
  const began = performance.now();
  const unknown = await failure(
    () => producer.send({ topic: missing, messages: [{ key: 'k', value: 'v' }] }),
    'UNKNOWN_TOPIC_OR_PARTITION',
    { retriable: true, needles: [missing, 'max.block.ms', 'create'] },
  );
  assert(performance.now() - began > 1_900, 'the topic could have been created within max.block.ms');
  assert.equal(Buffer.from(unknown.record.value).toString(), 'v');
  // The posted ones are heard of.
  const heard = new Promise((resolve) => producer.on('delivery', (event) => event.topic === missing && resolve(event)));
  producer.post(missing, { value: 'posted' });
  const event = await heard;
  assert(!event.ok && event.error instanceof KafkaError && event.error.code === 'UNKNOWN_TOPIC_OR_PARTITION');
  if (isBridge) {
    await failure(
      () => producer.send({ topic: forbidden, messages: [{ value: 'x' }] }),
      'TOPIC_AUTHORIZATION_FAILED',
      { needles: [forbidden] },
    );
  }

  stopped = true;
  await stream;
  assert(good.length > 1, 'good records were sent meanwhile');
  for (const [place, value] of good) tellRecord(place, 'g', value);
  await producer.close();
}

/** The client was told to allow it; whoever is next is asked, and says no. */
async function tooLargeForTheNext() {
  const config = { 'max.request.size': 4 << 20, 'linger.ms': 0, 'request.timeout.ms': 1_000, 'delivery.timeout.ms': 2_000 };
  const producer = start(config);
  const send = () => producer.send({ topic, messages: [{ key: 'h', value: 'x'.repeat(2 << 20) }] });
  // A bridge answers for the brokers that it does not ask.
  await failure(send, 'MESSAGE_TOO_LARGE', { needles: [topic, 'max.message.bytes'] });
  await producer.close();
}

async function nobodyThere() {
  const elsewhere = isBridge ? { bridge: `ws://${nobody}/k/main` } : { bootstrapServers: nobody };
  const producer = createProducer({ ...where, ...elsewhere, config: { 'max.block.ms': 2_000 } });
  const needles = [nobody, 'max.block.ms'];
  await failure(() => producer.send({ topic, messages: [{ value: 'to nobody' }] }), 'NO_BROKER', { retriable: true, needles });
  await producer.close();
}

await refusedOptions();
await Promise.all([refusedRecords(), tooLargeForTheNext(), nobodyThere()]);
