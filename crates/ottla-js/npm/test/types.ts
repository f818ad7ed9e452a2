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
// @ts-expect-error acks is a property of the producer
producer.send({ topic: 'clicks', messages: [], acks: 0 });
// @ts-expect-error the field is headers
producer.post('clicks', { value: 'v', header: { src: 'page' } });
// @ts-expect-error there is no such event
producer.on('deliveries', () => {});
// @ts-expect-error a trace has a level
createProducer({ bridge: 'ws://b/k/main', trace: { write() {} } });

// ---- serializers, interceptors, partitioners
import { InvalidRecordError, environmentFrom, maximumSize, orRoundRobin, propertiesFrom, provenance, requireKey, serializers, type Interceptor } from 'ottla';

interface Chat { text: string }
const audit: Interceptor = {
  onSend(record, { size }) {
    record.headers.push(['bytes', String(size(record))]);
    if (record.topic === 'secret') throw new InvalidRecordError('not from here', { code: 'POLICY_VIOLATION' });
  },
  onAcknowledgement: (metadata, error, headers) => console.log(metadata.offset + 1n, error?.code, headers.length),
};
const typed = createProducer({
  bootstrapServers: 'b:9092',
  config: { ...propertiesFrom('linger.ms=5'), ...environmentFrom({}) },
  interceptors: [provenance('shop'), requireKey(), maximumSize(1000), audit],
  partitioner: orRoundRobin(({ keyBytes }, partitions) => keyBytes && keyBytes.length % partitions),
});
const chat = typed.topic('chat').key(serializers.string).value(serializers.json<Chat>());
export const sent: Promise<RecordMetadata[]> = chat.send({ key: 'kim', value: { text: 'hi' } }, { value: { text: 'no key' }, headers: { a: '1' } });
typed.topic('visits').key(serializers.nullable(serializers.uuid)).value(serializers.long).post({ key: null, value: 7n });
// @ts-expect-error a value of another type
chat.post({ key: 'kim', value: { txt: 'hi' } });
// @ts-expect-error a key of another type
chat.post({ key: 7, value: { text: 'hi' } });
// @ts-expect-error a partitioner answers with a number
createProducer({ bootstrapServers: 'b:9092', partitioner: () => 'two' });
