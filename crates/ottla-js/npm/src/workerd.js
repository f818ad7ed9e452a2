// Entry for workerd (Cloudflare Workers): TCP through cloudflare:sockets, or WebSocket to a bridge. Nothing happens in
// global scope: an isolate may neither connect nor draw random numbers there.

import { connect } from 'cloudflare:sockets';
import { initSync, Engine } from '../wasm/ottla.js';
import module from '../wasm/ottla_bg.wasm';
import { KnownClusters } from './known.js';
import { producerFactory } from './producer.js';
import { webSocketConnector } from './websocket.js';

export * from './public.js';

let memory;
function wasm() {
  memory ??= initSync({ module }).memory;
  return { Engine, memory };
}

function connectTcp({ host, port }, on) {
  const socket = connect({ hostname: host, port }, { secureTransport: 'off', allowHalfOpen: false });
  const writer = socket.writable.getWriter();
  let over = false;
  const end = (error) => {
    if (over) return;
    over = true;
    on.close(error ? `${host}:${port}: ${error.message ?? error}` : 'the broker closed the connection');
  };
  socket.opened.then(() => on.open(), end);
  // It fails as the others do, and nobody else would listen.
  socket.closed.catch(() => {});
  read(socket.readable.getReader(), on).then(() => end(), end);
  return {
    // The await is the back-pressure here: desiredSize does not move.
    write: (bytes) => writer.write(bytes).then(() => over || on.written(bytes.byteLength), end),
    close: () => {
      over = true;
      socket.close().catch(() => {});
    },
  };
}

async function read(reader, on) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    on.data(value);
  }
}

const runtime = {
  wasm,
  platform: 'edge',
  connectTcp,
  connectWebSocket: webSocketConnector((url, protocol) => new WebSocket(url, protocol)),
};

export const createProducer = producerFactory(runtime);

const PER_REQUEST = { 'enable.idempotence': 'false', acks: 'all', 'linger.ms': '0' };
const NOTICE = 'ottla: publish() sends without idempotence, because a producer id for every request would fill the '
  + "brokers' memory; a retry may duplicate a record. A Publisher has one id for all requests.";

// Survives the request, which no socket does.
const known = new KnownClusters();
let noticed = false;

export async function publish(options, request) {
  const config = { ...PER_REQUEST, ...options?.config };
  if (!noticed && options?.config?.['enable.idempotence'] === undefined) {
    noticed = true;
    console.info(NOTICE);
  }
  const visit = known.visit(options, request?.topic);
  const producer = producerFactory({ ...runtime, watch: visit.begin })({ ...options, config });
  try {
    const places = await producer.send(request);
    visit.remember();
    return places;
  } catch (error) {
    visit.forget();
    throw error;
  } finally {
    await producer.close(0);
  }
}

export class Publisher {
  #producer;

  constructor(state, env) {
    this.state = state;
    this.env = env;
  }

  options(_env) {
    throw new TypeError('a Publisher needs options(env) that returns the options of its producer');
  }

  get producer() {
    return (this.#producer ??= createProducer(this.options(this.env)));
  }

  send(request) {
    return this.producer.send(request);
  }
}
