// ottla in Node, over TCP or (BOOTSTRAP is a ws:// address) through a bridge. OTTLA_NPM is the package's directory.
// One argument more than the others have: batch.size.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './peer.mjs';

const { createProducer } = await import(pathToFileURL(join(process.env.OTTLA_NPM, 'src/node.js')));

await run(async ({ bootstrap, topic, codec }) => {
  const producer = createProducer({
    ...(bootstrap.startsWith('ws') ? { bridge: bootstrap } : { bootstrapServers: bootstrap }),
    config: {
      'acks': 'all',
      'enable.idempotence': true,
      'linger.ms': 5,
      'batch.size': Number(process.argv[8]),
      'compression.type': codec,
    },
  });
  return {
    // Sends only hand records over; what waits for what is the producer's business.
    inFlight: 16,
    message: (value) => ({ value }),
    send: (messages) => producer.send({ topic, messages }),
    flush: () => producer.flush(),
    close: () => producer.close(),
  };
});
