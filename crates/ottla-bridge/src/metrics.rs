//! Counters in Prometheus' text format. No label holds anything that a client chose.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    api: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: u32,
}

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    closes: Family<CodeLabel, Counter>,
    refused_upgrades: Family<CodeLabel, Counter>,
    pub(crate) connections: Gauge,
    pub(crate) upgrades: Counter,
    pub(crate) dial_failures: Counter,
    pub(crate) refused_partitions: Counter,
    pub(crate) bytes_from_clients: Counter,
    pub(crate) bytes_to_brokers: Counter,
    pub(crate) bytes_to_clients: Counter,
    request_memory: Gauge,
    answer_memory: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("ottla_bridge"),
            requests: Family::default(),
            closes: Family::default(),
            refused_upgrades: Family::default(),
            connections: Gauge::default(),
            upgrades: Counter::default(),
            dial_failures: Counter::default(),
            refused_partitions: Counter::default(),
            bytes_from_clients: Counter::default(),
            bytes_to_brokers: Counter::default(),
            bytes_to_clients: Counter::default(),
            request_memory: Gauge::default(),
            answer_memory: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "requests",
            "Requests by API and outcome: forwarded, cut (part of it), answered (by the bridge), refused",
            self.requests.clone(),
        );
        registry.register("connections", "Open WebSockets", self.connections.clone());
        registry.register("upgrades", "WebSockets that were opened", self.upgrades.clone());
        registry.register(
            "refused_upgrades",
            "HTTP requests that became no WebSocket, by status",
            self.refused_upgrades.clone(),
        );
        registry.register(
            "closes",
            "WebSockets that ended, by close code (0: the client's socket ended without one)",
            self.closes.clone(),
        );
        registry.register(
            "dial_failures",
            "Brokers that could not be reached",
            self.dial_failures.clone(),
        );
        registry.register(
            "refused_partitions",
            "Partitions that were cut out of Produce requests",
            self.refused_partitions.clone(),
        );
        for (name, help, counter) in [
            (
                "from_clients",
                "Bytes of requests that were read",
                &self.bytes_from_clients,
            ),
            (
                "to_brokers",
                "Bytes of requests that were written",
                &self.bytes_to_brokers,
            ),
            (
                "to_clients",
                "Bytes of answers of brokers that were passed on",
                &self.bytes_to_clients,
            ),
        ] {
            registry.register_with_unit(name, help, Unit::Bytes, counter.clone());
        }
        for (name, help, gauge) in [
            (
                "request_memory",
                "Bytes of the budget that requests occupy",
                &self.request_memory,
            ),
            (
                "answer_memory",
                "Bytes of the budget that answers occupy",
                &self.answer_memory,
            ),
        ] {
            registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
    }

    pub(crate) fn request(&self, api: &'static str, outcome: &'static str) {
        self.requests.get_or_create(&RequestLabels { api, outcome }).inc();
    }

    pub(crate) fn closed(&self, code: u16) {
        self.closes.get_or_create(&CodeLabel { code: code.into() }).inc();
    }

    pub(crate) fn refused_upgrade(&self, status: u16) {
        self.refused_upgrades
            .get_or_create(&CodeLabel { code: status.into() })
            .inc();
    }

    /// The text that Prometheus fetches.
    pub(crate) fn render(&self, request_memory: usize, answer_memory: usize) -> String {
        self.request_memory
            .set(i64::try_from(request_memory).unwrap_or(i64::MAX));
        self.answer_memory
            .set(i64::try_from(answer_memory).unwrap_or(i64::MAX));
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a String cannot fail; an empty page is still an answer.
            Err(_) => String::new(),
        }
    }
}
