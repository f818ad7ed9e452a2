// What was told of clusters, kept from one short-lived producer to the next. These are bytes and a time: runtimes that
// tie sockets and promises to a request let such data outlive it.

// One entry for each cluster and topic, so that a worker with endless topics does not fill its isolate.
const MOST = 100;

export class KnownClusters {
  #entries = new Map();

  /** One producer's use of what is known: `begin` it as its runtime's `watch`, then `remember` or `forget`. */
  visit({ bridge, bootstrapServers, config, connect } = {}, topic) {
    const where = bridge ?? bootstrapServers ?? config?.['bootstrap.servers'];
    const key = JSON.stringify([String(where), String(topic)]);
    let engine;
    const at = Date.now();
    return {
      begin: (driver) => {
        // An application's own connections may lead anywhere, whatever the address says.
        if (connect) return () => {};
        ({ engine } = driver);
        engine.keepMetadata();
        const entry = this.#entries.get(key);
        if (entry && !engine.preloadMetadata(entry.bytes, Math.max(0, at - entry.at), driver.now())) this.#entries.delete(key);
        return () => (engine = undefined);
      },
      /** After a success; the engine must still be there. */
      remember: () => {
        const bytes = engine?.keptMetadata();
        if (!bytes) return;
        this.#entries.delete(key);
        this.#entries.set(key, { bytes, at });
        if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value);
      },
      /** After a failure: it may be what was known that was wrong. */
      forget: () => void this.#entries.delete(key),
    };
  }
}
