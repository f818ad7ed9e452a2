import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './ottla.mjs';

const { createProducer, ConfigError, KafkaError } = await load('src/node.js');

function problems(options) {
  try {
    createProducer(options);
  } catch (error) {
    assert(error instanceof ConfigError && error instanceof KafkaError, String(error));
    assert.equal(error.name, 'ConfigError');
    assert.equal(error.code, 'INVALID_CONFIG');
    assert.equal(error.message, error.problems.join('\n'));
    return error.problems;
  }
  assert.fail('no ConfigError');
}

const where = { bootstrapServers: 'b1:9092,b2:9092' };

test('what is no object is told what to give', () => {
  for (const options of [undefined, null, 'b1:9092']) assert.match(problems(options)[0], /needs options/);
});

test('an unknown option is named, and a property of Kafka is sent to config', () => {
  assert.match(problems({ ...where, retries: 3 })[0], /^option retries: unknown; it may be one of bridge, bootstrapServers/);
  assert.match(problems({ ...where, 'linger.ms': 3 })[0], /^option linger.ms: Kafka's own properties go into config/);
  assert.match(problems({ ...where, token: 'x' })[0], /^option token: tokens are not supported yet/);
});

test('exactly one way to the cluster is given', () => {
  assert.match(problems({})[0], /give either bridge/);
  assert.match(problems({ ...where, bridge: 'ws://b/k/main' })[0], /give either bridge/);
  createProducer({ config: { 'bootstrap.servers': 'b1:9092' } });
});

test('options of a wrong kind are refused', () => {
  assert.match(problems({ bridge: 'b1:9092' })[0], /^option bridge: 'b1:9092' must begin with ws:\/\/ or wss:\/\//);
  assert.match(problems({ bridge: 5 })[0], /^option bridge: must be a URL/);
  assert.match(problems({ bootstrapServers: [9092] })[0], /^option bootstrapServers: must be a string or an array/);
  assert.match(problems({ ...where, config: [] })[0], /^option config: must be an object/);
  assert.match(problems({ ...where, config: { acks: null } })[0], /^config acks: must be a string, a number or a boolean, not null/);
  assert.match(problems({ ...where, config: { acks: undefined } })[0], /not undefined/);
  assert.match(problems({ ...where, serializer: 'json' })[0], /^option serializer: must be a function/);
  for (const interceptors of ['provenance', [null], [{}], [{ onSend: 'header' }], {}]) {
    assert.match(problems({ ...where, interceptors })[0], /^option interceptors: must be an array of objects with onSend/);
  }
  for (const partitioner of ['roundrobin', {}, { partition: 1 }]) {
    assert.match(problems({ ...where, partitioner })[0], /^option partitioner: must be a function/);
  }
  assert.match(problems({ ...where, config: { 'key.serializer': 'avro' } })[0], /^key.serializer=avro: not known; allowed are bytes, .*LongSerializer/);
  assert.match(problems({ ...where, trace: { level: 'all' } })[0], /^option trace: must be { level: 'off' or 'batch' or 'record'/);
});

test('every problem of the configuration is named, the core\'s too', () => {
  const config = { lingerms: 5, acks: 2, 'batch.size': -1, 'timeout.ms': 5 };
  const all = problems({ ...where, config });
  assert.equal(all.length, 4);
  assert.match(all.join('\n'), /unknown option lingerms: did you mean linger.ms\?/);
  assert.match(all.join('\n'), /batch.size/);
  assert.match(all.join('\n'), /timeout.ms.*delivery.timeout.ms|timeout.ms.*request.timeout.ms/);
  assert.match(problems({ ...where, config: { 'enable.idempotence': true, acks: 1 } })[0], /idempotence needs acks=all/);
  assert.match(problems({ ...where, config: { 'compression.type': 'zstd' } })[0], /^compression.type.*: this package leaves the codec out.* none, gzip, snappy and lz4$/);
});

test('what was adjusted is a notice', async () => {
  const producer = createProducer({ ...where, config: { acks: '1' } });
  assert(producer.notices.some((text) => text.includes('enable.idempotence')), producer.notices.join('\n'));
  assert(Object.isFrozen(producer.notices));
  const heard = await new Promise((resolve) => producer.on('notice', resolve));
  assert.equal(heard, producer.notices[0]);
  await producer.close();
});

test('numbers, booleans and bigints are values', async () => {
  const producer = createProducer({ ...where, config: { 'linger.ms': 20, 'enable.idempotence': true, 'buffer.memory': 1n << 20n } });
  await producer.close();
});
