// Code around every record: a header that says where it is from, a check that refuses, and a count of what came of it.
//
//   npx tsc && node provenance.js localhost:9092 orders
import { createProducer, InvalidRecordError, provenance, requireKey, type Interceptor } from 'ottla';

const [bootstrap = 'localhost:9092', topic = 'orders'] = process.argv.slice(2);

const seen = { delivered: 0, failed: 0 };
const count: Interceptor = {
  // Called for every record, also for those that an interceptor refused.
  onAcknowledgement: (_metadata, error) => void (error ? seen.failed++ : seen.delivered++),
};

const producer = createProducer({ bootstrapServers: bootstrap, interceptors: [requireKey(), provenance('shop 1.2'), count] });
producer.post(topic, { key: 'kim', value: 'coffee' });
producer.post(topic, { key: 'lee', value: 'tea', headers: { provenance: 'till 7' } });
try {
  producer.post(topic, { value: 'nobody ordered this' });
} catch (error) {
  if (error instanceof InvalidRecordError) console.log(`refused: ${error.message}`);
  else throw error;
}
await producer.close();
console.log(`${seen.delivered} delivered, ${seen.failed} failed`);
