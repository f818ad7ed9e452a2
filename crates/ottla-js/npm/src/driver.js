// Drives the engine: gives it the clock, the timer and the runtime's sockets. Knows nothing of promises.

const LONGEST_TIMER_MS = 0x7fffffff;
// A clock reading costs as much as half a record, so a run of sends shares one.
const SENDS_PER_READING = 32;

export class Driver {
  #runtime;
  #options;
  #engine;
  #memory;
  #after;
  #crashed;
  #connections = new Map();
  #queued = false;
  #readings = 0;
  #now = 0;
  #wall = 0;
  #timer = null;
  #timerAt = Infinity;
  #lost = null;
  #over = false;

  /** `sink` takes the engine's results while it is pumped; `after` is called when that is over. */
  constructor(runtime, options, pairs, sink, after, crashed) {
    this.#runtime = runtime;
    this.#options = options;
    this.#after = after;
    this.#crashed = crashed;
    const { Engine, memory } = runtime.wasm();
    this.#memory = memory;
    const host = {
      ...sink,
      dial: (conn, host, port, url) => this.#dial(conn, url ? { url } : { host, port }),
      allocate: (conn, length) => this.#connections.get(conn)?.allocate?.(length) ?? new Uint8Array(length),
      transmit: (conn, bytes) => this.#connections.get(conn)?.write(bytes),
      hangup: (conn) => this.#hangup(conn),
    };
    this.#engine = new Engine(pairs, runtime.platform, crypto.getRandomValues(new Uint32Array(2)), host);
  }

  get engine() {
    return this.#engine;
  }

  get memory() {
    return this.#memory;
  }

  /** Hands over the packed record of this length: its number, or -1 when full, or -2 when refused. */
  send(length) {
    if (this.#readings-- <= 0) this.#read();
    return this.#send(length, this.#now, this.#now, this.#wall);
  }

  /** As `send`, for a record that has waited for room since then. */
  resend(length, since, wall) {
    return this.#send(length, this.now(), since, wall);
  }

  #send(length, now, since, wall) {
    this.pumpSoon();
    try {
      return this.#engine.send(length, now, since, wall);
    } catch (error) {
      this.#crash(error);
      throw error;
    }
  }

  #read() {
    this.#now = this.now();
    this.#wall = Date.now();
    this.#readings = SENDS_PER_READING;
  }

  /** Microseconds of a clock that does not go backwards. */
  now() {
    // A send with an older reading would.
    this.#readings = 0;
    return Math.round(performance.now() * 1000);
  }

  /** Once for all that is sent before the microtasks run. */
  pumpSoon() {
    if (this.#queued) return;
    this.#queued = true;
    queueMicrotask(() => this.pump());
  }

  pump() {
    this.#queued = false;
    if (this.#over || this.#lost) return;
    let at;
    try {
      at = this.#engine.pump(this.now());
    } catch (error) {
      return this.#crash(error);
    }
    this.#wakeAt(at);
    this.#after();
  }

  /** The engine's own state is unknown now. Nobody must wait for it for ever. */
  #crash(error) {
    this.stop();
    this.#crashed(error);
  }

  // A timer that is too early is left alone: setting one anew for each request costs more than finding nothing to do.
  #wakeAt(at) {
    if (at >= this.#timerAt && this.#timer !== null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = at;
    if (at === Infinity) return;
    const ms = Math.max(0, Math.ceil((at - this.now()) / 1000));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#over || this.#lost) return;
      this.#engine.timeout(this.now());
      this.pump();
    }, Math.min(ms, LONGEST_TIMER_MS));
  }

  #dial(conn, address) {
    const later = (act) => (...args) => {
      if (!this.#connections.has(conn)) return;
      act(...args);
      this.pump();
    };
    const on = {
      open: later(() => this.#engine.connected(conn, this.now())),
      data: later((bytes) => this.#engine.received(conn, bytes, this.now())),
      written: later((count) => this.#engine.written(conn, count, this.now())),
      close: later((reason) => {
        this.#connections.delete(conn);
        this.#engine.closed(conn, reason, this.now());
      }),
    };
    // A runtime may report at once, and the engine must not be entered while it is pumped.
    this.#connections.set(conn, { write() {}, close() {} });
    queueMicrotask(() => {
      if (!this.#connections.has(conn)) return;
      try {
        this.#connections.set(conn, this.#connect(address, on));
      } catch (error) {
        on.close(error?.message ?? String(error));
      }
    });
  }

  #connect(address, on) {
    const { connect } = this.#options;
    if (connect) return withReceipts(connect(address, on), on);
    return address.url
      ? this.#runtime.connectWebSocket(address, on, this.#options)
      : this.#runtime.connectTcp(address, on, this.#options);
  }

  #hangup(conn) {
    const connection = this.#connections.get(conn);
    this.#connections.delete(conn);
    connection?.close();
  }

  /** Sends what lingers. */
  hurry() {
    if (this.#over || this.#lost) return;
    this.#engine.flush(this.now());
    this.pump();
  }

  /** Before the process is frozen: writes what can be written, and closes the sockets, which would not survive. */
  suspend() {
    if (this.#over || this.#lost) return;
    this.hurry();
    if (this.#over) return;
    this.#engine.suspended(this.now());
    this.pump();
    this.#lost = [...this.#connections.keys()];
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** After the process was frozen. */
  resume() {
    const lost = this.#lost;
    if (this.#over || !lost) return;
    this.#lost = null;
    this.#engine.resumed(this.now());
    this.pump();
    for (const conn of lost) {
      if (this.#over) return;
      this.#engine.closed(conn, 'closed while the page was suspended', this.now());
      this.pump();
    }
  }

  /** Lets go of everything; the engine is not to be used any more. */
  stop() {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  /** As `stop`, and gives the engine's memory back. */
  free() {
    this.stop();
    this.#engine.free();
  }
}

/** An application's own connection says by its return, or its promise, that bytes are written. */
function withReceipts(connection, on) {
  return {
    write(bytes) {
      const count = bytes.byteLength;
      Promise.resolve(connection.write(bytes)).then(
        () => on.written(count),
        (error) => on.close(error?.message ?? String(error)),
      );
    },
    close: () => connection.close(),
  };
}
