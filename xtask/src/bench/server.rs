//! Processes that peers talk to.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::failure::{Failure, Result};
use crate::run::Cmd;
use crate::steps::{Outcome, kafka, step};
use crate::tree;

/// A process that prints a line once it is ready. It is told to end by the end of its input, then killed.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts it and returns the line that it printed.
    pub(crate) fn start(command: &mut Command) -> Result<(Self, String)> {
        Self::start_until(command, |_| true)
    }

    /// Starts it and returns the first line that says that it is ready.
    pub(crate) fn start_until(
        command: &mut Command,
        is_ready: impl Fn(&str) -> bool,
    ) -> Result<(Self, String)> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .current_dir(tree::root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| Failure::step(format!("{name}: {error}")))?;
        let stdout = child.stdout.take().expect("it was piped");
        let server = Self { child };
        let mut lines = BufReader::new(stdout).lines().map_while(std::io::Result::ok);
        match lines.find(|line| is_ready(line)) {
            Some(line) => Ok((server, line.trim().to_owned())),
            None => Err(Failure::step(format!(
                "{name} ended before it was ready; it said why above"
            ))),
        }
    }
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

/// A Kafka whose JVM optimises fully.
pub(crate) struct Kafka {
    /// `host:port`.
    pub(crate) bootstrap: String,
    _process: Server,
}

impl Kafka {
    pub(crate) fn start() -> Result<Self> {
        kafka::jars()?;
        step("Kafka at full speed", || {
            let build = ["build", "--package", "ottla-tests", "--bin", "full-speed-kafka"];
            Cmd::cargo().args(build).logged("bench-kafka-build")?;
            Ok(Outcome::Done("built".to_owned()))
        })?;
        let (process, line) =
            Server::start(&mut Command::new(tree::target().join("debug/full-speed-kafka")))?;
        let bootstrap = line.split(' ').next().unwrap_or_default().to_owned();
        Ok(Self {
            bootstrap,
            _process: process,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What ends by itself removes its files; the bridge has none and does not read its input.
        drop(self.child.stdin.take());
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
