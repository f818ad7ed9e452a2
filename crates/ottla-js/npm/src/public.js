// What every entry exports beside `createProducer`.

export { ConfigError, InvalidRecordError, KafkaError, QueueFullError } from './errors.js';
export { maximumSize, provenance, requireKey } from './interceptors.js';
export { orRoundRobin } from './partitioners.js';
export { serializers } from './serializers.js';
export { environmentFrom, propertiesFrom } from './sources.js';
