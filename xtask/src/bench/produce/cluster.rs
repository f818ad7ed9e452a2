//! What the peers produce to: a Kafka at full speed, and a bridge before it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::dir;
use crate::bench::server::{Kafka, Server};
use crate::failure::{Result, at};
use crate::run::Cmd;

pub(crate) const TOPIC: &str = "bench";
pub(crate) const PARTITIONS: &str = "6";

/// A running Kafka with the topic, and a running bridge.
pub(crate) struct Cluster {
    /// `host:port`.
    pub(crate) bootstrap: String,
    /// `ws://…/k/main`.
    pub(crate) bridge: String,
    bridge_process: Server,
    _kafka: Kafka,
}

impl Cluster {
    /// `ottla` is the program, which creates the topic and is the bridge.
    pub(crate) fn start(ottla: &Path) -> Result<Self> {
        let kafka = Kafka::start()?;
        let bootstrap = kafka.bootstrap.clone();
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
        self.bridge_process.pid()
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
