// kafkajs: idempotent, so one request in flight, as its documentation demands.
import { createRequire } from 'node:module';
import { compressFrame } from 'lz4-napi';
import { run } from './peer.mjs';

const require = createRequire(import.meta.url);
const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = require('kafkajs');

CompressionCodecs[CompressionTypes.LZ4] = () => ({ compress: (encoder) => compressFrame(encoder.buffer) });
process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';

await run(async ({ bootstrap, topic, codec }) => {
  const kafka = new Kafka({ brokers: [bootstrap], clientId: 'kafkajs', logLevel: logLevel.ERROR });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const compression = codec === 'lz4' ? CompressionTypes.LZ4 : CompressionTypes.None;
  return {
    inFlight: 1,
    message: (value) => ({ value }),
    send: (messages) => producer.send({ topic, acks: -1, compression, messages }),
    close: () => producer.disconnect(),
  };
});
