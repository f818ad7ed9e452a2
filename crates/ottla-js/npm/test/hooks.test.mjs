import assert from 'node:assert/strict';
import test from 'node:test';
import { Broker } from './broker.mjs';
import { load } from './ottla.mjs';

const {
  createProducer, InvalidRecordError, KafkaError, maximumSize, orRoundRobin, provenance, QueueFullError, requireKey, serializers,
} = await load('src/node.js');

function start(t, { topics = { t: 2 }, answer, config, ...options } = {}) {
  const broker = new Broker(topics, answer);
  const producer = createProducer({ bootstrapServers: 'b:9092', connect: broker.connect, config: { 'linger.ms': 0, ...config }, ...options });
  t.after(() => producer.close(0));
  return { broker, producer };
}

/** Keeps what would be printed. */
function quiet(t) {
  const said = [];
  t.mock.method(console, 'warn', (text) => said.push(text));
  return said;
}

/** An interceptor that writes down what it sees, and adds a header of its name. */
const witness = (name, log) => ({
  onSend(record) {
    log.push(`${name} sees ${record.value}`);
    record.headers.push([name, null]);
  },
  onAcknowledgement({ topic, partition, offset }, error, headers) {
    log.push(`${name} hears ${error?.code ?? 'ok'} ${topic}/${partition}@${offset} ${headers.map(([key]) => key)}`);
  },
  close: () => log.push(`${name} closes`),
});

const fails = (code, pattern = /./) => (error) => {
  assert(error instanceof KafkaError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
};

test('each sees the record and then its fate, in order and before the sender; one that throws is passed over', async (t) => {
  const said = quiet(t);
  const log = [];
  const broken = {
    onSend: (record) => {
      record.value = 'spoilt';
      throw new Error('broken');
    },
    onAcknowledgement: () => { throw new Error('broken'); },
    close: () => { throw new Error('broken'); },
  };
  const { broker, producer } = start(t, { topics: { t: 1 }, interceptors: [witness('a', log), broken, witness('b', log)] });
  producer.on('delivery', () => log.push('the listener hears'));
  await producer.send({ topic: 't', messages: [{ value: '1', headers: { own: '' } }] }).then(() => log.push('the sender hears'));
  assert.deepEqual(log.splice(0), [
    'a sees 1', 'b sees 1', 'a hears ok t/0@0 own,a,b', 'b hears ok t/0@0 own,a,b', 'the listener hears', 'the sender hears',
  ]);
  producer.post('t', { value: '2' });
  producer.post('t', { value: '3' });
  await producer.close();
  assert.equal(log.filter((line) => / hears ok t\/0@[12] a,b/.test(line)).length, 4);
  assert.deepEqual(log.slice(-2), ['a closes', 'b closes']);
  assert.deepEqual(broker.log(), { 't-0': ['null=1', 'null=2', 'null=3'] });
  assert.deepEqual(said.map((text) => text.match(/\w+ of interceptor 1/)[0]), ['onSend of interceptor 1', 'onAcknowledgement of interceptor 1', 'close of interceptor 1'], 'said once each');
});

test('an interceptor may return another record, which a promise is not', async (t) => {
  const said = quiet(t);
  const { broker, producer } = start(t, {
    topics: { t: 1, other: 1 },
    interceptors: [
      { onSend: (record) => ({ ...record, topic: 'other', key: { id: 1 } }) },
      { onSend: async (record) => ({ ...record, topic: 't' }) },
      { onSend: () => 'nonsense' },
    ],
  });
  const [place] = await producer.send({ topic: 't', messages: [{ value: 'v' }] });
  assert.equal(place.topic, 'other');
  assert.deepEqual(broker.log(), { 'other-0': ['{"id":1}=v'] });
  assert.match(said[0], /interceptor 1.*promise/s);
  assert.match(said[1], /interceptor 2.*no record/s);
});

test('whoever checks records refuses them, and all hear of it', async (t) => {
  const log = [];
  const { broker, producer } = start(t, {
    topics: { t: 1 },
    interceptors: [witness('a', log), requireKey(), maximumSize(20), provenance('shop'), provenance('x', { header: 'from' }), witness('b', log)],
  });
  const messages = [{ value: 'no key' }, { key: '', value: 'fits' }, { key: 'k', value: { of: 'more than twenty bytes' } }];
  const failure = await producer.send({ topic: 't', messages }).catch((error) => error);
  assert(failure instanceof InvalidRecordError);
  fails('INVALID_RECORD', /topic t need a key/)(failure);
  assert.equal(failure.results[1].offset, 0n);
  fails('RECORD_TOO_LARGE', /a record of 33 bytes/)(failure.results[2]);
  assert.throws(() => producer.post('t', { value: 'no key' }), fails('INVALID_RECORD'));
  await producer.flush();
  assert(log.includes('b hears INVALID_RECORD t/-1@-1 a'), log.join('\n'));
  assert(log.includes('b hears ok t/0@0 a,provenance,from,b'), log.join('\n'));
  assert(!log.includes('b sees no key'));
  assert.deepEqual(broker.log(), { 't-0': ['=fits'] });
});

test('failures of every kind are told', async (t) => {
  const log = [];
  const { producer } = start(t, { topics: { t: 1 }, config: { 'max.block.ms': 1000, retries: 0 }, interceptors: [witness('a', log)], answer: ({ api }) => (api === 0 ? 10 : 0) });
  const send = (topic, message) => producer.send({ topic, messages: [message] });
  await assert.rejects(send('t', { value: '1' }), fails('MESSAGE_TOO_LARGE'));
  await assert.rejects(send('t', { value: 10n }), fails('SERIALIZATION'));
  await assert.rejects(send('no topic', { value: '3' }), fails('INVALID_TOPIC_EXCEPTION'));
  await assert.rejects(send('t', { value: '4', partition: 7 }), fails('MAX_BLOCK_TIMEOUT'));
  const heard = log.filter((line) => line.includes('hears'));
  assert.deepEqual(heard, [
    'a hears MESSAGE_TOO_LARGE t/0@-1 a', 'a hears SERIALIZATION t/-1@-1 a', 'a hears INVALID_TOPIC_EXCEPTION no topic/-1@-1 a', 'a hears MAX_BLOCK_TIMEOUT t/7@-1 a',
  ]);
});

const byKeyLength = ({ keyBytes }, partitions) => keyBytes && keyBytes.length % partitions;

test('a partitioner chooses for records that name no partition, also before the topic is known', async (t) => {
  const seen = [];
  const life = [];
  const partitioner = orRoundRobin({
    configure: (config) => life.push(`linger ${config['linger.ms']}`),
    partition: (record, partitions) => {
      seen.push([record.key, record.value, partitions]);
      return byKeyLength(record, partitions);
    },
    close: () => life.push('closed'),
  });
  const { producer } = start(t, { topics: { t: 3, u: 2 }, partitioner });
  const messages = [{ key: 'four', value: { a: 1 } }, { key: 'ää', value: '2', partition: 2 }, { key: '', value: '3' }, { value: '4' }, { value: '5' }];
  for (const round of [[1, 2, 0, 0, 1], [1, 2, 0, 2, 0]]) {
    const places = await producer.send({ topic: 't', messages });
    assert.deepEqual(places.map(({ partition }) => partition), round);
  }
  producer.post('u', { key: 'four', value: 'v' });
  assert.equal(producer.pending, 1);
  await producer.flush();
  assert.deepEqual(seen[0], ['four', { a: 1 }, 3]);
  assert.deepEqual(seen.at(-1), ['four', 'v', 2]);
  await producer.close();
  assert.deepEqual(life, ['linger 0', 'closed']);
});

test('records of a topic keep their order while they wait for its partitions', async (t) => {
  const { broker, producer } = start(t, { topics: { t: 1 }, partitioner: () => 0 });
  const sends = [];
  for (let n = 0; n < 50; n++) {
    if (n % 3 === 0) producer.post('t', { value: `${n}` });
    else sends.push(producer.send({ topic: 't', messages: [{ value: `${n}`, partition: n % 2 ? 0 : undefined }] }));
  }
  await producer.flush();
  await Promise.all(sends);
  assert.deepEqual(broker.log()['t-0'], Array.from({ length: 50 }, (_, n) => `null=${n}`));
});

test('a partition that does not exist fails that record only, with its bytes', async (t) => {
  const answers = { high: 2, low: -1, half: 0.5, text: 'one', good: 1 };
  const partitioner = ({ key }) => (key === 'throw' ? JSON.parse('{') : answers[key]);
  const { broker, producer } = start(t, { partitioner });
  for (const state of ['unknown', 'known']) {
    for (const key of ['high', 'low', 'half', 'text', 'throw']) {
      const failure = await producer.send({ topic: 't', messages: [{ key, value: { a: 1 } }] }).catch((error) => error);
      fails('INVALID_PARTITION', key === 'throw' ? /the partitioner failed.*JSON/ : /the partitioner chose .* of topic t, which has 0 to 1/)(failure);
      assert.equal(Buffer.from(failure.record.key).toString(), key, state);
      assert.equal(Buffer.from(failure.record.value).toString(), '{"a":1}');
    }
  }
  assert.throws(() => producer.post('t', { key: 'high', value: 'v' }), fails('INVALID_PARTITION'));
  await producer.send({ topic: 't', messages: [{ key: 'good', value: 'v' }] });
  assert.deepEqual(broker.log(), { 't-1': ['good=v'] });
});

test('a topic that does not exist is named after max.block.ms, and close gives up what waits', async (t) => {
  quiet(t);
  const { producer } = start(t, { config: { 'max.block.ms': 150 }, partitioner: () => 0 });
  const failure = await producer.send({ topic: 'nowhere', messages: [{ value: 'v' }] }).catch((error) => error);
  fails('UNKNOWN_TOPIC_OR_PARTITION', /no topic nowhere/)(failure);
  await assert.rejects(producer.send({ topic: 'not a name', messages: [{ value: 'v' }] }), fails('INVALID_TOPIC_EXCEPTION'));
  const waits = producer.send({ topic: 'nowhere', messages: [{ value: 'v' }] });
  const given = assert.rejects(waits, fails('CLOSED'));
  await producer.close();
  await given;
});

test('posts that wait for their topic are limited by buffer.memory', async (t) => {
  const { producer } = start(t, { config: { 'buffer.memory': 10_000 }, partitioner: () => 0, topics: { t: 1 } });
  const value = 'v'.repeat(1000);
  let posted = 0;
  assert.throws(() => {
    for (;; posted++) producer.post('t', { value });
  }, QueueFullError);
  assert.equal(posted, 11);
  await producer.room();
  producer.post('t', { value });
  await producer.flush();
  assert.equal(producer.pending, 0);
});

test('strict serializers of the configuration take their own kind of value, and bytes', async (t) => {
  const { broker, producer } = start(t, { topics: { t: 1 }, config: { 'value.serializer': 'org.apache.kafka.common.serialization.UUIDSerializer', 'key.serializer': 'long' } });
  const uuid = '123e4567-e89b-12d3-a456-426614174000';
  await producer.send({ topic: 't', messages: [{ key: null, value: uuid.toUpperCase() }, { key: 65n << 56n, value: null }] });
  assert.deepEqual(broker.log()['t-0'], [`null=${uuid}`, 'A\0\0\0\0\0\0\0=null']);
  await assert.rejects(producer.send({ topic: 't', messages: [{ key: '7', value: uuid }] }), fails('SERIALIZATION', /the key cannot be serialized: the long serializer/));
});

test('a topic with serializers sends what is of its types, or nothing', async (t) => {
  const { broker, producer } = start(t, { topics: { t: 1 } });
  const chat = producer.topic('t').key(serializers.string).value(serializers.json());
  const places = await chat.send({ key: 'kim', value: { text: 'hi' } }, { value: [1], headers: { a: '1' } });
  assert.deepEqual(places.map(({ offset }) => offset), [0n, 1n]);
  chat.post({ key: 'kim', value: null });
  await assert.rejects(chat.send({ key: 'kim', value: 1 }, { key: 7, value: 1 }), fails('SERIALIZATION', /the key cannot be serialized/));
  await producer.flush();
  assert.deepEqual(broker.log()['t-0'], ['kim={"text":"hi"}', 'null=[1]', 'kim=null']);
});

test('a hot partition is a notice', async (t) => {
  const { producer } = start(t, { topics: { t: 3 }, partitioner: ({ key }, partitions) => Number(key) % partitions, config: { 'linger.ms': 5 } });
  const notices = [];
  producer.on('notice', (text) => text.startsWith('hot') && notices.push(text));
  const send = (keys) => producer.send({ topic: 't', messages: Array.from({ length: 10_000 }, (_, n) => ({ key: keys(n), value: '' })) });
  await send((n) => `${n}`);
  assert.deepEqual(notices, []);
  await send((n) => (n % 10 < 8 ? '1' : '2'));
  assert.equal(notices.length, 1);
  assert.match(notices[0], /^hot partition: t-1 got 80 % of the last 10000 records, 2.4 times its even share among 3 partitions/);
});
