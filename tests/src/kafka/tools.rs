//! Kafka's command line tools: the classes behind `bin/*.sh`, without the scripts.

use std::path::Path;
use std::time::Duration;

use super::Install;
use crate::cli::ottla;
use crate::run::{Finished, Run};
use crate::wait::wait_until;

const KNOWN_LIMIT: Duration = Duration::from_secs(20);

/// The tools, pointed at one cluster.
#[derive(Debug, Clone)]
pub struct Tools {
    install: Install,
    bootstrap: String,
}

impl Tools {
    /// The tools of `install`, pointed at `bootstrap`, which may be ours (`ottla dev-cluster`).
    pub fn new(install: Install, bootstrap: &str) -> Self {
        Self {
            install,
            bootstrap: bootstrap.to_owned(),
        }
    }

    /// Any class of Kafka's, without arguments yet. What it logs (warnings) goes to standard error.
    pub fn class(&self, class: &str) -> Run {
        Run::from_command(self.install.java(class, "warn"))
    }

    /// `kafka-topics`, with `--bootstrap-server`.
    pub fn topics(&self) -> Run {
        self.client("org.apache.kafka.tools.TopicCommand")
    }

    /// `kafka-console-producer`, with `--bootstrap-server`.
    pub fn console_producer(&self) -> Run {
        self.client("org.apache.kafka.tools.ConsoleProducer")
    }

    /// `kafka-console-consumer`, with `--bootstrap-server`.
    pub fn console_consumer(&self) -> Run {
        self.client("org.apache.kafka.tools.consumer.ConsoleConsumer")
    }

    /// `kafka-configs`, with `--bootstrap-server`.
    pub fn configs(&self) -> Run {
        self.client("kafka.admin.ConfigCommand")
    }

    /// `kafka-verifiable-producer`, with `--bootstrap-server`.
    pub fn verifiable_producer(&self) -> Run {
        self.client("org.apache.kafka.tools.VerifiableProducer")
    }

    /// `kafka-producer-perf-test`, with `--bootstrap-server`, as fast as the JVM can.
    pub fn producer_perf_test(&self) -> Run {
        let command = self
            .install
            .java_at_full_speed("org.apache.kafka.tools.ProducerPerformance", "warn");
        Run::from_command(command).args(["--bootstrap-server", &self.bootstrap])
    }

    /// `kafka-dump-log --deep-iteration --print-data-log` of segment files.
    ///
    /// # Panics
    /// When the tool fails.
    #[track_caller]
    pub fn dump_log(&self, segments: &[impl AsRef<Path>]) -> String {
        let files: Vec<String> = segments
            .iter()
            .map(|path| path.as_ref().display().to_string())
            .collect();
        let run = self.class("org.apache.kafka.tools.DumpLogSegments");
        run.args([
            "--deep-iteration",
            "--print-data-log",
            "--files",
            &files.join(","),
        ])
        .ok()
        .text()
    }

    /// Creates a topic with as many replicas as there are brokers, or as `configs` says, and waits until every broker
    /// knows it. With our own command line, which starts a hundred times as fast as Kafka's.
    ///
    /// # Panics
    /// When it cannot be created.
    #[track_caller]
    pub fn create_topic(&self, name: &str, partitions: u32, configs: &[(&str, &str)]) {
        let mut run = ottla(&["topics", "--bootstrap-server", &self.bootstrap, "--create"]).args([
            "--topic",
            name,
            "--partitions",
            &partitions.to_string(),
        ]);
        for (name, value) in configs {
            run = run.args(["--config", &format!("{name}={value}")]);
        }
        run.ok();
        for broker in self.bootstrap.split(',') {
            wait_until(&format!("{broker} to know {name}"), KNOWN_LIMIT, || {
                let described = ottla(&["topics", "--bootstrap-server", broker, "--describe"])
                    .args(["--topic", name])
                    .finish();
                described.code == Some(0) && !described.text().contains("Leader: none")
            });
        }
    }

    /// `kafka-topics --describe` of one topic.
    ///
    /// # Panics
    /// When the topic does not exist.
    #[track_caller]
    pub fn describe(&self, topic: &str) -> String {
        self.topics().args(["--describe", "--topic", topic]).ok().text()
    }

    /// The first `count` records of one partition as the console consumer prints them, without a group.
    ///
    /// # Panics
    /// When fewer arrive within 10 seconds.
    #[track_caller]
    pub fn consume(&self, topic: &str, partition: i32, count: usize, args: &[&str]) -> Finished {
        let (partition, count_text) = (partition.to_string(), count.to_string());
        let run = self.console_consumer().args([
            "--topic",
            topic,
            "--partition",
            &partition,
            "--offset",
            "earliest",
        ]);
        run.args(["--max-messages", &count_text, "--timeout-ms", "10000"])
            .args(args)
            .ok()
    }

    fn client(&self, class: &str) -> Run {
        self.class(class).args(["--bootstrap-server", &self.bootstrap])
    }
}

/// A number in a line of [`Tools::dump_log`], such as `baseSequence`.
///
/// # Panics
/// When the line has no such number.
#[track_caller]
pub fn field(line: &str, name: &str) -> i64 {
    let rest = line.split(&format!("{name}: ")).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no {name} in {line}"));
    let word = rest.split(' ').next().unwrap_or(rest);
    word.parse()
        .unwrap_or_else(|_| panic!("{name} is no number in {line}"))
}
