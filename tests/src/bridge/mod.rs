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
use crate::{http, places};

/// The origin that [`Bridge::start`] lets in.
pub const ORIGIN: &str = "http://shop.example.com";

/// A bridge on a loopback port of the system's choice. Dropping it ends it.
#[derive(Debug)]
pub struct Bridge {
    process: Process,
    url: String,
    admin: SocketAddr,
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
             [[cluster]]\nname = \"main\"\nbootstrap = {servers:?}\ntopics = {topics:?}\n\n\
             [admin]\nbind = \"127.0.0.1:0\"\n{more}"
        );
        std::fs::write(&config, text).expect("the run directory can be written");
        let mut command = Command::new(places::program("ottla"));
        command.args(["bridge", "run"]).arg(&config);
        let mut process = Process::start("bridge", &mut command, &dir.join("bridge.log"), None);
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

    /// A line of `/proc/PID/status` in KiB, such as `VmRSS`; `None`, and a line that says so, on a system that is not
    /// Linux.
    ///
    /// # Panics
    /// On Linux, when there is no such line: what a test says of memory must not go unchecked there.
    #[track_caller]
    #[allow(
        clippy::print_stdout,
        reason = "whoever reads the output must see that a bound was not checked"
    )]
    pub fn memory(&self, field: &str) -> Option<f64> {
        if !cfg!(target_os = "linux") {
            println!("{field} of the bridge is not measured: only Linux has /proc/PID/status");
            return None;
        }
        let file = format!("/proc/{}/status", self.process.pid());
        let status = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let value = status
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        Some(value.unwrap_or_else(|| panic!("no {field} in {file}:\n{status}")))
    }

    /// Where its configuration and log are.
    pub fn dir(&self) -> &PathBuf {
        &self.dir
    }
}
