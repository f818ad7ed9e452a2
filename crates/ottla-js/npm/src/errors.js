// Errors with Kafka's names. Shapes are documented in index.d.ts.

export class KafkaError extends Error {
  constructor(code, message, { persisted = 'no', retriable = false, record, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.persisted = persisted;
    this.retriable = retriable;
    if (record) this.record = record;
  }
}

export class QueueFullError extends KafkaError {
  constructor(message) {
    super('BUFFER_EXHAUSTED', message, { retriable: true });
  }
}

/** What an interceptor throws to refuse a record. */
export class InvalidRecordError extends KafkaError {
  constructor(message, { code = 'INVALID_RECORD', cause } = {}) {
    super(code, message, { cause });
  }
}

export class ConfigError extends KafkaError {
  constructor(problems) {
    super('INVALID_CONFIG', problems.join('\n'));
    this.problems = problems;
  }
}
