//! A running `ottla demo` with the built page.

use std::process::Command;
use std::time::Duration;

use crate::places;
use crate::process::Process;

const LIMIT: Duration = Duration::from_secs(20);

/// Page, bridge and cluster on loopback. Dropping it ends them.
#[derive(Debug)]
pub struct Demo {
    process: Process,
    url: String,
    bootstrap: String,
}

impl Demo {
    /// The demo with a simulated cluster, or with the Kafka at `kafka`.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start(topic: &str, kafka: Option<&str>) -> Self {
        Self::start_with(&[topic], kafka)
    }

    /// As [`Demo::start`], with several topics; the page offers the first.
    ///
    /// # Panics
    /// As [`Demo::start`].
    #[track_caller]
    pub fn start_with(topics: &[&str], kafka: Option<&str>) -> Self {
        let log = places::run_dir("demo").join("log");
        let mut command = Command::new(places::program("ottla"));
        command.args(["demo", "--port", "0", "--no-open", "--page"]);
        command.arg(places::page());
        for topic in topics {
            command.args(["--topic", topic]);
        }
        if let Some(kafka) = kafka {
            command.args(["--kafka", kafka]);
        }
        let mut process = Process::start("ottla demo", &mut command, &log, None);
        let url = process.wait_for_line("http://", LIMIT).trim().to_owned();
        let cluster = process.wait_for_line("cluster ", LIMIT);
        let bootstrap = cluster.split_whitespace().nth(1).unwrap_or_default().to_owned();
        Self {
            process,
            url,
            bootstrap,
        }
    }

    /// Where the page is.
    pub fn url(&self) -> &str {
        &self.url
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
