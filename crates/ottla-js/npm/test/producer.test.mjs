import assert from 'node:assert/strict';
import test from 'node:test';
import { Broker } from './broker.mjs';
import { load } from './ottla.mjs';

const { createProducer, KafkaError, QueueFullError } = await load('src/node.js');

const PRODUCE = 0;

function start(t, { topics = { t: 2 }, answer, config, ...options } = {}) {
  const broker = new Broker(topics, answer);
  const producer = createProducer({ bootstrapServers: 'b:9092', connect: broker.connect, config: { 'linger.ms': 0, ...config }, ...options });
  // Also after a failure: an open producer keeps the process alive.
  t.after(() => producer.close(0));
  return { broker, producer };
}

/** A gate for produce requests: after the first `free` of them they wait until it is opened. */
function gate(free = 0) {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { answer: ({ api }) => (api === PRODUCE && free-- <= 0 ? opened.then(() => 0) : 0), open };
}

const rejects = (promise, code, pattern) => assert.rejects(promise, (error) => {
  assert(error instanceof KafkaError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return true;
});

test('send resolves with the place of each record, in their order', async (t) => {
  const { broker, producer } = start(t);
  const messages = Array.from({ length: 100 }, (_, n) => ({ key: `k${n % 7}`, value: `v${n}`, timestamp: 1000 + n }));
  const places = await producer.send({ topic: 't', messages });
  assert.equal(places.length, 100);
  const log = broker.log();
  places.forEach(({ topic, partition, offset, timestamp }, n) => {
    assert.equal(typeof offset, 'bigint');
    assert.equal(timestamp, 1000 + n);
    assert.equal(log[`${topic}-${partition}`][Number(offset)], `k${n % 7}=v${n}`);
  });
  assert.deepEqual(await producer.send({ topic: 't', messages: [] }), []);
  await producer.close();
  assert.equal(broker.open, 0, 'no connection is left');
});

test('post is heard of in delivery events, and a listener may send', async (t) => {
  const { broker, producer } = start(t);
  const events = [];
  const stop = producer.on('delivery', (event) => {
    events.push(event);
    if (events.length === 1) producer.post('t', { key: 'b', value: 'from a listener' });
  });
  producer.post('t', { key: 'a', value: '1' });
  await producer.flush();
  await producer.flush();
  assert.equal(events.length, 2);
  assert(events.every(({ ok, topic, offset }) => ok && topic === 't' && offset === 0n || offset === 1n));
  stop();
  producer.post('t', { value: 'unheard' });
  await producer.close();
  assert.equal(events.length, 2);
  assert.equal(broker.produced.reduce((sum, { count }) => sum + count, 0), 3);
});

test('a listener that throws stops nothing, and its error surfaces', async (t) => {
  const { producer } = start(t);
  const surfaced = new Promise((resolve) => (globalThis.reportError = resolve));
  t.after(() => delete globalThis.reportError);
  producer.on('delivery', () => {
    throw new Error('mine');
  });
  const [place] = await producer.send({ topic: 't', messages: [{ value: 'x' }] });
  assert.equal(place.offset, 0n);
  assert.equal((await surfaced).message, 'mine');
  await producer.close();
});

test('one bad message fails its call, the others are sent, and results tell them apart', async (t) => {
  const { broker, producer } = start(t);
  const failure = await producer.send({ topic: 't', messages: [{ value: 'a' }, { key: 'k' }, { value: 'b' }] }).catch((error) => error);
  assert.equal(failure.code, 'INVALID_RECORD');
  assert.equal(failure.persisted, 'no');
  assert.deepEqual(failure.results.map((result) => result.offset ?? result.code).sort(), [0n, 1n, 'INVALID_RECORD'].sort());
  assert.equal(failure.results[1], failure);
  assert(!JSON.stringify(failure).includes('results'), 'an error can be logged as JSON');
  assert.equal(broker.produced.reduce((sum, { count }) => sum + count, 0), 2);
  await rejects(producer.send({ topic: 't' }), 'INVALID_RECORD', /send takes/);
  await rejects(producer.send(), 'INVALID_RECORD', /send takes/);
  await producer.close();
});

test('what send would not obey it refuses, and says where it belongs', async (t) => {
  const { broker, producer } = start(t);
  const messages = [{ value: 'x' }];
  const sent = (more) => producer.send({ topic: 't', messages, ...more });
  await rejects(sent({ acks: 0, compression: 1 }), 'INVALID_RECORD', /^send has an unknown field acks: .* config: { acks: '1' }/);
  await rejects(sent({ compression: 1 }), 'INVALID_RECORD', /compression: .* 'compression.type'/);
  await rejects(sent({ timeout: 1000 }), 'INVALID_RECORD', /timeout: .* 'request.timeout.ms'/);
  await rejects(producer.send({ topic: 't', messages: [], topicMessages: [] }), 'INVALID_RECORD', /call send for each topic/);
  await rejects(sent({ partition: 1 }), 'INVALID_RECORD', /partition: send takes { topic, messages }/);
  await rejects(producer.topic('t').send({ value: Buffer.from('x'), partitions: 1 }), 'INVALID_RECORD', /partitions: write partition/);
  assert.throws(() => producer.post('t', { value: 'x', header: {} }), { code: 'INVALID_RECORD' });
  const hooked = start(t, { config: { 'value.serializer': 'integer' } });
  await rejects(hooked.producer.send({ topic: 't', messages: [{ value: 1, keys: 'a' }] }), 'INVALID_RECORD', /keys: write key/);
  assert.equal(broker.produced.length, 0);
  await sent({ acks: undefined });
});

test('what the core refuses is an error with Kafka\'s name', async (t) => {
  const { producer } = start(t, { config: { 'max.request.size': 1000 } });
  const one = (topic, value) => producer.send({ topic, messages: [{ value }] });
  await rejects(one('t', 'x'.repeat(2000)), 'RECORD_TOO_LARGE', /max.request.size allows 1000/);
  await rejects(one('two words', 'x'), 'INVALID_TOPIC_EXCEPTION', /two words|space/);
  await rejects(one(5, 'x'), 'INVALID_TOPIC_EXCEPTION', /the topic must be a string, not number/);
  assert.throws(() => producer.post('t', { value: 'x'.repeat(2000) }), { code: 'RECORD_TOO_LARGE' });
  await producer.close();
});

test('a topic that does not exist fails after max.block.ms and gives the record back', async (t) => {
  const { producer } = start(t, { config: { 'max.block.ms': 60 } });
  const failure = await producer.send({ topic: 'nope', messages: [{ key: 'k', value: 'v', headers: { h: '1' } }] }).catch((error) => error);
  assert(failure instanceof KafkaError);
  assert.match(`${failure.code} ${failure.message}`, /nope/);
  assert.equal(failure.persisted, 'no');
  const { record } = failure;
  assert.equal(record.topic, 'nope');
  assert.deepEqual([Buffer.from(record.key).toString(), Buffer.from(record.value).toString()], ['k', 'v']);
  assert.deepEqual(record.headers.map(([name, value]) => [name, Buffer.from(value).toString()]), [['h', '1']]);
  await producer.close();
});

test('a posted record that fails with nobody listening is warned of, once', async (t) => {
  const warn = t.mock.method(console, 'warn', () => {});
  const { producer } = start(t, { config: { 'max.block.ms': 20 } });
  producer.post('nope', { value: '1' });
  producer.post('nope', { value: '2' });
  await producer.flush();
  assert.equal(warn.mock.callCount(), 1);
  assert.match(warn.mock.calls[0].arguments[0], /posted to nope is not delivered/);
  await producer.close();
});

test('a full buffer throws, room resolves once there is room, and nothing spins meanwhile', async (t) => {
  const { answer, open } = gate(1);
  const { broker, producer } = start(t, { answer, config: { 'buffer.memory': 20_000, 'batch.size': 1000 } });
  await producer.send({ topic: 't', messages: [{ value: 'makes the topic known' }] });
  let sent = 1;
  const fill = () => {
    for (;;) {
      try {
        producer.post('t', { value: 'x'.repeat(500) });
        sent++;
      } catch (error) {
        assert(error instanceof QueueFullError && error instanceof KafkaError);
        assert.equal(error.code, 'BUFFER_EXHAUSTED');
        return;
      }
    }
  };
  await producer.room();
  fill();
  assert(sent > 10 && sent < 40, `${sent}`);
  let resolved = false;
  const room = producer.room().then(() => (resolved = true));
  await new Promise((done) => setImmediate(done));
  assert.equal(resolved, false);
  assert.equal(producer.pending, sent - 1);
  open();
  await room;
  fill();
  await producer.close();
  assert.equal(broker.produced.reduce((sum, { count }) => sum + count, 0), sent);
  assert.equal(producer.pending, 0);
});

test('send waits for room in order, with what the message was when it was sent', async (t) => {
  const { answer, open } = gate();
  const { broker, producer } = start(t, { answer, topics: { t: 1 }, config: { 'buffer.memory': 20_000, 'batch.size': 1000 } });
  const message = { value: '' };
  const sends = [];
  for (let n = 0; n < 200; n++) {
    message.value = `${n} ${'x'.repeat(500)}`;
    sends.push(producer.send({ topic: 't', messages: [message] }));
  }
  message.value = 'changed';
  const flushed = producer.flush();
  assert.throws(() => producer.post('t', { value: 'overtakes' }), QueueFullError);
  open();
  await flushed;
  const places = (await Promise.all(sends)).flat();
  assert.deepEqual(places.map(({ offset }) => Number(offset)), Array.from({ length: 200 }, (_, n) => n));
  assert.deepEqual(broker.log()['t-0'].map((line) => line.split(' ')[0]), Array.from({ length: 200 }, (_, n) => `null=${n}`));
  await producer.close();
});

test('a flush waits for what waits for room, and for nothing later', async (t) => {
  const { answer, open } = gate();
  const { broker, producer } = start(t, { answer, topics: { t: 1 }, config: { 'buffer.memory': 20_000, 'batch.size': 1000 } });
  const value = 'x'.repeat(500);
  const before = producer.send({ topic: 't', messages: new Array(100).fill({ value }) });
  const flushed = producer.flush().then(() => broker.produced.reduce((sum, { count }) => sum + count, 0));
  const after = producer.send({ topic: 't', messages: new Array(100).fill({ value }) });
  open();
  const count = await flushed;
  assert(count >= 100, `${count}`);
  await before;
  await after;
  await producer.close();
});

test('whoever waits for room longer than max.block.ms fails, and the flush behind goes on', async (t) => {
  const { answer, open } = gate();
  // Long enough for the topic to become known on a machine that is busy: the first records wait for that, too.
  const { producer } = start(t, { answer, config: { 'buffer.memory': 5000, 'batch.size': 1000, 'max.block.ms': 1000 } });
  const sends = Array.from({ length: 20 }, () => producer.send({ topic: 't', messages: [{ value: 'x'.repeat(500) }] }).then(() => 'ok', (error) => error.code));
  const flushed = producer.flush();
  while (!(await Promise.race([...sends, new Promise((done) => setImmediate(done))]))) continue;
  open();
  await flushed;
  const results = await Promise.all(sends);
  assert.deepEqual([...new Set(results)], ['ok', 'BUFFER_EXHAUSTED']);
  await producer.close();
});

test('a record whose wait for room is over holds nobody up, nor does one that was posted', async (t) => {
  const { answer, open } = gate(1);
  const { producer } = start(t, { answer, config: { 'buffer.memory': 5000, 'max.block.ms': 5000 } });
  await producer.send({ topic: 't', messages: [{ value: 'makes the topic known' }] });
  const first = producer.send({ topic: 't', messages: [{ value: 'x'.repeat(3000) }] });
  const large = { value: 'x'.repeat(3000) };
  assert.throws(() => producer.post('t', large), QueueFullError);
  producer.post('t', { value: 'small' });
  const room = producer.room();
  // Of two that wait, the first is to be out of time and the second is not, whatever the machine is busy with.
  const clock = performance.now.bind(performance);
  let skew = 0;
  t.mock.method(performance, 'now', () => clock() + skew);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const second = producer.send({ topic: 't', messages: [large] }).then(() => 'ok', (error) => error.code);
  skew = 2500;
  const third = producer.send({ topic: 't', messages: [{ value: 'small' }] }).then(() => 'ok', (error) => error.code);
  assert.throws(() => producer.post('t', { value: 'small' }), QueueFullError);
  skew = 5000;
  t.mock.timers.tick(5000);
  t.mock.timers.reset();
  assert.equal(await second, 'BUFFER_EXHAUSTED');
  producer.post('t', { value: 'small' });
  open();
  assert.equal(await third, 'ok');
  await Promise.all([first, room]);
  await producer.close();
});

test('close delivers what is left and refuses what comes later', async (t) => {
  const { broker, producer } = start(t, { config: { 'linger.ms': 60_000, 'delivery.timeout.ms': 120_000 } });
  const sent = producer.send({ topic: 't', messages: [{ value: 'last' }] });
  const closed = producer.close();
  assert.equal(producer.close(), closed);
  assert.throws(() => producer.post('t', { value: 'late' }), { code: 'CLOSED' });
  await rejects(producer.send({ topic: 't', messages: [{ value: 'late' }] }), 'CLOSED', /closed/);
  assert.equal((await sent)[0].offset, 0n);
  await closed;
  assert.equal(producer.pending, 0);
  await Promise.all([producer.flush(), producer.room(), producer.close()]);
  producer.trace('off');
  assert.equal(broker.open, 0);
});

test('a close that is out of time fails what is left', async (t) => {
  const { answer } = gate();
  const { producer } = start(t, { answer });
  const sent = rejects(producer.send({ topic: 't', messages: [{ value: 'x' }] }), 'CLOSED', /closed/);
  await producer.close(50);
  await sent;
  for (const wrong of [-1, NaN, '5']) await assert.rejects(start(t).producer.close(wrong), TypeError);
});

test('a producer that was never used closes at once', async (t) => {
  const { broker, producer } = start(t);
  await producer.flush();
  await producer.close();
  assert.equal(broker.dials, 0, 'it connects at the first record');
});

test('a cut connection is dialled again and nothing is sent twice', async (t) => {
  let cut = false;
  const { broker, producer } = start(t, {
    topics: { t: 1 },
    answer: ({ api }) => {
      if (api === PRODUCE && !cut) {
        cut = true;
        broker.cut('cut by the test');
      }
      return 0;
    },
    config: { 'reconnect.backoff.ms': 5, 'retry.backoff.ms': 5 },
  });
  await producer.send({ topic: 't', messages: [{ value: 'x' }] });
  assert.deepEqual([...new Set(broker.produced.map(({ sequence }) => sequence))], [0], 'the retry has the same sequence');
  assert(broker.dials > 1);
  await producer.close();
});

test('a connection that cannot be opened is an error of the record in time', async (t) => {
  const connect = () => {
    throw new Error('no route');
  };
  const producer = createProducer({ bootstrapServers: 'b:9092', connect, config: { 'max.block.ms': 50 } });
  const failure = await producer.send({ topic: 't', messages: [{ value: 'x' }] }).catch((error) => error);
  assert.match(failure.message, /no route/);
  assert.equal(failure.persisted, 'no');
  await producer.close();
});

test('a trace begins with its header, has the record, and ends', async (t) => {
  const lines = [];
  const { producer } = start(t, { trace: { level: 'record', write: (line) => lines.push(JSON.parse(line)) } });
  await producer.send({ topic: 't', messages: [{ key: 'kim', value: 'x' }] });
  const text = JSON.stringify(lines);
  assert.match(JSON.stringify(lines[0]), /ottla npm/);
  for (const event of ['accepted', 'partitioned', 'sealed', 'acked']) assert(text.includes(event), `${event} in ${text}`);
  producer.trace('off');
  const count = lines.length;
  await producer.send({ topic: 't', messages: [{ value: 'y' }] });
  assert.equal(lines.length, count);
  assert.throws(() => producer.trace('everything'), TypeError);
  await producer.close();
});

test('a trace that is switched off has what happened until then', async (t) => {
  const lines = [];
  const { producer } = start(t, { trace: { level: 'record', write: (line) => lines.push(line) } });
  producer.post('t', { value: 'x' });
  producer.trace('off');
  await producer.flush();
  assert(lines.some((line) => line.includes('accepted')), lines.join());
  await producer.close();
});

test('whether an error is retriable is what Kafka says', async (t) => {
  const cases = [[19, 'NOT_ENOUGH_REPLICAS', true], [29, 'TOPIC_AUTHORIZATION_FAILED', false], [87, 'INVALID_RECORD', false]];
  for (const [error, code, retriable] of cases) {
    const { producer } = start(t, {
      topics: { t: 1 },
      answer: ({ api }) => (api === PRODUCE ? error : 0),
      config: { 'enable.idempotence': false, retries: 0 },
    });
    const failure = await producer.send({ topic: 't', messages: [{ value: 'x' }] }).catch((reason) => reason);
    assert.deepEqual([failure.code, failure.retriable], [code, retriable]);
    await producer.close();
  }
});

test('a compressed batch that is refused gives its records back, and one that is too large is split', async (t) => {
  for (const codec of ['gzip', 'snappy', 'lz4']) {
    let requests = 0;
    // MESSAGE_TOO_LARGE, then INVALID_RECORD.
    const answer = ({ api }) => {
      if (api !== PRODUCE) return 0;
      return requests++ === 0 ? 10 : 87;
    };
    const { producer } = start(t, { topics: { t: 1 }, answer, config: { 'compression.type': codec } });
    const messages = ['first', 'second'].map((value) => ({ key: 'k', value }));
    const results = await producer.send({ topic: 't', messages }).catch((reason) => reason.results);
    assert(requests > 1, 'it was split');
    const refused = results.filter((result) => result instanceof Error);
    assert(refused.length > 0);
    const text = (bytes) => new TextDecoder().decode(bytes);
    for (const { code, record } of refused) {
      assert.equal(code, 'INVALID_RECORD');
      assert.equal(text(record.key), 'k');
      assert.match(text(record.value), /^(first|second)$/);
    }
    await producer.close();
  }
});

test('a crash of the engine leaves no promise behind', async (t) => {
  const { producerFactory } = await load('src/producer.js');
  class Engine {
    constructor() { Object.assign(this, { notices: () => [], maxBlockMs: () => 60_000, serializer: () => 'json', topic: () => 0, pending: () => 1 }); }
    reserve() { return 0; }
    capacity() { return 4096; }
    send() { return 0; }
    flush() { return 0; }
    pump() { throw new WebAssembly.RuntimeError('unreachable'); }
  }
  const memory = { buffer: new ArrayBuffer(8192) };
  const producer = producerFactory({ wasm: () => ({ Engine, memory }), platform: 'native' })({ bootstrapServers: 'b:1' });
  const sent = producer.send({ topic: 't', messages: [{ value: 'x' }] });
  const flushed = producer.flush();
  const failure = await sent.catch((error) => error);
  assert.match(failure.message, /crashed.*unreachable/);
  assert.equal(failure.persisted, 'possibly');
  await flushed;
  await producer.close();
});
