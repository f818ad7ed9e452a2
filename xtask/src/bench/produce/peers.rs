//! The producers, and how each is started with the same work.

use std::path::Path;
use std::process::Command;

use crate::bench::dir;
use crate::bench::produce::cluster::{Cluster, TOPIC};
use crate::failure::{Result, at};
use crate::json;
use crate::steps::kafka;
use crate::steps::npm_package::NpmPackage;
use crate::tree;

/// Records before those that are measured.
const WARM_UP: usize = 200_000;
/// The heap of `kafka-producer-perf-test.sh` and the options of `kafka-run-class.sh`, as Kafka 4.3 has them.
const JVM: [&str; 7] = [
    "-Xmx512M",
    "-server",
    "-XX:+UseG1GC",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
    "-Djava.awt.headless=true",
];

/// Whose producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    OttlaNative,
    KafkaPerfTest,
    OttlaNode,
    OttlaBridge,
    OttlaNodeSmall,
    OttlaBridgeSmall,
    Platformatic,
    Kafkajs,
}

/// One run's work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work<'a> {
    pub(crate) values: &'a Path,
    pub(crate) value_len: usize,
    pub(crate) codec: &'a str,
}

/// `batch.size` of Kafka, and of those who are not told otherwise.
const BATCH_SIZE: usize = 16_384;
/// Records: nearly a partition's share of one `send` of the peers in Node, with 1,000 records for 6 partitions. Those
/// clients have no `batch.size` and make one batch of it, however large.
const BATCH_OF_PEERS: usize = 160;

impl Peer {
    /// Those who take part.
    pub(crate) fn of(value_len: usize) -> Vec<Self> {
        let mut peers = vec![
            Self::OttlaNative,
            Self::KafkaPerfTest,
            Self::OttlaNode,
            Self::OttlaBridge,
        ];
        if batch_of_peers(value_len) > BATCH_SIZE {
            peers.extend([Self::OttlaNodeSmall, Self::OttlaBridgeSmall]);
        }
        peers.extend([Self::Platformatic, Self::Kafkajs]);
        peers
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OttlaNative => "ottla native",
            Self::KafkaPerfTest => "kafka-producer-perf-test",
            Self::OttlaNode => "ottla in Node, TCP",
            Self::OttlaBridge => "ottla in Node, bridge",
            Self::OttlaNodeSmall => "ottla in Node, TCP, 16 KB batches",
            Self::OttlaBridgeSmall => "ottla in Node, bridge, 16 KB batches",
            Self::Platformatic => "@platformatic/kafka",
            Self::Kafkajs => "kafkajs",
        }
    }

    /// A bridge works for it.
    pub(crate) fn is_behind_a_bridge(self) -> bool {
        matches!(self, Self::OttlaBridge | Self::OttlaBridgeSmall)
    }

    /// What decides how much of its work overlaps.
    pub(crate) fn settings(self) -> &'static str {
        match self {
            Self::OttlaNodeSmall | Self::OttlaBridgeSmall => {
                "batch.size=16384, the default: a tenth of what the other clients in Node put into a batch, so not judged"
            }
            Self::OttlaNative => "up to 5 requests in flight, the default",
            Self::KafkaPerfTest => {
                "up to 5 requests in flight, the default; the JVM options and the heap of Kafka's own script"
            }
            Self::OttlaNode | Self::OttlaBridge => {
                "16 sends of 1,000 records at once, up to 5 requests in flight, the default; batch.size for as many \
                 records as the other clients in Node put into a batch"
            }
            Self::Platformatic => {
                "1 send of 1,000 records at once, 1 request in flight, which it forces when it is idempotent"
            }
            Self::Kafkajs => {
                "1 send of 1,000 records at once, maxInFlightRequests=1, as its documentation demands of idempotent ones"
            }
        }
    }

    /// Measured records and records before them: each peer runs for about two seconds.
    pub(crate) fn records(self, value_len: usize) -> (usize, usize) {
        let (measured, warm_up) = match self {
            Self::OttlaNative => (2_000_000, WARM_UP),
            // The JVM compiles while the first million passes.
            Self::KafkaPerfTest => (2_000_000, 5 * WARM_UP),
            Self::OttlaNode
            | Self::OttlaBridge
            | Self::OttlaNodeSmall
            | Self::OttlaBridgeSmall
            | Self::Platformatic => (1_600_000, WARM_UP),
            Self::Kafkajs => (200_000, WARM_UP),
        };
        let measured = match (value_len, self) {
            (..1000, _) => measured,
            // Ten times the bytes, about a fifth of the rate.
            (_, Self::OttlaNative | Self::KafkaPerfTest | Self::Kafkajs) => measured / 5,
            // For shorter runs it would be measured how long V8 compiles.
            _ => measured / 2,
        };
        // Engines compile by records, not by bytes, and whoever warms up less pays for it while it is measured.
        (measured, warm_up)
    }

    pub(crate) fn command(self, cluster: &Cluster, ottla: &Path, work: Work<'_>) -> Result<Command> {
        let (records, warm_up) = self.records(work.value_len);
        Ok(match self {
            Self::OttlaNative => {
                let mut command = Command::new(ottla);
                command.arg("producer-perf-test");
                perf_test(&mut command, cluster, work, records + warm_up, warm_up)?;
                command
            }
            Self::KafkaPerfTest => {
                let mut command = Self::java("org.apache.kafka.tools.ProducerPerformance");
                perf_test(&mut command, cluster, work, records + warm_up, warm_up)?;
                command
            }
            Self::OttlaNode | Self::OttlaBridge | Self::OttlaNodeSmall | Self::OttlaBridgeSmall => {
                let bootstrap = match self.is_behind_a_bridge() {
                    true => &cluster.bridge,
                    false => &cluster.bootstrap,
                };
                let batch_size = match self {
                    Self::OttlaNode | Self::OttlaBridge => batch_of_peers(work.value_len).max(BATCH_SIZE),
                    _ => BATCH_SIZE,
                };
                let mut command = node("ottla", bootstrap, work, records, warm_up);
                command.arg(batch_size.to_string());
                command
            }
            Self::Platformatic => node("platformatic", &cluster.bootstrap, work, records, warm_up),
            Self::Kafkajs => node("kafkajs", &cluster.bootstrap, work, records, warm_up),
        })
    }

    /// One of Kafka's tools without its flags.
    pub(crate) fn java(tool: &str) -> Command {
        let mut command = Command::new("java");
        command
            .args(JVM)
            .args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp"])
            .arg(class_path())
            .arg(tool);
        command
    }

    /// Measured records and seconds, from the line that says so.
    pub(crate) fn result(self, line: &str) -> Option<(f64, f64)> {
        match self {
            Self::OttlaNative => summary(line, " records sent, "),
            Self::KafkaPerfTest => summary(line, " steady state records sent, "),
            _ => Some((json::number(line, "records")?, json::number(line, "seconds")?)),
        }
    }
}

fn batch_of_peers(value_len: usize) -> usize {
    BATCH_OF_PEERS * value_len
}

/// `2000000 records sent, 1234567.9 records/sec (…)`
fn summary(line: &str, marker: &str) -> Option<(f64, f64)> {
    let (records, rest) = line.split_once(marker)?;
    let records: f64 = records.parse().ok()?;
    let rate: f64 = rest.split(' ').next()?.parse().ok()?;
    Some((records, records / rate))
}

/// The flags that both tools have.
fn perf_test(
    command: &mut Command,
    cluster: &Cluster,
    work: Work<'_>,
    records: usize,
    warm_up: usize,
) -> Result<()> {
    let config = dir()?.join(format!("producer-{}.properties", work.codec));
    let text = format!(
        "acks=all\nenable.idempotence=true\nlinger.ms=5\nbatch.size={BATCH_SIZE}\ncompression.type={}\n",
        work.codec
    );
    at(&config, std::fs::write(&config, text))?;
    command
        .args([
            "--bootstrap-server",
            &cluster.bootstrap,
            "--topic",
            TOPIC,
            "--throughput",
            "-1",
        ])
        .args([
            "--num-records",
            &records.to_string(),
            "--warmup-records",
            &warm_up.to_string(),
        ])
        .arg("--payload-file")
        .arg(work.values)
        .arg("--command-config")
        .arg(config)
        .current_dir(tree::root());
    Ok(())
}

fn node(client: &str, bootstrap: &str, work: Work<'_>, records: usize, warm_up: usize) -> Command {
    let mut command = Command::new("node");
    command
        .arg(format!("benches/node/{client}.mjs"))
        .args([bootstrap, TOPIC])
        .arg(work.values)
        .args([work.codec, &records.to_string(), &warm_up.to_string()])
        .env("OTTLA_NPM", NpmPackage::Release.dir())
        .current_dir(tree::root());
    command
}

fn class_path() -> String {
    let jars = match std::env::var_os("KAFKA_HOME") {
        Some(home) => Path::new(&home).join("libs"),
        None => kafka::jar_dir(),
    };
    format!("{}/*", jars.display())
}

#[cfg(test)]
mod tests {
    use super::Peer;

    #[test]
    fn nobody_warms_up_longer_than_the_peer_it_is_judged_by() {
        for value_len in [100, 1000] {
            let warm_up = |peer: Peer| peer.records(value_len).1;
            for (ours, theirs) in super::super::BARS {
                assert!(warm_up(ours) <= warm_up(theirs), "{ours:?} beside {theirs:?}");
            }
        }
    }

    #[test]
    fn each_tools_summary_is_read() {
        let ours = "1000000 records sent, 500000.0 records/sec (32.82 MB/sec), 1.39 ms avg latency";
        assert_eq!(Peer::OttlaNative.result(ours), Some((1_000_000.0, 2.0)));
        // Kafka's line about everything has the warm-up in it.
        assert_eq!(Peer::KafkaPerfTest.result(ours), None);
        let steady = "1000000 steady state records sent, 250000.0 records/sec (11.54 MB/sec)";
        assert_eq!(Peer::KafkaPerfTest.result(steady), Some((1_000_000.0, 4.0)));
        assert_eq!(
            Peer::Kafkajs.result(r#"{"records":10,"seconds":0.5}"#),
            Some((10.0, 0.5))
        );
    }
}
