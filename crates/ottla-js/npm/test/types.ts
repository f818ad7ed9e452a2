// Compiled by tsc and never run: what users write must type-check, and what is wrong must not.
import { createProducer, ConfigError, KafkaError, QueueFullError, type RecordMetadata } from 'ottla';

const producer = createProducer({
  bridge: 'wss://kafka.example.com/k/main',
  config: { 'client.id': 'shop', 'linger.ms': 20, 'enable.idempotence': true },
  trace: { level: 'batch', write: (line: string) => console.log(line) },
});

export async function all(): Promise<bigint> {
  const metadata: RecordMetadata[] = await producer.send({
    topic: 'clicks',
    messages: [
      { key: 'kim', value: { x: 1 }, headers: { src: 'page' } },
      { key: new Uint8Array([1]), value: null, headers: [['a', '1'], ['a', null]], partition: 2, timestamp: new Date() },
      { value: 'text', headers: new Map([['trace', new Uint8Array([1])]]) },
      { value: new ArrayBuffer(3) },
    ],
  });
  try {
    producer.post('clicks', { key: 'kim', value: 'v' });
  } catch (error) {
    if (error instanceof QueueFullError) await producer.room();
    else if (error instanceof ConfigError) console.log(error.problems.length);
    else if (error instanceof KafkaError) console.log(error.code, error.persisted, error.record?.topic, error.results?.length);
  }
  const stop = producer.on('delivery', (event) => {
    if (event.ok) console.log(event.offset + 1n);
    else console.log(event.error.code);
  });
  stop();
  producer.trace('off');
  await producer.flush();
  await producer.close(5_000);
  return metadata[0]!.offset;
}

// @ts-expect-error a value is needed; undefined is refused
producer.post('clicks', { key: 'kim' });
// @ts-expect-error there is no such event
producer.on('deliveries', () => {});
// @ts-expect-error a trace has a level
createProducer({ bridge: 'ws://b/k/main', trace: { write() {} } });
