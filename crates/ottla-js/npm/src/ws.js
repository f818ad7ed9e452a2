// WebSockets in Node: the package `ws`, or the global one.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const INSTALL = "install the package 'ws' (npm install ws)";

/** What `openWebSocket` will use. Throws where there is nothing. */
function webSocketOf() {
  try {
    return { package: require('ws') };
  } catch {
    if (typeof WebSocket === 'undefined') throw new Error(`this Node has no WebSocket; ${INSTALL}`);
    return { standard: WebSocket };
  }
}

/** A bridge without a WebSocket is an error of the set-up, which no retry mends. */
export function checkWebSocket(options) {
  if (options?.bridge && !options.connect) webSocketOf();
}

/** The package first where it is installed: it can show an Origin, which a bridge asks for. */
export function openWebSocket(url, protocol, { origin }) {
  const { package: Package, standard: Standard } = webSocketOf();
  if (Package) {
    const generateMask = isPrivate(url) ? zeroMask : undefined;
    return new Package(url, protocol, { origin, perMessageDeflate: false, generateMask });
  }
  if (origin) throw new Error(`showing an Origin needs another WebSocket; ${INSTALL}`);
  return new Standard(url, protocol);
}

// RFC 6455 §10.3 masks so that no proxy on the way takes a message for a request of its own. Where none can see the bytes,
// the key zero spares a copy of every request: `ws` then writes it as it is.
const zeroMask = (mask) => mask.fill(0);

/** TLS, or a way that does not leave this machine. */
export function isPrivate(url) {
  const { protocol, hostname } = new URL(url);
  return protocol === 'wss:' || hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
