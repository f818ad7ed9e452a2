// WebSockets in Node: the package `ws`, or the global one.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const INSTALL = "install the package 'ws' (npm install ws)";

function webSocketOf() {
  try {
    return { package: require('ws') };
  } catch {
    return { standard: globalThis.WebSocket };
  }
}

/** What a bridge needs that is not here, in words: an error of the set-up, which no retry mends. */
export function missingWebSocket({ bridge, connect, origin }) {
  if (!bridge || connect) return undefined;
  const { package: Package, standard: Standard } = webSocketOf();
  if (!Package && !Standard) return `option bridge: this Node has no WebSocket; ${INSTALL}`;
  if (!Package && origin) return `option origin: Node's own WebSocket cannot show one; ${INSTALL}`;
  return undefined;
}

/** The package first where it is installed: it can show an Origin, which a bridge asks for. */
export function openWebSocket(url, protocol, { origin }) {
  const { package: Package, standard: Standard } = webSocketOf();
  if (Package) {
    const generateMask = isPrivate(url) ? zeroMask : undefined;
    return new Package(url, protocol, { origin, perMessageDeflate: false, generateMask });
  }
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
