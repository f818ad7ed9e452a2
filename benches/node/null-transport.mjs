// Nanoseconds per record of ottla in Node from send to acknowledgement, over a transport that answers at once.
//   OTTLA_NPM=DIRECTORY node null-transport.mjs VALUES...      one file of values for each length

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nullConnector } from './null-broker.mjs';

const { createProducer } = await import(pathToFileURL(join(process.env.OTTLA_NPM, 'src/node.js')));

const TOPIC = 'clicks';
const ROUNDS = 7;
const ROUND_BYTES = 10_000_000;
/** Records between two turns of the event loop, which a page or a server takes as well. */
const BURST = 1000;

const WAYS = {
  async post(producer, messages) {
    for (const message of messages) producer.post(TOPIC, message);
  },
  'send, 1,000 a call': (producer, messages) => producer.send({ topic: TOPIC, messages }),
  'send, 1 a call': (producer, messages) =>
    Promise.all(messages.map((message) => producer.send({ topic: TOPIC, messages: [message] }))),
};

for (const file of process.argv.slice(2)) {
  const lines = readFileSync(file, 'latin1').split('\n').filter(Boolean);
  for (const [kind, values] of [['bytes', lines.map((line) => Buffer.from(line))], ['string', lines]]) {
    for (const [way, send] of Object.entries(WAYS)) await measure(way, kind, values, lines[0].length, send);
  }
}

async function measure(way, kind, values, length, send) {
  const broker = nullConnector({ topic: TOPIC, partitions: 6 });
  const producer = createProducer({
    bootstrapServers: 'null:9092',
    connect: broker.connect,
    config: { 'linger.ms': 5, 'batch.size': 16384, 'buffer.memory': 256 << 20 },
  });
  const records = Math.floor(ROUND_BYTES / length / BURST) * BURST;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    const sends = [];
    for (let from = 0; from < records; from += BURST) {
      const messages = Array.from({ length: BURST }, (_, i) => ({ key: `key-${i % 200}`, value: values[(from + i) % values.length] }));
      sends.push(send(producer, messages));
      await Promise.resolve();
    }
    await producer.flush();
    await Promise.all(sends);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / records);
  }
  await producer.close();
  if (broker.acknowledged() !== BigInt(records * ROUNDS)) throw new Error(`${broker.acknowledged()} records arrived`);
  console.log(JSON.stringify({ bench: 'path', target: 'node', way, kind, value_len: length, ns_per_record: Math.round(best) }));
}
