// kafkajs beside ours: `produce BOOTSTRAP TOPIC COUNT` or `consume BOOTSTRAP TOPIC COUNT`, which prints the values.
import { createRequire } from 'node:module';
import { decompress as zstdDecompress } from 'fzstd';

const require = createRequire(import.meta.url);
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = require('kafkajs');

CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy');
// The plug-in's package lz4 asks for an addon that node-gyp compiles, and no install script runs here; it has the same in
// JavaScript, which its own build for browsers puts in the addon's place.
const inJavaScript = require.resolve('lz4/lib/utils-js.js');
require(inJavaScript);
require.cache[require.resolve('lz4/lib/utils.js')] = require.cache[inJavaScript];
CompressionCodecs[CompressionTypes.LZ4] = new (require('kafkajs-lz4'))().codec;
// @kafkajs/zstd 0.1.1 is not used: it needs the addon cppzst 2.0.6 and has nothing else, and on Node 20 that does not
// compile: its binding.gyp asks for C++11, the headers of V8 need C++17.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: () => Promise.reject(new Error('fzstd only decompresses')),
  decompress: async (buffer) => Buffer.from(zstdDecompress(buffer)),
});

const [mode, bootstrap, topic, countText] = process.argv.slice(2);
const count = Number(countText);
const kafka = new Kafka({ brokers: bootstrap.split(','), clientId: 'peer', logLevel: logLevel.ERROR });

async function produce() {
  const producer = kafka.producer();
  await producer.connect();
  for (let from = 0; from < count; from += 1000) {
    const messages = Array.from({ length: Math.min(1000, count - from) }, (_, i) => ({ key: `k${(from + i) % 50}`, value: `${from + i}` }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

async function consume() {
  const consumer = kafka.consumer({ groupId: `peer-${process.pid}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values = [];
  await new Promise((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    consumer.run({
      eachMessage: async ({ message }) => {
        values.push(message.value.toString());
        if (values.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  console.log(values.join('\n'));
}

await { produce, consume }[mode]();
