import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { load, packageDir } from './ottla.mjs';

const entry = await load('src/node.js');
const types = (name) => readFileSync(`${packageDir}/${name}`, 'utf8').replace(/\/\*[^]*?\*\//g, '');
const exported = (text) => [...text.matchAll(/^export (?:abstract )?(?:class|function|const) (\w+)/gm)].map(([, name]) => name).sort();

function members(text, name) {
  const body = text.match(new RegExp(`^export (?:interface|class) ${name}\\b[^{]*\\{\\n([^]*?)^\\}`, 'm'))[1];
  return [...new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gm)].map(([, member]) => member))].sort();
}

test('the types declare what the entry exports', async () => {
  assert.deepEqual(exported(types('index.d.ts')), Object.keys(entry).sort());
  const source = readFileSync(`${packageDir}/src/workerd.js`, 'utf8');
  const inWorkerd = [...exported(types('workerd.d.ts')), ...exported(types('index.d.ts'))].sort();
  assert.match(source, /^export \* from '.\/public.js';$/m);
  const named = Object.keys(await load('src/public.js'));
  const declared = [...source.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual([...named, ...declared].sort(), inWorkerd);
});

test('the types declare the members of a producer', async () => {
  const producer = entry.createProducer({ bootstrapServers: 'b:9092' });
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(producer)).filter((name) => name !== 'constructor');
  assert.deepEqual([...own, ...Object.keys(producer)].sort(), members(types('index.d.ts'), 'Producer'));
  await producer.close();
});

test('the types declare the options', () => {
  const option = (name) => {
    try {
      entry.createProducer({ [name]: undefined, nonsense: 1 });
    } catch (error) {
      return error.problems.some((line) => line.startsWith(`option ${name}:`));
    }
  };
  for (const name of members(types('index.d.ts'), 'ProducerOptions')) assert.equal(option(name), false, name);
  const all = (() => {
    try {
      entry.createProducer({ nonsense: 1 });
    } catch (error) {
      return error.problems[0].match(/one of (.*)$/)[1].split(', ').sort();
    }
  })();
  assert.deepEqual(all, members(types('index.d.ts'), 'ProducerOptions'));
});

test('the types declare the members of errors', () => {
  const error = new entry.KafkaError('X', 'x', { record: {} });
  const declared = members(types('index.d.ts'), 'KafkaError').filter((name) => name !== 'results');
  assert.deepEqual(Object.keys(error).sort(), declared);
});
