//! How a world begins, as data.

use ottla_broker::{Endpoint, Micros, NewTopic, NodeId, Settings};
use ottla_sorted::SortedMap;
use ottla_trace::Level;

use crate::{ClusterSetup, Delays};

/// How a world begins. Equal setups with equal commands make equal runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Number of brokers, with node ids from 1.
    pub brokers: u16,
    /// Settings of the brokers.
    pub settings: Settings,
    /// Topics that exist from the beginning.
    pub topics: Vec<NewTopic>,
    /// The producer's configuration, name and value. `bootstrap.servers` names all brokers unless it is here.
    pub config: Vec<(String, String)>,
    /// The network between client and brokers.
    pub network: Network,
    /// The network between brokers and controller.
    pub delays: Delays,
    /// The wall clock at time 0, in milliseconds since the epoch.
    pub epoch_ms: i64,
    /// How much is traced.
    pub trace: Level,
}

/// The network between client and brokers: TCP, so bytes arrive in order or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// How long bytes take to a broker.
    pub to_broker: Span,
    /// How long bytes take to the client.
    pub to_client: Span,
    /// In which pieces bytes arrive.
    pub pieces: Pieces,
    /// Bytes per second in each direction of each connection; `None` takes no time to send.
    pub bandwidth: Option<u64>,
    /// How many bytes the client's and the broker's kernel take that the broker has not read.
    pub window: usize,
}

/// A time drawn evenly from least to most, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The shortest.
    pub least: Micros,
    /// The longest.
    pub most: Micros,
}

impl Span {
    /// Always the same time.
    #[must_use]
    pub const fn exactly(time: Micros) -> Self {
        Self {
            least: time,
            most: time,
        }
    }
}

/// How a stream of bytes is cut on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pieces {
    /// As it was written.
    Whole,
    /// Into pieces of 1 to so many bytes.
    UpTo(usize),
}

impl Default for Setup {
    /// Three brokers a few milliseconds away, no topics, Kafka's defaults.
    fn default() -> Self {
        Self {
            seed: 0,
            brokers: 3,
            settings: Settings {
                default_replication_factor: 3,
                ..Settings::default()
            },
            topics: Vec::new(),
            config: Vec::new(),
            network: Network {
                to_broker: Span::exactly(2_000),
                to_client: Span::exactly(2_000),
                pieces: Pieces::Whole,
                bandwidth: None,
                window: 128 << 10,
            },
            delays: Delays {
                replication: 1_000,
                fetch: 1_000,
                controller: 2_000,
                startup: 2_000_000,
            },
            epoch_ms: 1_767_225_600_000,
            trace: Level::Off,
        }
    }
}

impl Setup {
    /// Sets an option of the producer, replacing an earlier value.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "numbers and words are written as they are"
    )]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.config.retain(|(known, _)| known != name);
        self.config.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a topic.
    #[must_use]
    pub fn topic(
        mut self,
        name: &str,
        partitions: i32,
        replication_factor: i16,
        configs: &[(&str, &str)],
    ) -> Self {
        let configs = configs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let name = name.to_owned();
        self.topics.push(NewTopic {
            name,
            partitions,
            replication_factor,
            configs,
            ..NewTopic::default()
        });
        self
    }

    /// The addresses that the brokers advertise.
    #[must_use]
    pub fn endpoints(&self) -> SortedMap<NodeId, Endpoint> {
        let nodes = (1..=self.brokers).map(NodeId::from);
        let endpoint = |node: NodeId| Endpoint {
            host: format!("broker-{node}"),
            port: 9092,
            rack: None,
        };
        nodes.map(|node| (node, endpoint(node))).collect()
    }

    pub(super) fn cluster(&self) -> ClusterSetup {
        ClusterSetup {
            seed: self.seed,
            cluster_id: "ottla-sandbox".to_owned(),
            brokers: self.endpoints(),
            settings: self.settings.clone(),
            delays: self.delays,
            epoch_ms: self.epoch_ms,
            observe: true,
        }
    }

    pub(super) fn producer_config(&self) -> Vec<(String, String)> {
        let mut config = self.config.clone();
        if config.iter().all(|(name, _)| name != "bootstrap.servers") {
            let brokers = self.endpoints();
            let servers: Vec<String> = brokers
                .values()
                .map(|it| format!("{}:{}", it.host, it.port))
                .collect();
            config.push(("bootstrap.servers".to_owned(), servers.join(",")));
        }
        config
    }
}
