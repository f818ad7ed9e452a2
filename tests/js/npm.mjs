// What the scripts about the npm package share. `node npm_x.mjs WHERE TOPIC [MORE]`: WHERE is the JSON of the options
// that say how to reach Kafka, so that each script runs over TCP and through the bridge.
import assert from 'node:assert/strict';
import { load } from '../../crates/ottla-js/npm/test/ottla.mjs';

export const { createProducer, ConfigError, KafkaError, QueueFullError } = await load('src/node.js');

const [whereText, topicName, ...others] = process.argv.slice(2);
export const where = JSON.parse(whereText);
export const topic = topicName;
export const more = others;

export const start = (config = {}, options = {}) => createProducer({ ...where, config, ...options });

/** One line of JSON for the test that started this script. */
export const tell = (value) => console.log(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? Number(part) : part)));

const hex = (data) => (data === null ? null : Buffer.from(data).toString('hex'));

/** Where a record is, and the bytes that must be there. */
export const tellRecord = ({ partition, offset, timestamp }, key, value, headers = []) =>
  tell({ partition, offset, timestamp, key: hex(key), value: hex(value), headers });

/** The error of what must fail, typed in every field; its message names each needle in at most two lines. */
export async function failure(attempt, code, { persisted = 'no', retriable = false, needles = [], type = KafkaError } = {}) {
  const error = await Promise.resolve().then(attempt).then(
    (value) => assert.fail(`${code} was expected, but it succeeded: ${JSON.stringify(value, (_, part) => String(part))}`),
    (thrown) => thrown,
  );
  assert(error instanceof type && error instanceof KafkaError && error instanceof Error, `${error?.stack ?? error}`);
  const { name, message } = error;
  assert.deepEqual(
    { name, code: error.code, persisted: error.persisted, retriable: error.retriable },
    { name: type.name, code, persisted, retriable },
    message,
  );
  for (const needle of needles) assert(message.includes(needle), `no ${JSON.stringify(needle)} in: ${message}`);
  assert(message.split('\n').length <= 2, message);
  return error;
}
