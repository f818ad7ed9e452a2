// What createProducer was given, checked as a whole: every problem is named, not only the first.

import { ConfigError } from './errors.js';
import { engineName, SERIALIZER_NAMES, serializerName } from './serializers.js';

const OPTIONS = ['bridge', 'bootstrapServers', 'config', 'serializer', 'interceptors', 'partitioner', 'origin', 'trace', 'connect'];
const SERIALIZERS = ['key.serializer', 'value.serializer'];
const LATER = {
  token: 'tokens are not supported yet; let the bridge accept the Origin of the page',
  outbox: 'an outbox is not supported yet',
  brokers: "the option is bootstrapServers: ['b1:9092', 'b2:9092']",
  clientId: "write config: { 'client.id': '…' }",
};
const LEVELS = ['off', 'batch', 'record'];

/** The options as name, value, name, value for the engine. Throws a ConfigError that lists every problem. */
export function pairsOf(options) {
  if (options === null || typeof options !== 'object') {
    throw new ConfigError(["createProducer needs options, for example { bridge: 'wss://kafka.example.com/k/main' }"]);
  }
  const problems = [...strangers(options), ...kinds(options)];
  const pairs = problems.length > 0 ? [] : servers(options, problems);
  for (const name of SERIALIZERS) {
    const chosen = serializerName(options.config?.[name] ?? 'json');
    if (chosen) pairs.push(name, engineName(chosen));
    else problems.push(`${name}=${options.config[name]}: not known; allowed are ${SERIALIZER_NAMES.join(', ')} and Kafka's classes for them (StringSerializer, LongSerializer)`);
  }
  for (const [name, value] of Object.entries(options.config ?? {})) {
    if (SERIALIZERS.includes(name)) continue;
    if (['string', 'number', 'boolean', 'bigint'].includes(typeof value)) pairs.push(name, String(value));
    else problems.push(`config ${name}: must be a string, a number or a boolean, not ${value === null ? 'null' : typeof value}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return pairs;
}

/** A problem of the engine's, which speaks to whoever builds it; this package is built already. */
export const inThisPackage = (problem) => problem.replace(
  /this build leaves the codec out; .*/,
  'this package leaves the codec out, to stay small; it has none, gzip, snappy and lz4',
);

const strangers = (options) => Object.keys(options)
  .filter((name) => !OPTIONS.includes(name))
  .map((name) => `option ${name}: ${LATER[name] ?? advice(name)}`);

const advice = (name) => (name.includes('.')
  ? `Kafka's own properties go into config: { '${name}': … }`
  : `unknown; it may be one of ${OPTIONS.join(', ')}`);

/** The short names of the serializers of keys and values. */
export const serializerNames = ({ config }) => ({
  key: serializerName(config?.['key.serializer'] ?? 'json'),
  value: serializerName(config?.['value.serializer'] ?? 'json'),
});

function kinds({ bridge, bootstrapServers, config, serializer, interceptors, partitioner, origin, trace, connect }) {
  const wrong = [];
  const must = (ok, name, what) => ok || wrong.push(`option ${name}: must be ${what}`);
  if (bridge !== undefined) must(typeof bridge === 'string' || bridge instanceof URL, 'bridge', "a URL such as 'wss://kafka.example.com/k/main'");
  if (bootstrapServers !== undefined) must(isServers(bootstrapServers), 'bootstrapServers', "a string or an array of strings, ['host:9092']");
  if (config !== undefined) must(config !== null && typeof config === 'object' && !Array.isArray(config), 'config', "an object of Kafka's properties");
  if (serializer !== undefined) must(typeof serializer === 'function', 'serializer', 'a function (value, topic) that returns a string or bytes');
  if (interceptors !== undefined) {
    must(Array.isArray(interceptors) && interceptors.every(isInterceptor), 'interceptors', 'an array of objects with onSend, onAcknowledgement or both');
  }
  if (partitioner !== undefined) {
    must(typeof partitioner === 'function' || typeof partitioner?.partition === 'function', 'partitioner', 'a function (record, partitions), or an object with partition, and perhaps configure and close');
  }
  if (origin !== undefined) must(typeof origin === 'string', 'origin', 'a string');
  if (connect !== undefined) must(typeof connect === 'function', 'connect', 'a function (address, on)');
  if (trace !== undefined) {
    must(LEVELS.includes(trace?.level) && typeof trace.write === 'function', 'trace', `{ level: '${LEVELS.join("' or '")}', write: (line) => … }`);
  }
  return wrong;
}

const HOOKS = ['onSend', 'onAcknowledgement', 'close'];
const isInterceptor = (value) => value !== null && typeof value === 'object'
  && HOOKS.every((name) => value[name] === undefined || typeof value[name] === 'function')
  && (value.onSend !== undefined || value.onAcknowledgement !== undefined);

const isServers = (value) => typeof value === 'string' || (Array.isArray(value) && value.every((entry) => typeof entry === 'string'));

function servers({ bridge, bootstrapServers, config }, problems) {
  const given = [bridge, bootstrapServers, config?.['bootstrap.servers']].filter((value) => value !== undefined);
  if (given.length !== 1) {
    problems.push("give either bridge ('wss://…/k/CLUSTER') or bootstrapServers (['host:9092'])");
    return [];
  }
  if (bridge !== undefined && !/^wss?:/.test(bridge)) problems.push(`option bridge: '${bridge}' must begin with ws:// or wss://`);
  const text = Array.isArray(given[0]) ? given[0].join(',') : String(given[0]);
  return config?.['bootstrap.servers'] === undefined ? ['bootstrap.servers', text] : [];
}
