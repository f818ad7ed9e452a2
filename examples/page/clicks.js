// Without a bundler: copy the package beside this file (npm pack, or node_modules/ottla).
import { createProducer } from './ottla/src/browser.js';

const producer = createProducer({ bridge: 'ws://localhost:8080/k/main', config: { 'linger.ms': 20 } });
document.querySelector('button').onclick = async () => {
  const [{ partition, offset }] = await producer.send({ topic: 'clicks', messages: [{ key: 'kim', value: { at: Date.now() } }] });
  document.querySelector('output').value = `partition ${partition}, offset ${offset}`;
};
