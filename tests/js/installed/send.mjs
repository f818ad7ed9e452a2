import { createProducer } from 'ottla';

const producer = createProducer({ bootstrapServers: process.argv[2] });
const [{ partition, offset }] = await producer.send({ topic: process.argv[3], messages: [{ key: 'kim', value: 'installed' }] });
await producer.close();
console.log(partition, String(offset));
