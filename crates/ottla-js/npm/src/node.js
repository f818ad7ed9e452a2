// Entry for Node: TCP through node:net, WebSocket through the global one or the package `ws`.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import * as glue from '../wasm/ottla.js';
import { BufferPool } from './pool.js';
import { producerFactory } from './producer.js';
import { webSocketConnector } from './websocket.js';

export { ConfigError, KafkaError, QueueFullError } from './errors.js';

let exports;
function wasm() {
  if (!exports) {
    const module = readFileSync(new URL('../wasm/ottla_bg.wasm', import.meta.url));
    exports = { Engine: glue.Engine, memory: glue.initSync({ module }).memory };
  }
  return exports;
}

function connectTcp({ host, port }, on) {
  const socket = net.connect({ host, port, noDelay: true });
  let reason = 'the broker closed the connection';
  let wanted = false;
  const pool = newPool();
  socket.on('connect', () => on.open());
  socket.on('data', (chunk) => on.data(chunk));
  socket.on('error', (error) => (reason = `${host}:${port}: ${words(error)}`));
  socket.on('close', () => wanted || on.close(reason));
  return {
    allocate: (length) => pool.take(length),
    write: (bytes) => socket.write(bytes, () => {
      pool.give(bytes);
      on.written(bytes.byteLength);
    }),
    close: () => {
      wanted = true;
      socket.destroy();
    },
  };
}

// Each request overwrites all of it, so it need not be zeroed.
const newPool = () => new BufferPool((length) => new Uint8Array(Buffer.allocUnsafeSlow(length).buffer));

// A name with several addresses fails with one error for each of them, and without a message of its own.
const words = (error) => error.message || error.errors?.map(({ message }) => message).join(', ') || error.code;

const require = createRequire(import.meta.url);

/** The package `ws` first where it is installed: it can show an Origin, which a bridge asks for. */
function openWebSocket(url, protocol, { origin }) {
  let WebSocketOfNode;
  try {
    WebSocketOfNode = require('ws');
  } catch {
    if (typeof WebSocket === 'undefined') {
      throw new Error("this Node has no WebSocket; install the package 'ws' (npm install ws)");
    }
    if (origin) throw new Error("showing an Origin needs the package 'ws' (npm install ws)");
    return new WebSocket(url, protocol);
  }
  return new WebSocketOfNode(url, protocol, { origin, perMessageDeflate: false });
}

export const createProducer = producerFactory({
  wasm,
  platform: 'native',
  connectTcp,
  connectWebSocket: webSocketConnector(openWebSocket, newPool),
});
