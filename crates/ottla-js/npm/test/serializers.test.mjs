import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './ottla.mjs';

const { serializers, propertiesFrom, environmentFrom } = await load('src/node.js');
const { serializerName } = await load('src/serializers.js');

const hex = (data) => (data === null ? null : Buffer.from(typeof data === 'string' ? data : data).toString('hex'));

test('numbers are big-endian, as Kafka writes them', () => {
  const cases = [
    ['short', -2, 'fffe'],
    ['integer', 0x12345678, '12345678'],
    ['integer', -0x80000000, '80000000'],
    ['long', 1n << 40n, '0000010000000000'],
    ['long', -1, 'ffffffffffffffff'],
    ['long', -(2n ** 63n), '8000000000000000'],
    ['float', 1.5, '3fc00000'],
    ['double', -0, '8000000000000000'],
    ['double', NaN, '7ff8000000000000'],
    ['boolean', true, '01'],
    ['boolean', false, '00'],
    ['uuid', '123E4567-e89b-12d3-a456-426614174000', hex('123e4567-e89b-12d3-a456-426614174000')],
    ['void', undefined, null],
    ['string', 'é', 'c3a9'],
    ['bytes', new DataView(Uint8Array.of(1, 2, 3).buffer, 1), '0203'],
  ];
  for (const [name, value, expected] of cases) assert.equal(hex(serializers[name](value, 't')), expected, `${name} ${String(value)}`);
  assert.equal(serializers.json()({ a: [1] }), '{"a":[1]}');
  assert.equal(serializers.nullable(serializers.long)(null), null);
  assert.equal(hex(serializers.nullable(serializers.long)(1)), '0000000000000001');
});

test('a value of another kind is refused with what would do', () => {
  const cases = [
    ['short', 0x8000, /a whole number from -32768 to 32767, not 32768/],
    ['integer', 1.5, /a whole number/],
    ['integer', '7', /not "7"/],
    ['long', 2 ** 53, /a safe integer/],
    ['long', 2n ** 63n, /64 bits/],
    ['long', '7', /not "7"/],
    ['double', 7n, /a number, not 7/],
    ['boolean', 1, /true or false/],
    ['uuid', '123e4567e89b12d3a456426614174000', /text such as/],
    ['string', { a: 1 }, /a string/],
    ['bytes', 'text', /bytes, not "text"/],
    ['void', '', /null/],
  ];
  for (const [name, value, pattern] of cases) assert.throws(() => serializers[name](value, 't'), pattern, `${name} ${String(value)}`);
  assert.throws(() => serializers.json()(undefined), /what JSON can say/);
});

test("Java's classes are names of serializers", () => {
  for (const [name, simple] of [['integer', 'Integer'], ['uuid', 'UUID'], ['bytes', 'ByteArray'], ['void', 'Void']]) {
    for (const text of [name, `${simple}Serializer`, `org.apache.kafka.common.serialization.${simple}Serializer`]) assert.equal(serializerName(text), name);
  }
  for (const text of ['ListSerializer', 'com.example.LongSerializer', 'constructor', 7]) assert.equal(serializerName(text), undefined);
});

test('properties are read as Java reads them', () => {
  const text = '# comment\n! too\n\nacks=all\r\nlinger.ms : 20\nclient.id shop\nlong = a\\\n   b\n  sep=\\t\\u0041\nempty=\nback=\\\\\na\\:b=c=d\nlast=\\';
  const expected = {
    acks: 'all', 'linger.ms': '20', 'client.id': 'shop', long: 'ab', sep: '\tA', empty: '', back: '\\', 'a:b': 'c=d', last: '',
  };
  assert.deepEqual(propertiesFrom(text), expected);
});

test('variables with the prefix are properties', () => {
  const variables = { OTTLA_PRODUCER_MAX_BLOCK_MS: '1', OTTLA_SEED: '7', PATH: '/bin', KAFKA_ACKS: '1' };
  assert.deepEqual(environmentFrom(variables), { 'max.block.ms': '1' });
  assert.deepEqual(environmentFrom(variables, 'KAFKA_'), { acks: '1' });
});
