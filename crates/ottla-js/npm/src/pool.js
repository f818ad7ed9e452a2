// Buffers for requests, used again once they are written: a new one for each request costs zeroed pages and work for the
// garbage collector, together more than copying the request.

const STEP = 16 * 1024;
// Requests that are under way at a time are few; what a burst needed beyond that is let go.
const MOST_KEPT = 8;
const LARGEST_KEPT = 1024 * 1024;

export class BufferPool {
  #allocate;
  #free = [];

  /** `allocate(length)` makes a Uint8Array whose content does not matter. */
  constructor(allocate) {
    this.#allocate = allocate;
  }

  /** An array of this length, at the beginning of its buffer. */
  take(length) {
    for (let i = this.#free.length - 1; i >= 0; i--) {
      const whole = this.#free[i];
      if (whole.byteLength < length) continue;
      this.#free[i] = this.#free.at(-1);
      this.#free.pop();
      return whole.subarray(0, length);
    }
    return this.#allocate(Math.ceil(length / STEP) * STEP || STEP).subarray(0, length);
  }

  /** Takes back what `take` gave and nobody reads or writes any more. */
  give(bytes) {
    const { buffer } = bytes;
    if (buffer.byteLength > LARGEST_KEPT) return;
    if (this.#free.length < MOST_KEPT) this.#free.push(new Uint8Array(buffer));
  }
}
