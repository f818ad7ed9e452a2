// A worker without an object of its own: each request connects, sends, and closes.
import { publish } from 'ottla';

export default {
  async fetch(request, env) {
    const { key, value } = await request.json();
    const where = env.BRIDGE ? { bridge: env.BRIDGE } : { bootstrapServers: env.BOOTSTRAP };
    try {
      const [{ partition, offset }] = await publish(where, { topic: env.TOPIC, messages: [{ key, value }] });
      return Response.json({ partition, offset: String(offset) });
    } catch (error) {
      const { code, persisted, message } = error;
      return Response.json({ code, persisted, message }, { status: 502 });
    }
  },
};
