// A worker whose Durable Object publishes for all requests: one producer, one producer id, batches across requests.
import { Publisher } from 'ottla';

export class ClickPublisher extends Publisher {
  options(env) {
    const where = env.BRIDGE ? { bridge: env.BRIDGE } : { bootstrapServers: env.BOOTSTRAP };
    return { ...where, config: { 'client.id': 'click-publisher', 'linger.ms': 5 } };
  }

  async fetch(request) {
    const { key, value } = await request.json();
    try {
      const [{ partition, offset }] = await this.send({ topic: this.env.TOPIC, messages: [{ key, value }] });
      return Response.json({ partition, offset: String(offset) });
    } catch (error) {
      const { code, persisted, message } = error;
      return Response.json({ code, persisted, message }, { status: 502 });
    }
  }
}

export default {
  fetch(request, env) {
    return env.PUBLISHER.get(env.PUBLISHER.idFromName('clicks')).fetch(request);
  },
};
