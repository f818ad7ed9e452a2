//! A running `ottla bridge`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::places;
use crate::process::Process;

/// The origin that [`Bridge::start`] lets in.
pub const ORIGIN: &str = "http://shop.example.com";

/// A bridge on a loopback port of the system's choice. Dropping it ends it.
#[derive(Debug)]
pub struct Bridge {
    process: Process,
    url: String,
    dir: PathBuf,
}

impl Bridge {
    /// A bridge to the cluster at `bootstrap`, as cluster `main`, for these topics (or `prefix*`).
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start(bootstrap: &str, topics: &[&str]) -> Self {
        Self::start_with(bootstrap, topics, &[ORIGIN], "")
    }

    /// As [`Bridge::start`], for programs and workers, which show no origin.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start_for_servers(bootstrap: &str, topics: &[&str]) -> Self {
        Self::configured(bootstrap, topics, "class = \"server\"", "")
    }

    /// As [`Bridge::start`], with its own origins and more lines of TOML at the end.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start_with(bootstrap: &str, topics: &[&str], origins: &[&str], more: &str) -> Self {
        Self::configured(bootstrap, topics, &format!("origins = {origins:?}"), more)
    }

    #[track_caller]
    fn configured(bootstrap: &str, topics: &[&str], listener: &str, more: &str) -> Self {
        let dir = places::run_dir("bridge");
        let config = dir.join("bridge.toml");
        let servers: Vec<&str> = bootstrap.split(',').collect();
        let text = format!(
            "[[listener]]\nbind = \"127.0.0.1:0\"\n{listener}\n\n\
             [[cluster]]\nname = \"main\"\nbootstrap = {servers:?}\ntopics = {topics:?}\n{more}"
        );
        std::fs::write(&config, text).expect("the run directory can be written");
        let mut command = Command::new(places::program("ottla"));
        command.args(["bridge", "run"]).arg(&config);
        let mut process = Process::start("bridge", &mut command, &dir.join("bridge.log"), None);
        let line = process.wait_for_line("ws://", Duration::from_secs(20));
        Self {
            process,
            url: line.trim().to_owned(),
            dir,
        }
    }

    /// `ws://127.0.0.1:PORT/k/main`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bridge's process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Where its configuration and log are.
    pub fn dir(&self) -> &PathBuf {
        &self.dir
    }
}
