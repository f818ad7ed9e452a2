// What `import 'ottla'` is for a bundler that builds a worker.
import { createProducer, publish, Publisher, type ProducerOptions } from 'ottla';

export class Clicks extends Publisher {
  override options(env: unknown): ProducerOptions {
    return { bridge: String(env) };
  }
}
const metadata = await publish({ bootstrapServers: 'b:9092' }, { topic: 't', messages: [{ value: 'v' }] });
export const where: number | undefined = metadata[0]?.partition;
export const create: (options: ProducerOptions) => unknown = createProducer;
// @ts-expect-error a value is needed
await publish({ bootstrapServers: 'b:9092' }, { topic: 't', messages: [{ key: 'k' }] });
