// What every Node producer does here: read the values, warm up, send, say how long it took.
//   node CLIENT.mjs BOOTSTRAP TOPIC VALUES CODEC RECORDS WARM_UP      BOOTSTRAP may be a bridge, for ottla

import { readFileSync } from 'node:fs';

/** Records in one call of `send`: of 100 to 10,000 the best for kafkajs and for @platformatic/kafka. */
const PER_SEND = 1000;

/**
 * @param {(options: { bootstrap: string, topic: string, codec: string }) => Promise<{
 *   inFlight: number, message(value: Buffer): object, send(messages: object[]): Promise<unknown>,
 *   flush?(): Promise<void>, close(): Promise<unknown> }>} open
 */
export async function run(open) {
  const [bootstrap, topic, file, codec, records, warmUp] = process.argv.slice(2);
  const values = readFileSync(file, 'latin1').split('\n').filter(Boolean).map((line) => Buffer.from(line, 'latin1'));
  const client = await open({ bootstrap, topic, codec });
  await pump(client, values, Number(warmUp));
  const start = process.hrtime.bigint();
  await pump(client, values, Number(records));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify({ records: Number(records), seconds }));
  await client.close();
}

async function pump(client, values, records) {
  const sends = new Set();
  for (let from = 0; from < records; from += PER_SEND) {
    if (sends.size >= client.inFlight) await Promise.race(sends);
    const messages = [];
    for (let n = from; n < Math.min(from + PER_SEND, records); n++) {
      messages.push(client.message(values[n % values.length]));
    }
    const send = client.send(messages).then(() => sends.delete(send));
    sends.add(send);
  }
  await client.flush?.();
  await Promise.all(sends);
}
