// What `import 'ottla'` is in Node.
import { createProducer, KafkaError, type Producer, type RecordMetadata } from 'ottla';

const producer: Producer = createProducer({ bootstrapServers: ['b1:9092', 'b2:9092'] });
const sent: RecordMetadata[] = await producer.send({ topic: 't', messages: [{ value: null }] });
const offset: bigint | undefined = sent[0]?.offset;
const persisted = (error: KafkaError): 'no' | 'possibly' | 'yes' => error.persisted;
// @ts-expect-error what only workerd has is not there
import { publish } from 'ottla';
export { offset, persisted, publish };
