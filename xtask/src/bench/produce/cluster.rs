//! What the peers produce to: a Kafka at full speed, and a bridge before it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::bench::dir;
use crate::failure::{Failure, Result, at};
use crate::run::Cmd;
use crate::steps::{Outcome, kafka, step};
use crate::tree;

pub(crate) const TOPIC: &str = "bench";
const PARTITIONS: &str = "6";

/// A running Kafka with the topic, and a running bridge.
pub(crate) struct Cluster {
    /// `host:port`.
    pub(crate) bootstrap: String,
    /// `ws://…/k/main`.
    pub(crate) bridge: String,
    bridge_process: Server,
    _kafka: Server,
}

impl Cluster {
    /// `ottla` is the program, which creates the topic and is the bridge.
    pub(crate) fn start(ottla: &Path) -> Result<Self> {
        kafka::jars()?;
        step("Kafka at full speed, and a bridge", || {
            let build = ["build", "--package", "ottla-tests", "--bin", "full-speed-kafka"];
            Cmd::cargo().args(build).logged("bench-kafka-build")?;
            Ok(Outcome::Done("built".to_owned()))
        })?;
        let (kafka, line) = Server::start(&mut Command::new(tree::target().join("debug/full-speed-kafka")))?;
        let bootstrap = line.split(' ').next().unwrap_or_default().to_owned();
        Cmd::new(ottla)
            .args([
                "topics",
                "--bootstrap-server",
                &bootstrap,
                "--create",
                "--topic",
                TOPIC,
            ])
            .args(["--partitions", PARTITIONS])
            .logged("bench-topic")?;
        let config = bridge_config(&bootstrap)?;
        let (bridge_process, bridge) =
            Server::start(Command::new(ottla).args(["bridge", "run"]).arg(config))?;
        Ok(Self {
            bootstrap,
            bridge,
            bridge_process,
            _kafka: kafka,
        })
    }

    /// For its processor time.
    pub(crate) fn bridge_pid(&self) -> u32 {
        self.bridge_process.child.id()
    }
}

fn bridge_config(bootstrap: &str) -> Result<PathBuf> {
    let text = format!(
        "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"server\"\n\n\
         [[cluster]]\nname = \"main\"\nbootstrap = [\"{bootstrap}\"]\ntopics = [\"{TOPIC}\"]\n"
    );
    let path = dir()?.join("bridge.toml");
    at(&path, std::fs::write(&path, text))?;
    Ok(path)
}

/// A process that prints a line once it is ready. It is told to end by the end of its input, then killed.
struct Server {
    child: Child,
}

impl Server {
    fn start(command: &mut Command) -> Result<(Self, String)> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .current_dir(tree::root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| Failure::step(format!("{name}: {error}")))?;
        let stdout = child.stdout.take().expect("it was piped");
        let server = Self { child };
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        match read {
            Ok(1..) => Ok((server, line.trim().to_owned())),
            _ => Err(Failure::step(format!(
                "{name} ended before it was ready; it said why above"
            ))),
        }
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
