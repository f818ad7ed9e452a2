// Which request waits for which record. The engine counts records up from 0, so they are kept in pages of an array:
// a map of a million numbers would cost more than packing the records does.

const PAGE = 1024;

/** One call of send: settles when all its records have. */
export class Request {
  constructor(size) {
    this.results = new Array(size);
    this.left = size;
    this.failure = null;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  succeed(index, metadata) {
    this.results[index] = metadata;
    this.#settle();
  }

  fail(index, error) {
    this.results[index] = error;
    this.failure ??= error;
    this.#settle();
  }

  #settle() {
    if (--this.left > 0) return;
    if (!this.failure) return this.resolve(this.results);
    // Not enumerable: it contains the error itself, and errors are often logged as JSON.
    if (this.results.length > 1) Object.defineProperty(this.failure, 'results', { value: this.results });
    this.reject(this.failure);
  }
}

export class Waiting {
  #pages = new Map();
  #number = -1;
  #page = null;

  add(id, request, index) {
    const number = Math.floor(id / PAGE);
    if (number !== this.#number) this.#turn(number, true);
    const page = this.#page;
    const slot = id % PAGE;
    page.requests[slot] = request;
    page.indices[slot] = index;
    page.left++;
  }

  /** The request of a record, which it forgets; the record's index in it is `index` afterwards. */
  take(id) {
    const number = Math.floor(id / PAGE);
    if (number !== this.#number) this.#turn(number, false);
    const page = this.#page;
    const slot = id % PAGE;
    const request = page?.requests[slot];
    if (!request) return undefined;
    this.index = page.indices[slot];
    page.requests[slot] = undefined;
    if (--page.left === 0) {
      this.#pages.delete(number);
      this.#number = -1;
      this.#page = null;
    }
    return request;
  }

  get isEmpty() {
    return this.#pages.size === 0;
  }

  /** Every request that waits, once for each record. */
  *drain() {
    for (const [number, { requests }] of this.#pages) {
      for (let slot = 0; slot < PAGE; slot++) {
        if (requests[slot]) yield [this.take(number * PAGE + slot), this.index];
      }
    }
  }

  #turn(number, create) {
    let page = this.#pages.get(number);
    if (!page && create) {
      page = { requests: new Array(PAGE).fill(undefined), indices: new Array(PAGE).fill(0), left: 0 };
      this.#pages.set(number, page);
    }
    this.#number = page ? number : -1;
    this.#page = page ?? null;
  }
}
