// A topic whose keys are strings and whose values are JSON of one type; another, whose values are Kafka's Long.
//
//   npx tsc && node typed-topic.js localhost:9092 orders
import { createProducer, serializers } from 'ottla';

interface Chat {
  from: string;
  text: string;
}

const [bootstrap = 'localhost:9092', topic = 'orders'] = process.argv.slice(2);

const producer = createProducer({ bootstrapServers: bootstrap, config: { 'client.id': 'typed-topic', 'linger.ms': 20 } });

const chat = producer.topic(topic).key(serializers.string).value(serializers.json<Chat>());
const [place] = await chat.send({ key: 'kim', value: { from: 'kim', text: 'hi' } });
console.log(`said at offset ${place?.offset}`);

const visits = producer.topic(topic).key(serializers.string).value(serializers.nullable(serializers.long));
await visits.send({ key: 'visits', value: 7n });
// null deletes the key in a compacted topic.
await visits.send({ key: 'visits', value: null });
await producer.close();
