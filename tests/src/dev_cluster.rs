//! A running `ottla dev-cluster`.

use std::process::Command;
use std::time::Duration;

use crate::cli::ottla;
use crate::places;
use crate::process::Process;
use crate::wait::wait_until;

const LIMIT: Duration = Duration::from_secs(20);

/// Three simulated brokers behind loopback ports. Dropping it ends them.
#[derive(Debug)]
pub struct DevCluster {
    process: Process,
    bootstrap: String,
}

impl DevCluster {
    /// A cluster with these topics, as `--topic` takes them.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start(topics: &[&str]) -> Self {
        Self::start_with(topics, &[])
    }

    /// A cluster with these topics and these properties of brokers, as `--set` takes them.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start_with(topics: &[&str], settings: &[&str]) -> Self {
        let dir = places::run_dir("dev-cluster");
        let mut command = Command::new(places::program("ottla"));
        command.args(["dev-cluster", "--port-base", "0"]);
        for topic in topics {
            command.args(["--topic", topic]);
        }
        for setting in settings {
            command.args(["--set", setting]);
        }
        let mut process = Process::start_at_keyboard("dev-cluster", &mut command, &dir.join("log"));
        let line = process.wait_for_line("127.0.0.1:", LIMIT);
        Self {
            process,
            bootstrap: line.trim().to_owned(),
        }
    }

    /// `host:port` of every broker, separated by commas.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Types a command, such as `kill 2`, and waits until it is obeyed.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn command(&mut self, line: &str) {
        let before = self.log().len();
        self.process.type_line(line);
        let ok = format!("ok: {line}\n");
        wait_until(&format!("dev-cluster to obey `{line}`"), LIMIT, || {
            let log = self.log();
            let reply = log.get(before..).unwrap_or_default();
            assert!(!reply.contains("error: "), "{reply}");
            reply.contains(&ok)
        });
    }

    /// The node that leads a partition, as `ottla topics --describe` says.
    ///
    /// # Panics
    /// When it has no leader.
    #[track_caller]
    pub fn leader(&self, topic: &str, partition: i32) -> i32 {
        let described = ottla(&[
            "topics",
            "--bootstrap-server",
            &self.bootstrap,
            "--describe",
            "--topic",
            topic,
        ])
        .ok();
        let text = described.text();
        let place = format!("Partition: {partition}\tLeader: ");
        let leader = text
            .split(&place)
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next());
        leader
            .and_then(|id| id.parse().ok())
            .unwrap_or_else(|| panic!("no leader in {text}"))
    }

    /// What it printed.
    pub fn log(&self) -> String {
        self.process.log()
    }
}
