//! A running `ottla dev-cluster`.

use std::process::Command;
use std::time::Duration;

use crate::places;
use crate::process::Process;

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
        let dir = places::run_dir("dev-cluster");
        let mut command = Command::new(places::program("ottla"));
        command.args(["dev-cluster", "--port-base", "0"]);
        for topic in topics {
            command.args(["--topic", topic]);
        }
        let mut process = Process::start("dev-cluster", &mut command, &dir.join("log"), None);
        let line = process.wait_for_line("127.0.0.1:", Duration::from_secs(20));
        Self {
            process,
            bootstrap: line.trim().to_owned(),
        }
    }

    /// `host:port` of every broker, separated by commas.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What it printed.
    pub fn log(&self) -> String {
        self.process.log()
    }
}
