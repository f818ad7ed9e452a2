// Sends what it is asked to send, with the options that it is asked to have, in either mode, and says which error came.
import { ConfigError, KafkaError, Publisher, publish } from 'ottla';

async function answer(send) {
  try {
    const [{ partition, offset }] = await send();
    return Response.json({ partition, offset: String(offset) });
  } catch (error) {
    const { name, code, persisted, message } = error;
    const types = [KafkaError, ConfigError].filter((type) => error instanceof type).map((type) => type.name);
    return Response.json({ types, name, code, persisted, message }, { status: 502 });
  }
}

export class ClickPublisher extends Publisher {
  options() {
    return this.wanted;
  }

  async fetch(request) {
    const { options, send } = await request.json();
    this.wanted = options;
    return answer(() => this.send(send));
  }
}

export default {
  async fetch(request, env) {
    const body = await request.text();
    const { mode, options, send } = JSON.parse(body);
    if (mode === 'PerRequest') return answer(() => publish(options, send));
    // Options are for the life of a publisher, so each of them has its own.
    const id = env.PUBLISHER.idFromName(JSON.stringify(options));
    return env.PUBLISHER.get(id).fetch('http://publisher/', { method: 'POST', body });
  },
};
