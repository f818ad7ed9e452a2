//! One run: a producer, a director who kills, and the comparison.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ottla::admin::{Admin, AdminError, AdminOptions, PartitionDescription};
use ottla::trace::{Envelope, Level};
use ottla::{Producer, Record};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use super::gate::Gate;
use super::in_flight::{InFlight, Victim};
use crate::bridge::Bridge;
use crate::kafka::Kafka;
use crate::ledger::{Found, Told, compare, record};
use crate::log;
use crate::wait::{poll_for, wait_for, wait_until};

const PARTITIONS: i32 = 6;
const KEYS: usize = 200;
const PADDING: usize = 80;
const LIMIT: Duration = Duration::from_secs(120);
/// Small, so that whatever the cluster does not answer holds the sender up soon.
const BUFFER: usize = 256 * 1024;
/// So large that what is for frozen brokers does not keep the sender from the one that still answers.
const BUFFER_ALONE: usize = 64 << 20;
/// Records that the frozen followers are behind before a leader that waits for nobody is killed.
const BEHIND: usize = 300;
/// Kills beyond the wanted ones, for those that hit nobody.
const SPARE: usize = 3;
/// The same of a leader that waits for nobody, and so has rarely much to answer.
const SPARE_ALONE: usize = 13;
/// Every so many kills happen while a follower is frozen, the first one among them.
const FROZEN_EVERY: usize = 4;

/// What a producer asks for, and so may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// `acks=all` and idempotence: once and in order.
    ExactlyOnce,
    /// `acks=all` alone: at least once.
    AtLeastOnce,
    /// `acks=1`: nothing that outlives the leader.
    Leader,
}

impl Promise {
    fn acks(self) -> &'static str {
        if self == Self::Leader { "1" } else { "all" }
    }

    fn buffer(self) -> usize {
        if self == Self::Leader {
            BUFFER_ALONE
        } else {
            BUFFER
        }
    }
}

/// What is done to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Records to send.
    pub records: usize,
    /// Leaders to kill while requests are on their way to them.
    pub kills: usize,
    /// What the producer asks for.
    pub promise: Promise,
    /// `None` for a producer that talks to the brokers; else how often the bridge between them is killed.
    pub bridge_kills: Option<usize>,
}

/// What came of a plan.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Records that the producer was told are in the log.
    pub acked: usize,
    /// Errors that it was told instead.
    pub failed: Vec<String>,
    /// What the log says.
    pub found: Found,
    /// The batches that each killed leader had not answered and that were sent again; 0 is a kill that does not count.
    pub kills: Vec<usize>,
    /// How many of the kills happened while a follower was frozen.
    pub frozen: usize,
    /// As `kills`, of the bridge.
    pub bridge_kills: Vec<usize>,
    /// Why batches were put back, and how often.
    pub retries: BTreeMap<String, usize>,
    /// New epochs of the producer.
    pub epoch_bumps: u64,
    /// From the first record to the last answer.
    pub took: Duration,
}

impl Outcome {
    /// The leaders that were killed with requests on their way to them.
    pub fn counted(&self) -> usize {
        counted(&self.kills)
    }

    /// The same of the bridge.
    pub fn counted_bridges(&self) -> usize {
        counted(&self.bridge_kills)
    }
}

fn counted(kills: &[usize]) -> usize {
    kills.iter().filter(|repeated| **repeated > 0).count()
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} acknowledged, {} failed: {}; {} leaders killed with requests on their way ({} of them while a follower was \
             frozen, {} more kills hit nobody), {} bridges; batches put back: {:?}; {} epoch bumps; {:.0} s",
            self.acked,
            self.failed.len(),
            self.found,
            self.counted(),
            self.frozen,
            self.kills.len() - self.counted(),
            self.counted_bridges(),
            self.retries,
            self.epoch_bumps,
            self.took.as_secs_f64()
        )
    }
}

/// Does what `plan` says on a topic of its own, and says after each kill how it went.
///
/// # Panics
/// When fewer leaders than planned could be killed with requests on their way, and when the cluster does not recover.
#[track_caller]
pub fn run(kafka: &mut Kafka, topic: &str, plan: &Plan, say: &dyn Fn(&str)) -> Outcome {
    kafka.tools().create_topic(topic, PARTITIONS as u32, &[]);
    let bridge = plan
        .bridge_kills
        .map(|_| Bridge::start_to_stay(kafka.bootstrap(), &[topic]));
    let runtime = Runtime::new().expect("threads can be started");
    let bootstrap = bridge.as_ref().map_or(kafka.bootstrap(), Bridge::url).to_owned();
    let sending = Sending::start(&runtime, &bootstrap, topic, plan);
    let mut director = Director {
        kafka,
        bridge,
        runtime: &runtime,
        sending: &sending,
        topic,
        plan,
        kills: Vec::new(),
        frozen: 0,
        bridge_kills: Vec::new(),
        say,
    };
    let start = Instant::now();
    director.kill_all();
    sending.gate.open(plan.records);
    wait_until("the fate of every record", LIMIT * 3, || {
        sending.gate.resolved() == plan.records
    });
    let took = start.elapsed();
    director.wait_for_preferred_leaders();
    let (kills, frozen, bridge_kills) = (director.kills, director.frozen, director.bridge_kills);
    let mut told = sending.finish(&runtime);
    runtime.block_on(seal(kafka.bootstrap(), topic, &mut told.records));
    let in_flight = told.in_flight;
    assert_eq!(in_flight.left_out(), 0, "events that the trace left out");
    let logs = runtime.block_on(log::values(kafka.bootstrap(), topic, PARTITIONS));
    let found = compare(&told.records, &logs);
    told.records.truncate(plan.records);
    let failed = told.records.iter().filter_map(|told| match told {
        Told::Failed(why) => Some(why.clone()),
        _ => None,
    });
    Outcome {
        acked: told
            .records
            .iter()
            .filter(|told| matches!(told, Told::Acked(..)))
            .count(),
        failed: failed.collect(),
        found,
        kills,
        frozen,
        bridge_kills,
        retries: in_flight.retries().clone(),
        epoch_bumps: told.epoch_bumps,
        took,
    }
}

/// A producer, and everybody who writes down what becomes of its records.
struct Sending {
    producer: Producer,
    gate: Arc<Gate>,
    told: Arc<Mutex<Vec<Told>>>,
    in_flight: Arc<Mutex<InFlight>>,
    sender: JoinHandle<()>,
}

/// What is left of it.
struct Finished {
    records: Vec<Told>,
    in_flight: InFlight,
    epoch_bumps: u64,
}

impl Sending {
    fn start(runtime: &Runtime, bootstrap: &str, topic: &str, plan: &Plan) -> Self {
        let in_flight = Arc::new(Mutex::new(InFlight::default()));
        let sink = Arc::clone(&in_flight);
        let builder = Producer::builder()
            .bootstrap_servers(bootstrap)
            .set("acks", plan.promise.acks())
            .set(
                "enable.idempotence",
                (plan.promise == Promise::ExactlyOnce).to_string(),
            )
            .set("linger.ms", "1")
            .set("buffer.memory", plan.promise.buffer().to_string())
            .trace(Level::Batch, move |envelope: Envelope| {
                lock(&sink).note(&envelope.event);
            });
        let _guard = runtime.enter();
        let producer = builder.start().expect("a good configuration");
        let gate = Arc::new(Gate::default());
        let told = Arc::new(Mutex::new(vec![Told::Nothing; plan.records]));
        let sender = runtime.spawn(send_all(
            producer.clone(),
            topic.to_owned(),
            Arc::clone(&gate),
            Arc::clone(&told),
        ));
        Self {
            producer,
            gate,
            told,
            in_flight,
            sender,
        }
    }

    fn finish(self, runtime: &Runtime) -> Finished {
        runtime.block_on(async {
            self.sender.await.expect("the sender does not panic");
            self.producer.close(LIMIT).await.expect("nothing is left");
        });
        Finished {
            records: std::mem::take(&mut *lock(&self.told)),
            in_flight: std::mem::take(&mut *lock(&self.in_flight)),
            epoch_bumps: self.producer.metrics().epoch_bumps,
        }
    }
}

async fn send_all(producer: Producer, topic: String, gate: Arc<Gate>, told: Arc<Mutex<Vec<Told>>>) {
    let records = lock(&told).len();
    for number in 0..records {
        gate.pass(number).await;
        let (key, value) = record(number, KEYS, PADDING);
        let record = Record::to(topic.as_str()).key(key).value(value);
        let (passed, told) = (Arc::clone(&gate), Arc::clone(&told));
        let accepted = producer.send_with(record, move |result| {
            lock(&told)[number] = match result {
                Ok(metadata) => Told::Acked(metadata.partition, metadata.offset),
                Err(error) => Told::Failed(error.to_string()),
            };
            passed.resolved_one();
        });
        accepted.await.expect("room comes within max.block.ms");
    }
}

/// Puts a last record into each partition. Once every follower has it, whoever reads gets all that is before it, which
/// `acks=1` alone does not promise.
async fn seal(bootstrap: &str, topic: &str, told: &mut Vec<Told>) {
    let producer = Producer::builder()
        .bootstrap_servers(bootstrap)
        .start()
        .expect("a good configuration");
    for partition in 0..PARTITIONS {
        let value = format!("last{partition} {} ", told.len());
        let record = Record::to(topic).partition(partition).value(value);
        let delivery = producer.send(record).await.expect("room");
        let metadata = delivery.await.expect("all brokers are there");
        told.push(Told::Acked(metadata.partition, metadata.offset));
    }
    producer.close(LIMIT).await.expect("nothing is left");
}

/// Kills, and brings back what was killed.
struct Director<'a> {
    kafka: &'a mut Kafka,
    bridge: Option<Bridge>,
    runtime: &'a Runtime,
    sending: &'a Sending,
    topic: &'a str,
    plan: &'a Plan,
    kills: Vec<usize>,
    frozen: usize,
    bridge_kills: Vec<usize>,
    say: &'a dyn Fn(&str),
}

impl Director<'_> {
    /// Each kill has a share of the records: two thirds of it come as fast as they can until the kill, the rest one by
    /// one until the broker is back.
    #[track_caller]
    fn kill_all(&mut self) {
        let rounds = self.plan.kills
            + match self.plan.promise {
                Promise::Leader => SPARE_ALONE.min(self.plan.kills * 2),
                _ => SPARE,
            };
        let share = self.plan.records / rounds;
        for round in 0..rounds {
            // A frozen follower may have cost more than one share.
            let from = self.sending.gate.resolved().max(round * share);
            self.sending.gate.open(from + share * 2 / 3);
            self.wait_for_resolved(from + share / 6);
            if self.is_bridge_due(round) {
                self.kill_bridge();
                self.wait_for_resolved(from + share / 3);
            }
            self.kill_leader(round, from + share);
            if counted(&self.kills) == self.plan.kills {
                return;
            }
        }
        panic!(
            "only {} of {} kills hit a leader with requests on their way: {:?}",
            counted(&self.kills),
            self.plan.kills,
            self.kills
        );
    }

    /// The bridge's kills are spread over the leaders'; one that hits nobody is done again.
    fn is_bridge_due(&self, round: usize) -> bool {
        let wanted = self.plan.bridge_kills.unwrap_or(0);
        let done = counted(&self.bridge_kills);
        done < wanted && round >= self.plan.kills * (done + 1) / (wanted + 1)
    }

    #[track_caller]
    fn kill_bridge(&mut self) {
        self.wait_for_requests_to(Victim::Bridge);
        self.in_flight().killing(Victim::Bridge);
        let bridge = self.bridge.as_mut().expect("it is due");
        bridge.restart();
        self.wait_until_settled();
        let repeated = self.in_flight().repeated();
        self.bridge_kills.push(repeated);
        (self.say)(&format!("the bridge killed: {repeated} batches sent again"));
    }

    #[track_caller]
    fn kill_leader(&mut self, round: usize, slowly_to: usize) {
        let partition = round % PARTITIONS as usize;
        let of_partition = wait_for("a leader", LIMIT, || {
            let partition = self.partitions().ok()?.swap_remove(partition);
            (partition.leader >= 0).then_some(partition)
        });
        let leader = of_partition.leader;
        let frozen = if round.is_multiple_of(FROZEN_EVERY) {
            self.freeze(&of_partition, slowly_to)
        } else {
            Vec::new()
        };
        self.wait_for_requests_to(Victim::Node(leader));
        self.in_flight().killing(Victim::Node(leader));
        self.kafka.node_mut(leader).kill();
        for follower in &frozen {
            self.kafka.node(*follower).resume();
        }
        self.sending.gate.slow_down(slowly_to);
        self.kafka.node_mut(leader).restart();
        self.wait_until_settled();
        let repeated = self.in_flight().repeated();
        self.kills.push(repeated);
        self.frozen += usize::from(!frozen.is_empty() && repeated > 0);
        let beside = if frozen.is_empty() {
            String::new()
        } else {
            format!(" while {frozen:?} were frozen")
        };
        (self.say)(&format!(
            "broker {leader} killed{beside}: {repeated} batches sent again; {} of {} records resolved",
            self.sending.gate.resolved(),
            self.plan.records
        ));
        wait_until("every replica to be in sync", LIMIT, || {
            self.partitions().is_ok_and(|partitions| {
                let mut all = partitions.iter();
                all.all(|partition| partition.leader >= 0 && partition.isr.len() == partition.replicas.len())
            })
        });
    }

    /// Freezes a follower of the partition until it is missed: with `acks=all` it keeps everything from being
    /// acknowledged. A leader that waits for nobody loses all of them, so that no next leader has what it acknowledged.
    #[track_caller]
    fn freeze(&self, partition: &PartitionDescription, slowly_to: usize) -> Vec<i32> {
        let followers = partition.isr.iter().filter(|id| **id != partition.leader);
        let mut frozen: Vec<i32> = followers.copied().collect();
        if self.plan.promise != Promise::Leader {
            frozen.truncate(1);
        }
        for follower in &frozen {
            self.kafka.node(*follower).pause();
        }
        if self.plan.promise == Promise::Leader {
            // It is never without a request, however fast it answers.
            self.sending
                .gate
                .open(2 * slowly_to - self.sending.gate.resolved());
            self.wait_for_resolved(self.sending.gate.resolved() + BEHIND);
        } else {
            // What is left of the fast records may be too few to fill the buffer.
            self.sending.gate.open(slowly_to);
            // The leader and the other follower have then what was never answered.
            poll_for(LIMIT, || {
                (self.sending.producer.memory_used() > BUFFER * 9 / 10).then_some(())
            });
        }
        frozen
    }

    /// Nobody leads in another's place any more: whoever reads the log now is not sent away.
    #[track_caller]
    fn wait_for_preferred_leaders(&self) {
        wait_until("leaders to be back", LIMIT, || {
            self.partitions().is_ok_and(|partitions| {
                let mut all = partitions.iter();
                all.all(|partition| partition.replicas.first() == Some(&partition.leader))
            })
        });
    }

    fn partitions(&self) -> Result<Vec<PartitionDescription>, AdminError> {
        self.runtime.block_on(async {
            let mut admin = Admin::connect(AdminOptions::new(self.kafka.bootstrap())).await?;
            let mut topics = admin.describe(&[self.topic.to_owned()]).await?;
            Ok(topics.swap_remove(0).partitions)
        })
    }

    #[track_caller]
    fn wait_for_resolved(&self, number: usize) {
        wait_until("records to be resolved", LIMIT, || {
            self.sending.gate.resolved() >= number
        });
    }

    #[track_caller]
    fn wait_for_requests_to(&self, victim: Victim) {
        wait_until("requests that are on their way", LIMIT, || {
            self.in_flight().to(victim) > 0
        });
    }

    #[track_caller]
    fn wait_until_settled(&self) {
        wait_until("the batches that were on their way", LIMIT, || {
            self.in_flight().is_settled()
        });
    }

    fn in_flight(&self) -> MutexGuard<'_, InFlight> {
        lock(&self.sending.in_flight)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
