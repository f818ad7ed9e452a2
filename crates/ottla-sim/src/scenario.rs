//! Worlds to begin with, as data. Each is a native test, so that the page shows nothing that is not checked.

use std::time::Duration;

use ottla_broker::{ErrorCode, Micros};
use ottla_core::{Instant, Record, config::ConfigError};
use ottla_trace::Level;

use crate::{Command, Setup, World};

const MS: Micros = 1_000;

/// A world and what happens to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name in links and commands.
    pub name: &'static str,
    /// How it begins.
    pub setup: Setup,
    /// What is done, and when (microseconds), in the order of time.
    pub script: Vec<(Micros, Command)>,
    /// When it is over.
    pub until: Micros,
}

impl Scenario {
    /// The world at its beginning, with the script planned.
    ///
    /// # Errors
    /// Every mistake in the producer's configuration.
    pub fn start(&self) -> Result<World, Vec<ConfigError>> {
        let mut world = World::new(&self.setup)?;
        for (at, command) in &self.script {
            world.schedule(Instant::from_micros(*at), command.clone());
        }
        Ok(world)
    }

    /// The world at its end.
    ///
    /// # Errors
    /// Every mistake in the producer's configuration.
    pub fn run(&self) -> Result<World, Vec<ConfigError>> {
        let mut world = self.start()?;
        world.run_until(Instant::from_micros(self.until));
        Ok(world)
    }

    /// The same with another option of the producer: the other half of an A/B.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.setup = self.setup.with(name, value);
        self
    }

    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            sandbox(),
            broker_dies(),
            silent_loss(),
            lost_leader(),
            lost_answer(),
            reordered(),
            slow_network(),
        ]
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|scenario| scenario.name == name)
    }
}

/// Three brokers, `orders` with three partitions on all of them, and batches so small that a few records fill one.
#[must_use]
pub fn sandbox() -> Scenario {
    let setup = Setup {
        trace: Level::Record,
        ..Setup::default()
    }
    .topic("orders", 3, 3, &[])
    .with("client.id", "shop")
    .with("batch.size", 160)
    .with("buffer.memory", 1_024);
    Scenario {
        name: "sandbox",
        setup,
        script: Vec::new(),
        until: 60_000 * MS,
    }
}

/// The `n`th record of a stream over some keys.
fn order(n: u64) -> Record<'static> {
    let key = ["kim", "lim", "han"][(n % 3) as usize];
    Record::to("orders").key(key).value(format!("order {n:02}"))
}

/// Sends `count` records, one every `pace` from `from` on.
fn stream(script: &mut Vec<(Micros, Command)>, from: Micros, count: u64, pace: Micros) {
    script.extend((0..count).map(|n| (from + n * pace, Command::Publish(order(n)))));
    script.sort_by_key(|(at, _)| *at);
}

fn scripted(name: &'static str, until: Micros, script: Vec<(Micros, Command)>) -> Scenario {
    Scenario {
        name,
        script,
        until,
        ..sandbox()
    }
}

/// A stream of orders, and in the middle of it broker 3 dies. With `acks=all` nothing is lost; with `acks=1` what only
/// broker 3 had is.
#[must_use]
pub fn broker_dies() -> Scenario {
    let mut script = vec![(84_500, Command::Kill(3)), (20_000 * MS, Command::Restart(3))];
    stream(&mut script, 50 * MS, 24, 1_500);
    scripted("broker-dies", 40_000 * MS, script)
}

/// `acks=0`: told OK means handed to the socket. The broker that dies takes with it what it had not read.
#[must_use]
pub fn silent_loss() -> Scenario {
    let mut script = vec![(78 * MS, Command::Kill(3))];
    stream(&mut script, 50 * MS, 40, MS);
    scripted("silent-loss", 20_000 * MS, script)
        .with("acks", 0)
        .with("enable.idempotence", false)
}

/// `acks=1`, slow followers: the leader dies between its answer and their fetch.
#[must_use]
pub fn lost_leader() -> Scenario {
    let slow = |node| (10 * MS, Command::SlowFollower { node, extra: 30 * MS });
    let mut script = vec![
        slow(1),
        slow(2),
        slow(3),
        (130 * MS, Command::Kill(3)),
        (20_000 * MS, Command::Restart(3)),
    ];
    stream(&mut script, 50 * MS, 40, 2 * MS);
    scripted("lost-leader", 40_000 * MS, script)
        .with("acks", 1)
        .with("enable.idempotence", false)
}

/// The connection is cut after the append and before the answer. Without idempotence the batch is in the log twice.
#[must_use]
pub fn lost_answer() -> Scenario {
    let cut = |node| (70 * MS, Command::CutAfterAppend(node));
    let mut script = vec![cut(1), cut(2), cut(3)];
    stream(&mut script, 50 * MS, 24, 3 * MS);
    scripted("lost-answer", 10_000 * MS, script).with("enable.idempotence", false)
}

/// Several requests in flight, and one of them is refused for a moment. Without idempotence a later one passes it.
#[must_use]
pub fn reordered() -> Scenario {
    let refuse = |node| {
        let error = ErrorCode::NOT_ENOUGH_REPLICAS;
        (
            70 * MS,
            Command::Answer {
                node,
                error,
                append: false,
                partition: None,
            },
        )
    };
    let mut script = vec![refuse(1), refuse(2), refuse(3)];
    stream(&mut script, 50 * MS, 40, MS);
    scripted("reordered", 10_000 * MS, script).with("enable.idempotence", false)
}

/// The network stands still for longer than `delivery.timeout.ms`: failed does not mean that it was not written.
#[must_use]
pub fn slow_network() -> Scenario {
    let nodes = 1..=3;
    let mut script: Vec<_> = nodes
        .clone()
        .map(|node| (68 * MS, Command::Freeze(node)))
        .collect();
    script.extend(nodes.map(|node| (3_100 * MS, Command::Thaw(node))));
    stream(&mut script, 50 * MS, 12, 2 * MS);
    let scenario = scripted("slow-network", 10_000 * MS, script);
    scenario
        .with("request.timeout.ms", 1_500)
        .with("linger.ms", 5)
        .with("delivery.timeout.ms", 2_000)
}

/// How long the page waits for a scenario's end, in the world's time.
pub const LONGEST: Duration = Duration::from_secs(60);
