//! Kafka's names of what the producer measures, in three groups; `docs/metrics.md` is written from here.

/// Of the whole producer.
pub(crate) const PRODUCER: &[(&str, &str)] = &[
    (
        "batch-size-avg",
        "bytes of a batch, with its header, as it is sent",
    ),
    ("batch-size-max", "the largest of them"),
    ("compression-rate-avg", "compressed bytes per byte of records"),
    (
        "record-queue-time-avg",
        "milliseconds from the first record of a batch until it goes into a request",
    ),
    ("record-queue-time-max", "the longest of them"),
    (
        "record-size-avg",
        "upper bound of the largest record of a batch, in bytes",
    ),
    ("record-size-max", "the largest of them"),
    ("record-send-rate", "records sent, by second; each retry counts"),
    ("record-send-total", "records sent"),
    ("records-per-request-avg", "records of a Produce request"),
    (
        "record-retry-rate",
        "records that went back into their queue, by second",
    ),
    ("record-retry-total", "all of them"),
    (
        "record-error-rate",
        "records that failed or were refused, by second",
    ),
    ("record-error-total", "all of them"),
    ("batch-split-rate", "batches that were split, by second"),
    ("batch-split-total", "all of them"),
    (
        "buffer-exhausted-rate",
        "records that were dropped because buffer.memory stayed full, by second",
    ),
    ("buffer-exhausted-total", "all of them"),
    ("buffer-total-bytes", "buffer.memory"),
    ("buffer-available-bytes", "what is left of it"),
    (
        "produce-throttle-time-avg",
        "milliseconds of silence that an answer asked for; most ask for 0",
    ),
    ("produce-throttle-time-max", "the longest of them"),
    (
        "bufferpool-wait-time-ns-total",
        "nanoseconds that records waited for buffer.memory before they were taken",
    ),
    ("bufferpool-wait-ratio", "the same, as a share of the time"),
    (
        "metadata-wait-time-ns-total",
        "nanoseconds that records waited for the metadata of their topic",
    ),
    ("flush-time-ns-total", "nanoseconds of all flushes"),
    ("metadata-age", "seconds since metadata arrived"),
    ("requests-in-flight", "requests of every kind without an answer"),
    ("connection-count", "open connections"),
    ("connection-creation-rate", "connections that opened, by second"),
    ("connection-creation-total", "all of them"),
    ("connection-close-rate", "connections that were closed, by second"),
    ("connection-close-total", "all of them"),
    ("successful-authentication-rate", "logins, by second"),
    ("successful-authentication-total", "all of them"),
    (
        "failed-authentication-rate",
        "refused logins and certificates, by second",
    ),
    ("failed-authentication-total", "all of them"),
    ("successful-reauthentication-rate", "renewed sessions, by second"),
    ("successful-reauthentication-total", "all of them"),
    (
        "failed-reauthentication-rate",
        "sessions that were not renewed, by second",
    ),
    ("failed-reauthentication-total", "all of them"),
    (
        "reauthentication-latency-avg",
        "milliseconds that renewing a session took",
    ),
    ("reauthentication-latency-max", "the longest of them"),
    ("network-io-rate", "writes and reads, by second"),
    ("network-io-total", "all of them"),
];

/// Of the whole producer, and of each broker.
pub(crate) const TRAFFIC: &[(&str, &str)] = &[
    ("outgoing-byte-rate", "bytes of requests, by second"),
    ("outgoing-byte-total", "all of them"),
    ("request-rate", "requests of every kind, by second"),
    ("request-total", "all of them"),
    ("request-size-avg", "bytes of a request"),
    ("request-size-max", "the largest of them"),
    ("incoming-byte-rate", "bytes that arrived, by second"),
    ("incoming-byte-total", "all of them"),
    ("response-rate", "answers, by second"),
    ("response-total", "all of them"),
    (
        "request-latency-avg",
        "milliseconds from a Produce request to its answer",
    ),
    ("request-latency-max", "the longest of them"),
];

/// Of each topic.
pub(crate) const TOPIC: &[(&str, &str)] = &[
    ("record-send-rate", "records sent, by second; each retry counts"),
    ("record-send-total", "all of them"),
    ("byte-rate", "bytes of batches sent, by second"),
    ("byte-total", "all of them"),
    ("compression-rate", "compressed bytes per byte of records"),
    (
        "record-retry-rate",
        "records that went back into their queue, by second",
    ),
    ("record-retry-total", "all of them"),
    ("record-error-rate", "records of failed batches, by second"),
    ("record-error-total", "all of them"),
];
