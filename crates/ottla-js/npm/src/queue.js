// Records that wait for room in buffer.memory, in their order, as bytes: what the application does with its message
// afterwards changes nothing. A flush waits among them for those before it.

export class Queue {
  #entries = [];
  #head = 0;
  #timer = null;
  #limitMs;
  #expired;
  #next;

  /** `expired(entry)` is called for each record that has waited for `limitMs`, then `next()` if others were behind it. */
  constructor(limitMs, expired, next) {
    this.#limitMs = limitMs;
    this.#expired = expired;
    this.#next = next;
  }

  get size() {
    return this.#entries.length - this.#head;
  }

  /** `entry.since`, in microseconds, is when its wait began. */
  push(entry, now) {
    this.#entries.push(entry);
    if (this.#timer === null) this.#arm(now);
  }

  peek() {
    return this.#entries[this.#head];
  }

  shift() {
    const entry = this.#entries[this.#head];
    this.#entries[this.#head++] = undefined;
    if (this.#head === this.#entries.length) this.clear();
    else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  /** Empties it and returns what was in it. */
  clear() {
    const left = this.#entries.slice(this.#head);
    this.#entries = [];
    this.#head = 0;
    clearTimeout(this.#timer);
    this.#timer = null;
    return left;
  }

  /** Gives up on the records whose time is over. All have the same limit, so the first is the first to expire. */
  expire(now) {
    this.#timer = null;
    const limit = this.#limitMs * 1000;
    while (this.size > 0 && (this.peek().flushed || now - this.peek().since >= limit)) this.#expired(this.shift());
    // There may be room for those behind it, which need less.
    if (this.size > 0) this.#next();
    if (this.size > 0 && this.#timer === null) this.#arm(now);
  }

  #arm(now) {
    const ms = Math.ceil((this.peek().since - now) / 1000) + this.#limitMs;
    if (ms < 0x7fffffff) this.#timer = setTimeout(() => this.expire(Math.round(performance.now() * 1000)), Math.max(0, ms));
  }
}
