//! Apache Kafka: one or three brokers in combined mode, on loopback, with data that goes away.

mod install;
mod java_producer;
mod node;
mod tools;

pub use install::Install;
pub use java_producer::JavaProducer;
pub use node::Node;
pub use tools::{Tools, field};

use std::io::Write;
use std::sync::OnceLock;
use std::thread;

use crate::places;
use crate::proxy::Proxy;

/// How to start a cluster.
#[derive(Debug, Clone)]
pub struct Options {
    brokers: i32,
    host: String,
    config: Vec<(String, String)>,
    listeners: Vec<(String, String)>,
    scram: Vec<String>,
    proxied: bool,
    fast_start: bool,
}

impl Options {
    /// The number of brokers, 1 by default. Each is a controller too.
    #[must_use]
    pub fn brokers(mut self, brokers: i32) -> Self {
        self.brokers = brokers;
        self
    }

    /// The loopback address that brokers listen on and advertise, `127.0.0.1` by default.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// A line of `server.properties`, which wins over the defaults here.
    #[must_use]
    pub fn config(mut self, name: &str, value: &str) -> Self {
        self.config.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more listener of each broker, with a protocol of `listener.security.protocol.map`. Clients find it at
    /// [`Kafka::listener`]; brokers advertise it as `localhost`, which is a name that a certificate can be for.
    #[must_use]
    pub fn listener(mut self, name: &str, protocol: &str) -> Self {
        self.listeners.push((name.to_owned(), protocol.to_owned()));
        self
    }

    /// A user of SCRAM, whom `kafka-storage format --add-scram` makes.
    #[must_use]
    pub fn scram(mut self, mechanism: &str, user: &str, password: &str) -> Self {
        self.scram
            .push(format!("{mechanism}=[name={user},password={password}]"));
        self
    }

    /// Puts a [`Proxy`] before each broker: clients that bootstrap at [`Kafka::proxied_bootstrap`] stay behind it.
    #[must_use]
    pub fn proxied(mut self) -> Self {
        self.proxied = true;
        self
    }

    /// Lets the JVM optimise fully, for benches; by default it is told to start quickly.
    #[must_use]
    pub fn full_speed(mut self) -> Self {
        self.fast_start = false;
        self
    }

    /// Starts the cluster and waits until every broker is unfenced.
    ///
    /// # Panics
    /// When there is no Kafka, or it does not start; the message says which log to read.
    #[track_caller]
    pub fn start(self) -> Kafka {
        Kafka::start(&self)
    }
}

/// A running cluster. Dropping it kills the brokers and removes their data; logs stay for a day under
/// `target/test-runs`.
#[derive(Debug)]
pub struct Kafka {
    nodes: Vec<Node>,
    proxies: Vec<Proxy>,
    bootstrap: String,
}

impl Kafka {
    /// One broker that listens on 127.0.0.1 and creates no topics by itself.
    pub fn options() -> Options {
        Options {
            brokers: 1,
            host: "127.0.0.1".to_owned(),
            config: Vec::new(),
            listeners: Vec::new(),
            scram: Vec::new(),
            proxied: false,
            fast_start: true,
        }
    }

    /// One broker for all tests of a binary that kill nothing: `OTTLA_TEST_BOOTSTRAP` when it is set, else one
    /// that the first call starts. Use topic names of your own ([`Kafka::topic_name`]).
    ///
    /// # Panics
    /// As [`Options::start`], and when `OTTLA_TEST_BOOTSTRAP` is not on loopback.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("OTTLA_TEST_BOOTSTRAP") {
            Ok(bootstrap) => Self::external(bootstrap),
            Err(_) => Self::options().start(),
        })
    }

    /// Whether Kafka's files are here to be looked at. They are not with `OTTLA_TEST_BOOTSTRAP`, and then `what` is
    /// left out, which is said past the capture of the test runner.
    pub fn has_files(what: &str) -> bool {
        let external = std::env::var_os("OTTLA_TEST_BOOTSTRAP").is_some();
        if external {
            // Whoever closed standard error does not want to know.
            let _ = writeln!(
                std::io::stderr(),
                "LEFT OUT: {what} (OTTLA_TEST_BOOTSTRAP is set)"
            );
        }
        !external
    }

    /// A topic name that no other test uses.
    pub fn topic_name(base: &str) -> String {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        format!(
            "{base}-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// `host:port` of every broker, separated by commas.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The addresses, `localhost:port`, of one of [`Options::listener`].
    ///
    /// # Panics
    /// When there is no such listener.
    pub fn listener(&self, name: &str) -> String {
        let addresses: Vec<String> = self.nodes.iter().map(|node| node.listener(name)).collect();
        addresses.join(",")
    }

    /// The addresses of the proxies before the brokers.
    ///
    /// # Panics
    /// Without [`Options::proxied`].
    pub fn proxied_bootstrap(&self) -> String {
        assert!(
            !self.proxies.is_empty(),
            "this cluster was started without `proxied()`"
        );
        let addresses: Vec<String> = self
            .proxies
            .iter()
            .map(|proxy| proxy.address().to_string())
            .collect();
        addresses.join(",")
    }

    /// The proxy before the broker `id`, counted from 1.
    ///
    /// # Panics
    /// Without [`Options::proxied`], and for an id that does not exist.
    pub fn proxy(&self, id: i32) -> &Proxy {
        let index = usize::try_from(id - 1).expect("broker ids count from 1");
        self.proxies
            .get(index)
            .expect("started with `proxied()` and at least as many brokers")
    }

    /// The broker `id`, counted from 1, to look at.
    ///
    /// # Panics
    /// For an id that does not exist, and for a Kafka of `OTTLA_TEST_BOOTSTRAP`, which is not ours to touch.
    pub fn node(&self, id: i32) -> &Node {
        let found = self.nodes.iter().find(|node| node.id() == id);
        found.unwrap_or_else(|| {
            panic!("no broker {id} here; a test that touches brokers starts its own Kafka")
        })
    }

    /// The broker `id`, counted from 1, to kill, pause and restart.
    ///
    /// # Panics
    /// As [`Kafka::node`].
    pub fn node_mut(&mut self, id: i32) -> &mut Node {
        let found = self.nodes.iter_mut().find(|node| node.id() == id);
        found.unwrap_or_else(|| {
            panic!("no broker {id} here; a test that touches brokers starts its own Kafka")
        })
    }

    /// Kafka's own command line tools, pointed at this cluster.
    ///
    /// # Panics
    /// When there is no Kafka on this machine.
    pub fn tools(&self) -> Tools {
        Tools::new(Install::find(), &self.bootstrap)
    }

    /// Asks the cluster which broker leads a partition.
    ///
    /// # Panics
    /// When the topic does not exist.
    pub fn leader(&self, topic: &str, partition: i32) -> i32 {
        let text = self.tools().describe(topic);
        let marker = format!("Partition: {partition}\t");
        let line = text
            .lines()
            .find(|line| line.contains(&marker))
            .unwrap_or_else(|| panic!("no {marker}in {text}"));
        let leader = line
            .split("Leader: ")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        leader
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| panic!("no leader in {line}"))
    }

    fn external(bootstrap: String) -> Self {
        let loopback = ["127.", "localhost:", "[::1]:"];
        let is_local = bootstrap
            .split(',')
            .all(|address| loopback.iter().any(|start| address.starts_with(start)));
        assert!(
            is_local,
            "OTTLA_TEST_BOOTSTRAP={bootstrap}: tests write to it, so only loopback is accepted"
        );
        Self {
            nodes: Vec::new(),
            proxies: Vec::new(),
            bootstrap,
        }
    }

    #[track_caller]
    fn start(options: &Options) -> Self {
        const ATTEMPTS: usize = 4;
        let install = Install::find();
        let dir = places::run_dir("kafka");
        let mut last = String::new();
        for attempt in 0..ATTEMPTS {
            let dir = dir.join(attempt.to_string());
            let proxies: Vec<Proxy> = (0..options.brokers)
                .filter(|_| options.proxied)
                .map(|_| Proxy::start())
                .collect();
            let mut nodes = Node::plan(options, &install, &dir, &proxies);
            match start_all(&mut nodes) {
                Ok(()) => {
                    for (proxy, node) in proxies.iter().zip(&nodes) {
                        proxy.set_upstream(node.proxied_address());
                    }
                    let addresses: Vec<&str> = nodes.iter().map(Node::address).collect();
                    let bootstrap = addresses.join(",");
                    return Self {
                        nodes,
                        proxies,
                        bootstrap,
                    };
                }
                // Somebody took a port between the choice and the start: choose others.
                Err(log) if log.contains("Address already in use") => last = log,
                Err(log) => panic!("Kafka did not start; logs in {}\n{log}", dir.display()),
            }
        }
        panic!(
            "Kafka found its ports taken {ATTEMPTS} times; logs in {}\n{last}",
            dir.display()
        );
    }
}

/// Starts the nodes at once: a quorum needs the majority of them.
fn start_all(nodes: &mut [Node]) -> Result<(), String> {
    thread::scope(|scope| {
        let starts: Vec<_> = nodes
            .iter_mut()
            .map(|node| scope.spawn(|| node.start_and_wait()))
            .collect();
        starts.into_iter().try_for_each(|start| {
            start
                .join()
                .unwrap_or_else(|_| Err("a start panicked".to_owned()))
        })
    })
}
