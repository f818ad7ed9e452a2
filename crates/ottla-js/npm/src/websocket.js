// A bridge connection over any standard WebSocket.

const PROTOCOL = 'kafka.v1';
const POLL_MS = 4;

/** @param {(url: string, protocol: string, options: object) => WebSocket} open */
export function webSocketConnector(open) {
  return ({ url }, on, options) => {
    const socket = open(url, PROTOCOL, options);
    socket.binaryType = 'arraybuffer';
    const writes = new Backlog(socket, on);
    let over = false;
    const end = (reason) => {
      if (over) return;
      over = true;
      writes.stop();
      on.close(reason);
    };
    socket.addEventListener('open', () => on.open());
    socket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) on.data(new Uint8Array(data));
      else socket.close(1003, 'binary messages only');
    });
    socket.addEventListener('close', ({ code, reason }) => end(closeReason(code, reason, url)));
    // Some runtimes report a refused connection by `error` alone.
    socket.addEventListener('error', (event) => end(event.message || `no WebSocket at ${url}`));
    return {
      write: (bytes) => writes.send(bytes),
      close: () => {
        over = true;
        writes.stop();
        socket.close(1000);
      },
    };
  };
}

function closeReason(code, reason, url) {
  if (reason) return `the bridge closed the connection: ${reason} (${code})`;
  if (code === 1006) return `no bridge at ${url}, or it refused the connection (its log says why)`;
  return `the bridge closed the connection (${code})`;
}

/** Reports what has left `bufferedAmount`; browsers have no event for it. */
class Backlog {
  #socket;
  #on;
  #sent = 0;
  #timer = null;

  constructor(socket, on) {
    this.#socket = socket;
    this.#on = on;
  }

  send(bytes) {
    this.#socket.send(bytes);
    this.#sent += bytes.byteLength;
    this.#timer ??= setTimeout(() => this.#poll(), 0);
  }

  #poll() {
    this.#timer = null;
    const left = this.#socket.bufferedAmount ?? 0;
    const written = this.#sent - left;
    this.#sent = Math.min(this.#sent, left);
    if (this.#sent > 0) this.#timer = setTimeout(() => this.#poll(), POLL_MS);
    if (written > 0) this.#on.written(written);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
