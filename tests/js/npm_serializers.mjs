// The records of `kafka_serializers.rs`. MORE: a topic for each pair of serializers. Half of them go through topics with
// serializers, half through the configuration.
import { createProducer, more, where } from './npm.mjs';
import { load } from '../../crates/ottla-js/npm/test/ottla.mjs';

const { serializers: { boolean, integer, long, string } } = await load('src/node.js');

const UUID = '123E4567-E89B-12D3-A456-426614174000';
const producer = createProducer(where);
const send = (topic, key, value, pairs) => producer.topic(topic).key(key).value(value).send(...pairs.map(([k, v]) => ({ key: k, value: v })));

const [longs, doubles, uuids, texts] = more;
await send(longs, integer, long, [[-0x80000000, 2n ** 63n - 1n], [7, -(2n ** 63n)], [0, -1]]);
await send(texts, boolean, string, [[true, 'täxt'], [false, 'null']]);
await producer.close();

async function configured(topic, key, value, pairs) {
  const config = { 'key.serializer': `org.apache.kafka.common.serialization.${key}Serializer`, 'value.serializer': `${value}Serializer` };
  const own = createProducer({ ...where, config });
  await own.send({ topic, messages: pairs.map(([k, v]) => ({ key: k, value: v })) });
  await own.close();
}
await configured(doubles, 'Short', 'Double', [[-32768, 1.5], [32767, -0], [1, NaN], [2, 1e100]]);
await configured(uuids, 'Float', 'UUID', [[0.1, UUID], [-Infinity, UUID]]);
