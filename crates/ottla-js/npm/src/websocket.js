// A bridge connection over any standard WebSocket.

const PROTOCOL = 'kafka.v1';
const POLL_MS = 4;

/**
 * @param {(url: string, protocol: string, options: object) => WebSocket} open
 * @param {() => BufferPool} [newPool] buffers for sockets that call back when bytes are written, as those of the package `ws`
 */
export function webSocketConnector(open, newPool) {
  return ({ url }, on, options) => {
    const socket = open(url, PROTOCOL, options);
    socket.binaryType = 'arraybuffer';
    const output = socket.on && newPool ? new Receipts(socket, on, newPool()) : new Backlog(socket, on);
    let over = false;
    const end = (reason) => {
      if (over) return;
      over = true;
      output.stop();
      on.close(reason);
    };
    socket.addEventListener('open', () => over || on.open());
    socket.addEventListener('message', ({ data }) => {
      if (over) return;
      if (!(data instanceof ArrayBuffer)) {
        socket.close(1000);
        return end(`${url} answered with text; is it a bridge of ottla?`);
      }
      // In a hidden page timers are slow, but messages are not.
      output.check();
      on.data(new Uint8Array(data));
    });
    socket.addEventListener('close', ({ code, reason }) => end(closeReason(code, reason, url)));
    // Some runtimes report a refused connection by `error` alone, others with words in `error` and none in `close`.
    socket.addEventListener('error', (event) => end(errorReason(event, url)));
    return {
      allocate: (length) => output.allocate(length),
      write: (bytes) => output.send(bytes),
      close: () => {
        if (over) return;
        over = true;
        output.stop();
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

function errorReason({ message, error }, url) {
  const words = message || error?.message;
  return `no bridge at ${url}, or it refused the connection (its log says why)${words ? `: ${words}` : ''}`;
}

/** Reports what the socket says that it has written. */
class Receipts {
  #socket;
  #on;
  #pool;

  constructor(socket, on, pool) {
    this.#socket = socket;
    this.#on = on;
    this.#pool = pool;
  }

  allocate(length) {
    return this.#pool.take(length);
  }

  send(bytes) {
    this.#socket.send(bytes, (error) => {
      this.#pool.give(bytes);
      // The socket's own event says why it is over.
      if (!error) this.#on.written(bytes.byteLength);
    });
  }

  check() {}

  stop() {}
}

/** Reports what has left `bufferedAmount`; there is no event for it. */
class Backlog {
  #socket;
  #on;
  #sent = 0;
  #timer = null;

  constructor(socket, on) {
    this.#socket = socket;
    this.#on = on;
  }

  allocate() {}

  send(bytes) {
    this.#socket.send(bytes);
    this.#sent += bytes.byteLength;
    this.#timer ??= setTimeout(() => this.#poll(), 0);
  }

  #poll() {
    this.#timer = null;
    this.check();
    if (this.#sent > 0) this.#timer ??= setTimeout(() => this.#poll(), POLL_MS);
  }

  /** Where there is no `bufferedAmount`, what was sent counts as written. */
  check() {
    // It also counts framing, which must not make less than nothing of what was written.
    const left = Math.min(this.#socket.bufferedAmount ?? 0, this.#sent);
    const written = this.#sent - left;
    this.#sent = left;
    if (written > 0) this.#on.written(written);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#sent = 0;
  }
}
