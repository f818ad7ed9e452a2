// Interceptors that many want. What an interceptor is stands in index.d.ts.

import { InvalidRecordError } from './errors.js';
import { headerPairs } from './pack.js';

/** Adds a header that says where a record is from, behind the record's own. */
export function provenance(source, { header = 'provenance' } = {}) {
  return { onSend: (record) => void record.headers.push([header, source]) };
}

/** Refuses records whose key is null. An empty key is a key. */
export function requireKey() {
  return {
    onSend: ({ topic, key }) => {
      if (key === null || key === undefined) {
        throw new InvalidRecordError(`records of topic ${topic} need a key here (interceptor requireKey); give the record one`);
      }
    },
  };
}

/** Refuses records of more than so many bytes: key, value, and names and values of headers. */
export function maximumSize(limit) {
  return {
    onSend: (record, { size }) => {
      const bytes = size(record);
      if (bytes > limit) {
        throw new InvalidRecordError(
          `a record of ${bytes} bytes for topic ${record.topic}, where ${limit} are allowed (interceptor maximumSize); send less`,
          { code: 'RECORD_TOO_LARGE' },
        );
      }
    },
  };
}

/** All interceptors of a producer, called as Kafka's ProducerInterceptors calls them. */
export class Chain {
  #interceptors;
  #context;
  #complained = new Set();

  /** `size(record)` gives the bytes that a record will have. */
  constructor(interceptors, size) {
    this.#interceptors = interceptors;
    this.#context = Object.freeze({ size });
  }

  get isEmpty() {
    return this.#interceptors.length === 0;
  }

  /** Makes of `sent.record` what the interceptors make of it. Throws what one of them refuses it with. */
  onSend(sent) {
    for (const interceptor of this.#interceptors) {
      if (!interceptor.onSend) continue;
      // Each works on its own copy: one that fails half-way has changed nothing.
      const copy = { ...sent.record, headers: sent.record.headers.map((pair) => [...pair]) };
      try {
        sent.record = changed(copy, interceptor.onSend(copy, this.#context));
      } catch (error) {
        if (error instanceof InvalidRecordError) throw error;
        this.#complain(interceptor, 'onSend', error);
      }
    }
  }

  onAcknowledgement(metadata, error, headers) {
    for (const interceptor of this.#interceptors) {
      if (!interceptor.onAcknowledgement) continue;
      try {
        interceptor.onAcknowledgement(metadata, error, headers);
      } catch (failure) {
        this.#complain(interceptor, 'onAcknowledgement', failure);
      }
    }
  }

  close() {
    for (const interceptor of this.#interceptors) {
      try {
        interceptor.close?.();
      } catch (error) {
        this.#complain(interceptor, 'close', error);
      }
    }
  }

  // Once for each: a broken interceptor fails at every record.
  #complain(interceptor, method, error) {
    const which = `${this.#interceptors.indexOf(interceptor)} ${method}`;
    if (this.#complained.has(which)) return;
    this.#complained.add(which);
    console.warn(
      `ottla: ${method} of interceptor ${which.split(' ')[0]} failed, and is passed over: ${error?.message ?? error}\n`
      + 'Its later failures are not shown. To refuse a record, throw an InvalidRecordError.',
    );
  }
}

function changed(copy, returned) {
  if (returned === undefined) returned = copy;
  if (returned === null || typeof returned !== 'object') throw new TypeError(`it returned ${String(returned)}, which is no record`);
  if (typeof returned.then === 'function') throw new TypeError('it returned a promise; it must be done when it returns');
  return { ...returned, headers: headerPairs(returned.headers ?? []) };
}
