// Entry for web pages and web workers: WebSocket to a bridge.

import init, { Engine } from '../wasm/ottla.js';
import { watchPage } from './page.js';
import { producerFactory } from './producer.js';
import { webSocketConnector } from './websocket.js';

export * from './public.js';

const { memory } = await init({ module_or_path: new URL('../wasm/ottla_bg.wasm', import.meta.url) });

export const createProducer = producerFactory({
  wasm: () => ({ Engine, memory }),
  platform: 'browser',
  connectTcp: ({ host, port }) => {
    throw new Error(`a web page cannot open a TCP connection to ${host}:${port}; run 'ottla bridge run' and give { bridge }`);
  },
  connectWebSocket: webSocketConnector((url, protocol) => new WebSocket(url, protocol)),
  watch: (driver) => watchPage(driver, globalThis),
});
