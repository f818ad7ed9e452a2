//! `console-producer --spool`, killed again and again while the broker cannot be reached: of the lines that it had
//! reported as spooled none is lost, and none is there twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ottla_core::journal::{Ledger, read};
use ottla_tests::cli::console_producer;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::places::{program, run_dir};
use ottla_tests::process::Process;
use ottla_tests::proxy::{Moment, PRODUCE};
use ottla_tests::wait::wait_until;

/// Kills without [`ROUNDS`].
const FEW: u64 = 8;
/// The first seed and how many, `SEED:KILLS`. `cargo xtask prove spool` sets it.
const ROUNDS: &str = "OTTLA_SPOOL_KILLS";
const LIMIT: Duration = Duration::from_secs(60);

/// xorshift64: the points of the kills, and nothing else, depend on it.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// How the broker is out of reach.
#[derive(Clone, Copy, Debug)]
enum Outage {
    /// Nobody answers at its address, from the start of the producer on.
    Unreachable,
    /// It hangs: what is sent to it arrives when it goes on, after the producer is dead.
    Hangs,
    /// It stores a batch, and its answer and everything after that is lost.
    AnswerLost,
}

struct Bench {
    kafka: Kafka,
    topic: String,
    dir: PathBuf,
    log: PathBuf,
    /// Lines that were typed, and those of them that were reported as spooled.
    typed: Vec<String>,
    reported: BTreeSet<String>,
    /// Kills that left a batch behind of which nobody knew whether the broker has it.
    in_doubt: u64,
}

impl Bench {
    fn start() -> Self {
        let kafka = Kafka::options().proxied().start();
        let topic = Kafka::topic_name("spool");
        kafka.tools().create_topic(&topic, 1, &[]);
        let dir = run_dir("spool-kills");
        Self {
            kafka,
            topic,
            log: dir.join("log"),
            dir: dir.join("spool"),
            typed: Vec::new(),
            reported: BTreeSet::new(),
            in_doubt: 0,
        }
    }

    fn begin(&self, outage: Outage) {
        let (proxy, node) = (self.kafka.proxy(1), self.kafka.node(1));
        match outage {
            Outage::Unreachable => proxy.set_upstream("127.0.0.1:1"),
            Outage::Hangs => node.pause(),
            Outage::AnswerLost => proxy.cut(PRODUCE, 1, Moment::Never),
        }
    }

    fn end(&self, outage: Outage) {
        let (proxy, node) = (self.kafka.proxy(1), self.kafka.node(1));
        if let Outage::Hangs = outage {
            node.resume();
        }
        proxy.set_upstream(node.proxied_address());
    }

    /// One life of the producer.
    fn round(&mut self, seed: u64) {
        let mut random = Random::new(seed);
        let outage = [Outage::Unreachable, Outage::Hangs, Outage::AnswerLost][random.below(3) as usize];
        // A broker that hangs before the producer knows it gets nothing: it begins to hang when it has got something.
        let begins_at = match outage {
            Outage::Hangs => 1 + random.below(40),
            Outage::Unreachable | Outage::AnswerLost => 0,
        };
        let (requests, cuts) = (
            self.kafka.proxy(1).count(PRODUCE),
            self.kafka.proxy(1).cuts_made(),
        );
        let count = begins_at + 1 + random.below(200);
        let until = 1 + random.below(count);
        let mut command = Command::new(program("ottla"));
        command
            .args([
                "console-producer",
                "--bootstrap-server",
                &self.kafka.proxied_bootstrap(),
            ])
            .args(["--topic", &self.topic, "--batch-size", "300", "--spool"])
            .arg(&self.dir)
            .args(["--command-property", "reconnect.backoff.max.ms=50"]);
        let log = self.log.with_extension(format!("{seed}.log"));
        let mut producer = Process::start_at_keyboard("console-producer", &mut command, &log);
        let first = self.typed.len();
        for n in 0..count {
            if n == begins_at {
                wait_until("a request", LIMIT, || {
                    n == 0 || self.kafka.proxy(1).count(PRODUCE) > requests
                });
                self.begin(outage);
            }
            let line = format!("{seed}-{n}");
            producer.type_line(&line);
            self.typed.push(line);
        }
        wait_until("lines to be spooled", LIMIT, || spooled(&producer.log()) >= until);
        if let Outage::AnswerLost = outage {
            self.kafka.proxy(1).wait_for_cuts(cuts + 1, LIMIT);
        }
        producer.kill();
        let kept = spooled(&producer.log()) as usize;
        self.reported
            .extend(self.typed[first..first + kept].iter().cloned());
        self.in_doubt += u64::from(batches_in_doubt(&self.dir) > 0);
        self.end(outage);
    }

    /// The last life, with the broker there: what is left is delivered.
    fn deliver(&self) {
        console_producer(&self.kafka.proxied_bootstrap(), &self.topic)
            .args(["--spool"])
            .args([&self.dir])
            .ok();
    }

    fn check(&self) {
        let there = kcat::records(self.kafka.bootstrap(), &self.topic);
        let there: Vec<String> = there
            .into_iter()
            .map(|record| String::from_utf8(record.value.expect("a line")).expect("text"))
            .collect();
        let unique: BTreeSet<&String> = there.iter().collect();
        assert_eq!(unique.len(), there.len(), "a line is there twice");
        let lost: Vec<&String> = self
            .reported
            .iter()
            .filter(|line| !unique.contains(line))
            .collect();
        assert!(lost.is_empty(), "{} lines are lost: {lost:?}", lost.len());
        // One partition: lines are there in the order in which they were typed.
        let typed: Vec<&String> = self.typed.iter().filter(|line| unique.contains(line)).collect();
        assert_eq!(there.iter().collect::<Vec<_>>(), typed);
    }
}

/// The last `spooled N` of a log.
fn spooled(log: &str) -> u64 {
    let mut counts = log.lines().filter_map(|line| line.strip_prefix("spooled "));
    counts
        .next_back()
        .and_then(|count| count.parse().ok())
        .unwrap_or(0)
}

/// Batches in a spool that were about to be sent and of which nothing is known.
fn batches_in_doubt(dir: &Path) -> usize {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "spool"))
        .collect();
    files.sort();
    let mut ledger = Ledger::default();
    for file in files {
        let bytes = fs::read(&file).expect("nobody else has it");
        for entry in read(&bytes).expect("this version").entries() {
            ledger.apply(&entry);
        }
    }
    ledger.stamps().len()
}

#[test]
#[allow(clippy::print_stdout, reason = "the figures are what a long run is for")]
fn of_the_lines_reported_as_spooled_none_is_lost_and_none_is_twice_whenever_it_is_killed() {
    let rounds = std::env::var(ROUNDS).unwrap_or_else(|_| format!("0:{FEW}"));
    let (first, count) = rounds.split_once(':').expect("a seed and a number");
    let (first, count): (u64, u64) = (first.parse().expect("a seed"), count.parse().expect("a number"));
    let mut bench = Bench::start();
    for seed in first..first + count {
        bench.round(seed);
    }
    bench.deliver();
    bench.check();
    println!(
        "spool: {count} kills, {} of them with a batch in doubt; {} lines typed, {} reported as spooled: none lost, none twice",
        bench.in_doubt,
        bench.typed.len(),
        bench.reported.len()
    );
    assert!(
        bench.in_doubt * 4 >= count,
        "{} of {count} kills had a batch in doubt",
        bench.in_doubt
    );
}
