// What a request or a message has that nothing here reads. To pass it over would be to promise what is not kept.

import { KafkaError } from './errors.js';

const TAKES = 'send takes { topic, messages }';
const OF_REQUESTS = {
  acks: "it belongs to the producer: createProducer({ config: { acks: '1' } })",
  compression: "it belongs to the producer: createProducer({ config: { 'compression.type': 'lz4' } })",
  timeout: "it belongs to the producer: createProducer({ config: { 'request.timeout.ms': 30000 } })",
  topicMessages: 'call send for each topic, and await Promise.all',
};
const TAKEN = 'a message has key, value, headers, partition and timestamp';
const OF_MESSAGES = {
  keys: 'write key',
  values: 'write value',
  header: 'write headers',
  partitions: 'write partition',
  timestampMs: 'write timestamp, in milliseconds',
};

export function checkRequest(request) {
  for (const name in request) {
    if (name !== 'topic' && name !== 'messages') refuse(request, name, 'send', OF_REQUESTS, TAKES);
  }
}

// A loop over names that are known: some 4 ns, where packing the record takes 70.
export function checkMessage(message) {
  for (const name in message) {
    if (name !== 'key' && name !== 'value' && name !== 'headers' && name !== 'partition' && name !== 'timestamp') {
      refuse(message, name, 'the message', OF_MESSAGES, TAKEN);
    }
  }
}

function refuse(of, name, where, advice, otherwise) {
  // What is inherited, or set to nothing, asks for nothing.
  if (!Object.hasOwn(of, name) || of[name] === undefined) return;
  const what = Object.hasOwn(advice, name) ? advice[name] : otherwise;
  throw new KafkaError('INVALID_RECORD', `${where} has an unknown field ${name}: ${what}`);
}
