// A partitioner of one's own: by the length of the key, and one partition after the other for records without a key.
//
//   npx tsc && node key-length.js localhost:9092 orders
import { createProducer, orRoundRobin, type PartitionedRecord } from 'ottla';

const [bootstrap = 'localhost:9092', topic = 'orders'] = process.argv.slice(2);

// The bytes of the key count, as with Kafka's own partitioner: 'ä' is two of them.
const byKeyLength = {
  partition: ({ keyBytes }: PartitionedRecord, partitions: number) => keyBytes && keyBytes.length % partitions,
};

const producer = createProducer({ bootstrapServers: bootstrap, partitioner: orRoundRobin(byKeyLength) });
const keys = ['a', 'bb', 'ccc', 'ä', null, null];
const places = await producer.send({ topic, messages: keys.map((key) => ({ key, value: `from ${key ?? 'nobody'}` })) });
places.forEach(({ partition }, n) => console.log(`${keys[n] ?? 'no key'}: partition ${partition}`));
await producer.close();
