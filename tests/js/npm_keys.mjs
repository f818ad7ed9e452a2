// One record for each line of standard input, with the line as key and as value.
import { readFileSync } from 'node:fs';
import { start, topic } from './npm.mjs';

const keys = readFileSync(0, 'utf8').split('\n').slice(0, -1);
const producer = start();
await producer.send({ topic, messages: keys.map((key) => ({ key, value: key })) });
await producer.close();
