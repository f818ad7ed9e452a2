//! A running `ottla bridge`, and clients of it.

mod client;
mod pusher;

pub use client::{Client, Pieces, Refused};
pub use pusher::{Acked, Pusher};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::process::Process;
use crate::{http, meter, places, ports};

/// The origin that [`Bridge::start`] lets in.
pub const ORIGIN: &str = "http://shop.example.com";
const CONFIG: &str = "bridge.toml";

/// A bridge on a loopback port of the system's choice. Dropping it ends it.
#[derive(Debug)]
pub struct Bridge {
    process: Process,
    url: String,
    admin: SocketAddr,
    dir: PathBuf,
    /// How often it was started.
    starts: usize,
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

    /// As [`Bridge::start_for_servers`], on a port that it will find again: [`Bridge::restart`] brings it back there.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start_to_stay(bootstrap: &str, topics: &[&str]) -> Self {
        let dir = written(ports::free(), bootstrap, topics, "class = \"server\"", "");
        Self::launched(dir, 0)
    }

    /// SIGKILL, and the same bridge again at the same address.
    ///
    /// # Panics
    /// When it does not start, as one that was not started by [`Bridge::start_to_stay`] does not if its port was taken
    /// meanwhile.
    #[track_caller]
    pub fn restart(&mut self) {
        self.process.kill();
        *self = Self::launched(self.dir.clone(), self.starts);
    }

    #[track_caller]
    fn configured(bootstrap: &str, topics: &[&str], listener: &str, more: &str) -> Self {
        Self::launched(written(0, bootstrap, topics, listener, more), 0)
    }

    #[track_caller]
    fn launched(dir: PathBuf, starts: usize) -> Self {
        let mut command = Command::new(places::program("ottla"));
        command.args(["bridge", "run"]).arg(dir.join(CONFIG));
        // A log for each start: what the one before printed is no sign of life.
        let log = dir.join(format!("bridge-{starts}.log"));
        let mut process = Process::start("bridge", &mut command, &log, None);
        let line = process.wait_for_line("ws://", Duration::from_secs(20));
        let metrics = process.wait_for_line("metrics at http://", Duration::from_secs(20));
        let admin = metrics
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .and_then(|address| address.parse().ok());
        Self {
            process,
            url: line.trim().to_owned(),
            admin: admin.unwrap_or_else(|| panic!("no address in: {metrics}")),
            dir,
            starts: starts + 1,
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

    /// One value of its metrics page, by name and labels as they stand there; 0 if it is not there.
    ///
    /// # Panics
    /// When the page cannot be fetched.
    #[track_caller]
    pub fn metric(&self, name: &str) -> f64 {
        let page = http::get(self.admin, "/metrics", &[])
            .expect("the metrics listener answers")
            .text();
        page.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .map_or(0.0, |value| value.parse().expect("metrics are numbers"))
    }

    /// As [`memory`](crate::meter::memory), of the bridge.
    ///
    /// # Panics
    /// As that.
    #[track_caller]
    pub fn memory(&self, field: &str) -> Option<f64> {
        meter::memory(self.process.pid(), field)
    }

    /// Where its configuration and log are.
    pub fn dir(&self) -> &PathBuf {
        &self.dir
    }
}

/// A new directory with the configuration in it.
fn written(port: u16, bootstrap: &str, topics: &[&str], listener: &str, more: &str) -> PathBuf {
    let dir = places::run_dir("bridge");
    let servers: Vec<&str> = bootstrap.split(',').collect();
    let text = format!(
        "[[listener]]\nbind = \"127.0.0.1:{port}\"\n{listener}\n\n\
         [[cluster]]\nname = \"main\"\nbootstrap = {servers:?}\ntopics = {topics:?}\n\n\
         [admin]\nbind = \"127.0.0.1:0\"\n{more}"
    );
    std::fs::write(dir.join(CONFIG), text).expect("the run directory can be written");
    dir
}
