// What `import 'ottla'` is for a bundler that builds a page.
import { createProducer, QueueFullError } from 'ottla';

const producer = createProducer({ bridge: 'wss://kafka.example.com/k/main' });
try {
  producer.post('t', { key: 'k', value: { x: 1 } });
} catch (error) {
  if (error instanceof QueueFullError) await producer.room();
}
// @ts-expect-error what only workerd has is not there
export { Publisher } from 'ottla';
