//! What the producing commands share: they send, count what became of each record, and say so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ottla::{Builder, KafkaError, Producer, Record};

use crate::exit::{Failure, Outcome};
use crate::progress::say;

/// Failures that are printed one by one; the rest is only counted.
const SHOWN: u64 = 10;
/// How long the last records may take beyond their own `delivery.timeout.ms`.
const GRACE: Duration = Duration::from_secs(5);

/// Counts deliveries.
#[derive(Clone)]
pub(crate) struct Deliveries {
    counts: Arc<Mutex<Counts>>,
    limit: Duration,
}

#[derive(Default)]
struct Counts {
    delivered: u64,
    failed: u64,
    by_code: BTreeMap<String, u64>,
    no_cluster: Option<String>,
    locked_out: Option<String>,
}

impl Deliveries {
    /// Starts the producer and prints what its configuration gave notice of.
    pub(crate) fn start(builder: Builder) -> Result<(Self, Producer), Failure> {
        let config = builder.check().map_err(Failure::usage)?;
        let producer = start(builder)?;
        let limit = config.delivery_timeout() + GRACE;
        Ok((
            Self {
                counts: Arc::default(),
                limit,
            },
            producer,
        ))
    }

    /// Sends record number `number`; waits for room as long as `max.block.ms` allows.
    pub(crate) async fn send(&self, producer: &Producer, number: u64, record: Record<'static>) {
        let counts = Arc::clone(&self.counts);
        let sent = producer
            .send_with(record, move |result| match result {
                Ok(_) => lock(&counts).delivered += 1,
                Err(error) => lock(&counts).fail(number, &error),
            })
            .await;
        if let Err(error) = sent {
            lock(&self.counts).fail(number, &error);
        }
    }

    /// Waits until everything that was sent is resolved.
    pub(crate) async fn settle(&self, producer: &Producer) {
        // A flush fails only when the producer is closed, and then nothing is left to wait for.
        let _ = producer.flush().await;
    }

    /// Records that were acknowledged so far.
    pub(crate) fn delivered(&self) -> u64 {
        lock(&self.counts).delivered
    }

    /// No broker was ever reached, or none lets this client in: there is no use in sending more.
    pub(crate) fn hopeless(&self) -> bool {
        let counts = lock(&self.counts);
        counts.no_cluster.is_some() || counts.locked_out.is_some()
    }

    /// Delivers what is left and closes the producer.
    pub(crate) async fn finish(&self, producer: Producer) -> Outcome {
        self.settle(&producer).await;
        let closed = producer.close(self.limit).await;
        let counts = lock(&self.counts);
        if let Some(why) = &counts.no_cluster {
            return Err(Failure::NoCluster(why.clone()));
        }
        if let Some(why) = &counts.locked_out {
            let (failed, all) = (counts.failed, counts.failed + counts.delivered);
            return Err(Failure::Delivery(format!(
                "{why} ({failed} of {all} records were not delivered)"
            )));
        }
        if counts.failed > 0 {
            let codes: Vec<_> = counts
                .by_code
                .iter()
                .map(|(code, n)| format!("{n} {code}"))
                .collect();
            return Err(Failure::Delivery(format!(
                "{} of {} records were not delivered ({})",
                counts.failed,
                counts.failed + counts.delivered,
                codes.join(", ")
            )));
        }
        closed.map_err(|e| Failure::Delivery(e.to_string()))
    }
}

/// Starts a producer and prints what its configuration gave notice of.
pub(crate) fn start(builder: Builder) -> Result<Producer, Failure> {
    let producer = builder.start().map_err(Failure::usage)?;
    for notice in producer.notices() {
        eprintln!("notice: {notice}");
    }
    Ok(producer)
}

/// Whether the record failed because no broker could be reached at all.
pub(crate) fn no_cluster(error: &KafkaError) -> bool {
    error.code() == "NO_BROKER"
}

/// What is said of a failure. A bridge that refuses a page or a path is the right address, and what helps stands behind
/// its answer: nobody has to look at bootstrap.servers as well.
pub(crate) fn told(error: &str) -> String {
    match error.contains("the bridge answered 40") {
        true => error.replacen("; check bootstrap.servers", "", 1),
        false => error.to_owned(),
    }
}

/// Whether the record failed because the client is not let in, or does not trust the broker: so will every other.
pub(crate) fn locked_out(error: &KafkaError) -> bool {
    const CODES: [&str; 4] = [
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "ILLEGAL_SASL_STATE",
        "SSL_AUTHENTICATION_FAILED",
    ];
    CODES.contains(&error.code())
}

impl Counts {
    fn fail(&mut self, number: u64, error: &KafkaError) {
        self.failed += 1;
        *self.by_code.entry(error.code().to_owned()).or_default() += 1;
        if no_cluster(error) {
            self.no_cluster.get_or_insert_with(|| told(&error.to_string()));
        } else if locked_out(error) {
            self.locked_out.get_or_insert_with(|| error.to_string());
        } else if self.failed <= SHOWN {
            say(&format!("record {number}: {error}"));
            if self.failed == SHOWN {
                say("(further failures are counted, not shown)");
            }
        }
    }
}

fn lock(counts: &Mutex<Counts>) -> std::sync::MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_that_answers_is_the_right_address() {
        let of = |why| {
            format!("NO_BROKER: no broker told of topic t: {why}; check bootstrap.servers (waited 9 ms)")
        };
        let refused = told(&of(
            "ws://b: the bridge answered 403 Forbidden (no origin); set an origin",
        ));
        assert!(refused.ends_with("; set an origin (waited 9 ms)"), "{refused}");
        let silent = of("b:1: connection refused");
        assert_eq!(told(&silent), silent);
    }
}
