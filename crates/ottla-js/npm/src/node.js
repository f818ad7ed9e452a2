// Entry for Node: TCP through node:net, WebSocket through the global one or the package `ws`.

import { readFileSync } from 'node:fs';
import net from 'node:net';
import * as glue from '../wasm/ottla.js';
import { BufferPool } from './pool.js';
import { producerFactory } from './producer.js';
import { webSocketConnector } from './websocket.js';
import { missingWebSocket, openWebSocket } from './ws.js';

export * from './public.js';

let exports;
function wasm() {
  if (!exports) {
    const module = readFileSync(new URL('../wasm/ottla_bg.wasm', import.meta.url));
    exports = { Engine: glue.Engine, memory: glue.initSync({ module }).memory };
  }
  return exports;
}

const READ_BUFFER = 64 * 1024;

function connectTcp({ host, port }, on) {
  const onread = {
    // One for all that is read: the engine copies what it is told.
    buffer: Buffer.allocUnsafeSlow(READ_BUFFER),
    callback: (count, buffer) => {
      on.data(buffer.subarray(0, count));
      return true;
    },
  };
  const socket = net.connect({ host, port, noDelay: true, onread });
  let reason = 'the broker closed the connection';
  let wanted = false;
  const pool = newPool();
  socket.on('connect', () => on.open());
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

export const createProducer = producerFactory({
  wasm,
  platform: 'native',
  connectTcp,
  connectWebSocket: webSocketConnector(openWebSocket, newPool),
  missing: missingWebSocket,
});
