// @platformatic/kafka: idempotent, which has one request in flight.
import { ProduceAcks, Producer } from '@platformatic/kafka';
import { run } from './peer.mjs';

await run(async ({ bootstrap, topic, codec }) => {
  const producer = new Producer({
    clientId: 'platformatic',
    bootstrapBrokers: [bootstrap],
    idempotent: true,
    acks: ProduceAcks.ALL,
    compression: codec,
  });
  return {
    inFlight: 1,
    message: (value) => ({ topic, value }),
    send: (messages) => producer.send({ messages }),
    close: () => producer.close(),
  };
});
