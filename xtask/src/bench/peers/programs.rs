//! The native producers: how each is built, and how it is started with the same work.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::dir;
use crate::bench::produce::cluster::TOPIC;
use crate::bench::produce::peers::{Peer as Tool, Work};
use crate::failure::{Result, at};
use crate::json;
use crate::run::{Cmd, which};
use crate::steps::system::{self, Need};
use crate::steps::{Outcome, step};
use crate::tree;

/// librdkafka's program is a workspace apart, which only this bench builds.
pub(crate) const LIBRDKAFKA: &str = "tools/peers/rdkafka";

/// Whose producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Ottla,
    /// The same with eight tasks that call `send`.
    OttlaTasks,
    KafkaPerfTest,
    Librdkafka,
    FranzGo,
}

/// Records of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) measured: usize,
    pub(crate) warm_up: usize,
    /// Records a second; 0 for as many as go.
    pub(crate) rate: usize,
}

/// What a run says of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Said {
    pub(crate) records: f64,
    pub(crate) seconds: f64,
    /// The 99th percentile of what passes from `send` to the acknowledgement; nothing without a rate.
    pub(crate) p99_ms: f64,
}

/// The programs that this machine can build.
pub(crate) struct Programs {
    ottla: PathBuf,
    librdkafka: Option<PathBuf>,
    franz_go: Option<PathBuf>,
}

impl Programs {
    /// Builds them; `left_out` hears why one is not there.
    pub(crate) fn build(left_out: impl Fn(&str)) -> Result<Self> {
        let ottla = tree::target().join("release/peer-ottla");
        step("peer-ottla", || {
            let args = ["build", "--release", "--package", "peer-ottla"];
            Cmd::cargo().args(args).logged("bench-peer-ottla")?;
            Ok(Outcome::Done("built".to_owned()))
        })?;
        let missing = |needs: &[&Need], peer: &str| -> Result<bool> {
            let absent: Vec<&str> = needs
                .iter()
                .filter(|need| (need.find)().is_none())
                .map(|need| need.name)
                .collect();
            if !absent.is_empty() {
                left_out(&format!("LEFT OUT: {peer}: {} is missing", absent.join(", ")));
            }
            Ok(!absent.is_empty())
        };
        let librdkafka = match missing(&[&system::C_COMPILER, &MAKE], "librdkafka")? {
            true => None,
            false => Some(librdkafka()?),
        };
        let franz_go = match missing(&[&system::GO], "franz-go")? {
            true => None,
            false => Some(franz_go()?),
        };
        Ok(Self {
            ottla,
            librdkafka,
            franz_go,
        })
    }

    fn of(&self, peer: Peer) -> Option<&Path> {
        match peer {
            Peer::Ottla | Peer::OttlaTasks => Some(&self.ottla),
            Peer::KafkaPerfTest => None,
            Peer::Librdkafka => self.librdkafka.as_deref(),
            Peer::FranzGo => self.franz_go.as_deref(),
        }
    }

    /// Whether it can run here.
    pub(crate) fn has(&self, peer: Peer) -> bool {
        peer == Peer::KafkaPerfTest || self.of(peer).is_some()
    }
}

const MAKE: Need = Need {
    name: "make",
    wanted_for: "librdkafka",
    debian: "sudo apt-get install -y make",
    macos: "xcode-select --install",
    find: || which(&["make"]).map(|path| path.display().to_string()),
};

fn librdkafka() -> Result<PathBuf> {
    let target = tree::target().join("peers/rdkafka");
    step("peer-rdkafka, C and Rust", || {
        Cmd::cargo()
            .args(["build", "--release", "--locked", "--manifest-path"])
            .arg(tree::root().join(LIBRDKAFKA).join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .logged("bench-peer-rdkafka")?;
        Ok(Outcome::Done("built".to_owned()))
    })?;
    Ok(target.join("release/peer-rdkafka"))
}

fn franz_go() -> Result<PathBuf> {
    let program = dir()?.join("peer-franz-go");
    step("peer-franz-go", || {
        Cmd::new("go")
            .args(["build", "-mod=readonly", "-o"])
            .arg(&program)
            .arg(".")
            .dir(&tree::root().join("tools/peers/franz-go"))
            .logged("bench-peer-franz-go")?;
        Ok(Outcome::Done("built".to_owned()))
    })?;
    Ok(program)
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ottla => "ottla",
            Self::OttlaTasks => "ottla, 8 tasks",
            Self::KafkaPerfTest => "kafka-producer-perf-test",
            Self::Librdkafka => "librdkafka",
            Self::FranzGo => "franz-go",
        }
    }

    /// Runs at full speed take about two seconds; engines compile by records, and only the JVM still does so after
    /// those of the others.
    pub(crate) fn flood(self, value_len: usize) -> Amount {
        let part = if value_len >= 1000 { 5 } else { 1 };
        let jvm = if self == Self::KafkaPerfTest { 5 } else { 1 };
        Amount {
            measured: 2_000_000 / part,
            warm_up: 200_000 * jvm / part,
            rate: 0,
        }
    }

    pub(crate) fn command(
        self,
        programs: &Programs,
        bootstrap: &str,
        work: Work<'_>,
        amount: Amount,
    ) -> Result<Command> {
        let Some(program) = programs.of(self) else {
            return java(bootstrap, work, amount);
        };
        let mut command = Command::new(program);
        command
            .args([bootstrap, TOPIC])
            .arg(work.values)
            .arg(work.codec)
            .args([amount.measured, amount.warm_up, amount.rate].map(|number| number.to_string()))
            .arg(if self == Self::OttlaTasks { "8" } else { "1" })
            .current_dir(tree::root());
        Ok(command)
    }

    /// What a line of its output says, if it is the one.
    pub(crate) fn said(self, line: &str) -> Option<Said> {
        if self == Self::KafkaPerfTest {
            let (records, seconds) = Tool::KafkaPerfTest.result(line)?;
            let p99 = line.split(", ").find_map(|part| part.strip_suffix(" ms 99th"))?;
            let p99_ms = p99.parse().ok()?;
            return Some(Said {
                records,
                seconds,
                p99_ms,
            });
        }
        Some(Said {
            records: json::number(line, "records")?,
            seconds: json::number(line, "seconds")?,
            p99_ms: json::number(line, "p99_ms")?,
        })
    }
}

fn java(bootstrap: &str, work: Work<'_>, amount: Amount) -> Result<Command> {
    let config = dir()?.join(format!("peers-{}.properties", work.codec));
    let text = format!("linger.ms=5\nbatch.size=16384\ncompression.type={}\n", work.codec);
    at(&config, std::fs::write(&config, text))?;
    let rate = match amount.rate {
        0 => "-1".to_owned(),
        rate => rate.to_string(),
    };
    let mut command = Tool::java("org.apache.kafka.tools.ProducerPerformance");
    command
        .args(["--bootstrap-server", bootstrap, "--topic", TOPIC])
        .args(["--throughput", &rate])
        .args(["--num-records", &(amount.measured + amount.warm_up).to_string()])
        .args(["--warmup-records", &amount.warm_up.to_string()])
        .arg("--payload-file")
        .arg(work.values)
        .arg("--command-config")
        .arg(config)
        .current_dir(tree::root());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::{Peer, Said};

    #[test]
    fn what_each_says_is_read() {
        let line = "5000 steady state records sent, 1000.0 records/sec (0.10 MB/sec), 4.03 ms avg latency, \
                    56.00 ms max latency, 4 ms 50th, 6 ms 95th, 9 ms 99th, 51 ms 99.9th.";
        let expected = Said {
            records: 5000.0,
            seconds: 5.0,
            p99_ms: 9.0,
        };
        assert_eq!(Peer::KafkaPerfTest.said(line), Some(expected));
        let line = r#"{"records":5000,"seconds":5,"p50_ms":4.1,"p99_ms":9}"#;
        assert_eq!(Peer::FranzGo.said(line), Some(expected));
        assert_eq!(Peer::Ottla.said("something else"), None);
    }

    #[test]
    fn only_the_jvm_warms_up_longer() {
        for value_len in [100, 1000] {
            let ours = Peer::Ottla.flood(value_len).warm_up;
            assert_eq!(ours, Peer::FranzGo.flood(value_len).warm_up);
            assert!(ours < Peer::KafkaPerfTest.flood(value_len).warm_up);
        }
    }
}
