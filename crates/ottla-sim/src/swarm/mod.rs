//! Random worlds: a seed draws configuration, cluster, network, records and faults.
//!
//! Options are drawn apart from each other and some are left out on purpose in each world ("swarm testing"): a world in
//! which everything happens at once finds less than many in which something does.

mod faults;

use std::time::Duration;

use ottla_broker::{Micros, Settings};
use ottla_core::{Record, Timestamp};
use ottla_trace::Level;

use crate::{Command, Delays, Network, Pieces, Rng, Setup, Span, scenario::Scenario};

const MS: Micros = 1_000;
/// Faults begin and end within this time.
const ACTION: Micros = 3_000 * MS;
/// The topic that exists, and one that only auto-creation brings.
const TOPIC: &str = "orders";
const UNPLANNED: &str = "audit";

/// What a world is made of, for whoever draws what happens in it.
struct Plan {
    brokers: u16,
    partitions: i32,
    replicas: i16,
    epoch_ms: i64,
}

impl Scenario {
    /// The world of that seed.
    #[must_use]
    pub fn random(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x0771_a5ee_d000_0000);
        let brokers = rng.between(1, 4) as u16;
        let mut setup = Setup {
            seed,
            brokers,
            settings: settings(&mut rng),
            network: network(&mut rng),
            delays: delays(&mut rng),
            trace: Level::Off,
            ..Setup::default()
        };
        let partitions = rng.between(1, 4) as i32;
        let replicas = rng.between(1, u64::from(brokers).min(3)) as i16;
        let plan = Plan {
            brokers,
            partitions,
            replicas,
            epoch_ms: setup.epoch_ms,
        };
        let configs = topic_configs(&mut rng, replicas);
        let configs: Vec<(&str, &str)> = configs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        setup = setup.topic(TOPIC, partitions, replicas, &configs);
        setup.config = producer(&mut rng);
        let mut script = records(&mut rng, &plan);
        application(&mut rng, &mut script);
        faults::faults(&mut rng, &plan, &mut script);
        script.sort_by_key(|(at, _)| *at);
        Self {
            name: "random",
            setup,
            script,
            until: ACTION,
        }
    }
}

fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.below(choices.len() as u64) as usize]
}

fn settings(rng: &mut Rng) -> Settings {
    let forgetful = rng.chance(1, 12);
    let expiration = if forgetful {
        rng.between(100, 4_000)
    } else {
        86_400_000
    };
    Settings {
        broker_session_timeout: rng.between(200, 2_000) * MS,
        broker_heartbeat_interval: rng.between(20, 150) * MS,
        replica_lag_time_max: rng.between(200, 4_000) * MS,
        replica_fetch_wait_max: rng.between(20, 500) * MS,
        replica_fetch_backoff: rng.between(20, 500) * MS,
        high_watermark_checkpoint_interval: rng.between(10, 1_000) * MS,
        producer_id_expiration_ms: expiration as i64,
        producer_id_expiration_check_interval: if forgetful {
            rng.between(50, 1_000)
        } else {
            600_000
        } * MS,
        retention_check_interval: rng.between(50, 2_000) * MS,
        producer_byte_rate: rng.chance(1, 10).then(|| rng.between(50, 1_000)),
        auto_create_topics: rng.chance(3, 4),
        ..Settings::default()
    }
}

fn network(rng: &mut Rng) -> Network {
    let span = |rng: &mut Rng| {
        let least = rng.between(0, 5 * MS);
        Span {
            least,
            most: least
                + if rng.chance(1, 2) {
                    0
                } else {
                    rng.between(0, 10 * MS)
                },
        }
    };
    Network {
        to_broker: span(rng),
        to_client: span(rng),
        pieces: if rng.chance(1, 2) {
            Pieces::Whole
        } else {
            Pieces::UpTo(rng.between(1, 300) as usize)
        },
        bandwidth: rng.chance(1, 3).then(|| rng.between(5_000, 500_000)),
        window: if rng.chance(1, 4) {
            rng.between(16, 512) as usize
        } else {
            128 << 10
        },
    }
}

fn delays(rng: &mut Rng) -> Delays {
    Delays {
        replication: rng.between(0, 5 * MS),
        fetch: rng.between(0, 5 * MS),
        controller: rng.between(0, 20 * MS),
        startup: rng.between(0, 400 * MS),
    }
}

fn topic_configs(rng: &mut Rng, replicas: i16) -> Vec<(&'static str, String)> {
    let mut configs = Vec::new();
    if rng.chance(1, 3) {
        configs.push((
            "min.insync.replicas",
            rng.between(1, replicas.unsigned_abs().into()).to_string(),
        ));
    }
    if rng.chance(1, 8) {
        configs.push(("unclean.leader.election.enable", "true".to_owned()));
    }
    if rng.chance(1, 6) {
        configs.push(("message.timestamp.type", "LogAppendTime".to_owned()));
    }
    if rng.chance(1, 6) {
        configs.push(("segment.bytes", rng.between(1_500, 4_000).to_string()));
    }
    if rng.chance(1, 12) {
        configs.push(("retention.bytes", rng.between(500, 4_000).to_string()));
    }
    if rng.chance(1, 12) {
        configs.push(("cleanup.policy", "compact".to_owned()));
    }
    if rng.chance(1, 12) {
        configs.push(("message.timestamp.before.max.ms", "60000".to_owned()));
    }
    if rng.chance(1, 6) {
        configs.push(("max.message.bytes", rng.between(200, 800).to_string()));
    }
    configs
}

fn producer(rng: &mut Rng) -> Vec<(String, String)> {
    let acks = pick(rng, &["all", "all", "all", "1", "0"]);
    let idempotent = acks == "all" && rng.chance(3, 4);
    let linger = pick(rng, &[0, 0, 1, 5, 20]);
    let request_timeout = rng.between(60, 1_500);
    let options = [
        ("acks", acks.to_owned()),
        ("enable.idempotence", idempotent.to_string()),
        (
            "max.in.flight.requests.per.connection",
            rng.between(1, 5).to_string(),
        ),
        ("linger.ms", linger.to_string()),
        ("batch.size", rng.between(0, 1_200).to_string()),
        ("buffer.memory", rng.between(1_200, 6_000).to_string()),
        (
            "compression.type",
            pick(rng, &["none", "none", "gzip", "snappy", "lz4", "zstd"]).to_owned(),
        ),
        ("request.timeout.ms", request_timeout.to_string()),
        (
            "delivery.timeout.ms",
            (linger + request_timeout + rng.between(0, 6_000)).to_string(),
        ),
        ("ottla.ambiguity", pick(rng, &["retry", "fail"]).to_owned()),
        ("max.block.ms", rng.between(500, 5_000).to_string()),
        ("retry.backoff.ms", rng.between(1, 100).to_string()),
        ("reconnect.backoff.ms", rng.between(1, 50).to_string()),
        ("reconnect.backoff.max.ms", rng.between(50, 500).to_string()),
    ];
    let mut options: Vec<_> = options
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    options.extend(seldom(rng));
    options
}

/// Options that most producers leave alone, each in few worlds.
fn seldom(rng: &mut Rng) -> Vec<(String, String)> {
    let ranges = [
        ("retries", 1, 4),
        ("metadata.max.age.ms", 50, 2_000),
        ("metadata.max.idle.ms", 5_000, 6_000),
        ("metadata.recovery.rebootstrap.trigger.ms", 50, 2_000),
        ("connections.max.idle.ms", 100, 3_000),
        ("socket.connection.setup.timeout.ms", 20, 500),
        ("retry.backoff.max.ms", 1, 300),
        ("max.request.size", 600, 3_000),
        ("partitioner.availability.timeout.ms", 1, 500),
    ];
    let mut options = Vec::new();
    for (name, least, most) in ranges {
        if rng.chance(1, 12) {
            options.push((name.to_owned(), rng.between(least, most).to_string()));
        }
    }
    for name in [
        "partitioner.ignore.keys",
        "partitioner.adaptive.partitioning.enable",
    ] {
        if rng.chance(1, 12) {
            options.push((name.to_owned(), rng.chance(1, 2).to_string()));
        }
    }
    options
}

/// What the application does beside sending.
fn application(rng: &mut Rng, script: &mut Vec<(Micros, Command)>) {
    if rng.chance(1, 5) {
        script.push((rng.below(ACTION), Command::Flush));
    }
    if rng.chance(1, 8) {
        let within = rng.chance(1, 2);
        let within = within.then(|| Duration::from_millis(rng.between(0, 2_000)));
        script.push((rng.between(ACTION / 4, ACTION), Command::Close(within)));
    }
}

fn records(rng: &mut Rng, plan: &Plan) -> Vec<(Micros, Command)> {
    let count = rng.between(5, 50);
    let span = rng.between(10, 1_500) * MS;
    let keys = rng.between(1, 8);
    let keyless = rng.chance(1, 3);
    let long = rng.between(8, 300);
    let (dated, unplanned) = (rng.chance(1, 12), rng.chance(1, 10));
    let publish = |n: u64| {
        let topic = if unplanned && rng.chance(1, 4) {
            UNPLANNED
        } else {
            TOPIC
        };
        let mut record =
            Record::to(topic).value(format!("{n:0width$}", width = rng.between(4, long) as usize));
        if !keyless || rng.chance(1, 2) {
            record = record.key(format!("key {}", rng.below(keys)));
        }
        if rng.chance(1, 10) {
            record = record.partition(rng.below(plan.partitions.unsigned_abs().into()) as i32);
        }
        if dated && rng.chance(1, 3) {
            let away = pick(rng, &[-172_800_000, -120_000, 60_000, 7_200_000]);
            record = record.at(Timestamp(plan.epoch_ms + away));
        }
        (rng.below(span), Command::Publish(record))
    };
    let mut records: Vec<_> = (0..count).map(publish).collect();
    // The values count up in the order of sending, which makes a failure readable.
    records.sort_by_key(|(at, _)| *at);
    records
}
