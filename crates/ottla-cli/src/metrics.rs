//! The producer's metrics, for people: a line now and then, and a table at the end.

use std::time::Duration;

use clap::Args;
use ottla::{Metric, Producer};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::progress::say;

/// Whether metrics are shown.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct MetricsArgs {
    /// Show on standard error what limits the producer, a line every MS milliseconds, and at the end all metrics under
    /// Kafka's names (docs/metrics.md).
    #[arg(long, value_name = "MS", num_args = 0..=1, require_equals = true, default_missing_value = "5000",
        conflicts_with = "spool",
        value_parser = clap::value_parser!(u64).range(1..))]
    metrics: Option<u64>,
}

/// Metrics that are being shown.
pub(crate) struct Shown {
    ticks: JoinHandle<()>,
}

impl MetricsArgs {
    /// Begins to show them, if that is asked for.
    pub(crate) fn start(self, producer: &Producer) -> Option<Shown> {
        let every = Duration::from_millis(self.metrics?);
        let producer = producer.clone();
        let ticks = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            // The first one is due at once, when there is nothing to tell.
            ticks.tick().await;
            loop {
                ticks.tick().await;
                say(&line(&producer.kafka_metrics()));
            }
        });
        Some(Shown { ticks })
    }
}

impl Shown {
    /// Shows all of them a last time.
    pub(crate) fn finish(self, producer: &Producer) {
        self.ticks.abort();
        say(&table(producer.kafka_metrics()));
    }
}

/// What limits a producer: rates, how full batches are, how long they wait, and what is left of the memory.
fn line(metrics: &[Metric]) -> String {
    let of = |name: &str| {
        let found = metrics
            .iter()
            .find(|metric| metric.group == "producer-metrics" && metric.name == name);
        found.map_or(f64::NAN, |metric| metric.value)
    };
    let memory = 100.0 * (1.0 - of("buffer-available-bytes") / of("buffer-total-bytes"));
    let text = |value: f64, decimals: usize| match value.is_finite() {
        true => format!("{value:.decimals$}"),
        false => "-".to_owned(),
    };
    format!(
        "{} records/s, batches of {} bytes, {} records a request, {} ms in the queue, {} ms to the answer, {} in flight, \
         buffer.memory {} % used, {} retries, {} errors",
        text(of("record-send-rate"), 1),
        text(of("batch-size-avg"), 0),
        text(of("records-per-request-avg"), 1),
        text(of("record-queue-time-avg"), 1),
        text(of("request-latency-avg"), 1),
        text(of("requests-in-flight"), 0),
        text(memory, 0),
        text(of("record-retry-total"), 0),
        text(of("record-error-total"), 0),
    )
}

/// The metrics by name, in the two columns of Kafka's tools.
pub(crate) fn table(metrics: Vec<Metric>) -> String {
    let mut lines: Vec<(String, f64)> = metrics
        .into_iter()
        .map(|metric| {
            let tag = if metric.tag.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", metric.tag)
            };
            (format!("{}:{}{tag}", metric.group, metric.name), metric.value)
        })
        .collect();
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut table = format!("{:<width$}   Value", "Metric Name");
    for (name, value) in lines {
        table.push_str(&format!("\n{name:<width$} : {value:.3}"));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_limits_the_producer_and_a_dash_what_is_not_known() {
        let metric = |name, value| Metric {
            group: "producer-metrics",
            name,
            tag: String::new(),
            value,
        };
        let text = line(&[
            metric("record-send-rate", 12.34),
            metric("batch-size-avg", f64::NAN),
            metric("buffer-total-bytes", 200.0),
            metric("buffer-available-bytes", 150.0),
            metric("record-retry-total", 3.0),
        ]);
        for expected in [
            "12.3 records/s",
            "batches of - bytes",
            "buffer.memory 25 % used",
            "3 retries",
            "- errors",
        ] {
            assert!(text.contains(expected), "no {expected:?} in {text}");
        }
    }

    #[test]
    fn metrics_are_sorted_and_stand_in_columns() {
        let metric = |name, tag: &str, value| Metric {
            group: "producer-metrics",
            name,
            tag: tag.to_owned(),
            value,
        };
        let table = table(vec![
            metric("record-send-total", "", 3.0),
            metric("batch-size-avg", "orders", 1.5),
        ]);
        assert_eq!(
            table,
            "Metric Name                               Value\n\
             producer-metrics:batch-size-avg{orders} : 1.500\n\
             producer-metrics:record-send-total      : 3.000"
        );
    }
}
