//! How records get from a leader to its followers: both sides of the fetch between brokers.

use crate::{
    Broker, Effect, FetchPosition, Micros, NodeId, Observed, ReplicaAnswer, ReplicaFetch, Replicated,
    effect::ControllerRequest,
    replica::{IsrProposal, Role},
};
use ottla_wire::{batch::RecordBatch, error_code::ErrorCode};

/// `replica.fetch.max.bytes`, which bounds one partition of an answer.
const PARTITION_BYTES: usize = 1 << 20;
/// `replica.fetch.response.max.bytes`, which bounds the whole answer.
const ANSWER_BYTES: usize = 10 << 20;

/// A fetch that waits at its leader until there is something to answer.
#[derive(Clone, Debug)]
pub(crate) struct Parked {
    fetch: ReplicaFetch,
    pub(crate) deadline: Micros,
}

/// One follower's conversation with one leader; at most one fetch is under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetcher {
    under_way: bool,
    pub(crate) not_before: Micros,
}

impl Broker {
    /// A follower's fetch has arrived.
    pub fn replica_fetch(&mut self, now: Micros, fetch: ReplicaFetch) {
        for position in &fetch.positions {
            self.note_position(now, fetch.follower, position);
        }
        if fetch.positions.iter().any(|position| self.has_news(position)) {
            self.answer_fetch(&fetch);
        } else {
            let deadline = now + self.settings.replica_fetch_wait_max;
            self.parked.insert(fetch.follower, Parked { fetch, deadline });
        }
        self.settle(now);
    }

    fn note_position(&mut self, now: Micros, follower: NodeId, position: &FetchPosition) {
        let id = self.id;
        let Some(replica) = self.replicas.get_mut(&(position.topic, position.partition)) else {
            return;
        };
        let follows = replica
            .leader()
            .is_some_and(|leader| leader.epoch == position.leader_epoch);
        // A follower whose log diverges holds other records at these offsets: that is no progress.
        if !follows
            || diverges(
                replica.log.end_of_epoch(position.last_epoch.unwrap_or(-1)),
                position,
            )
        {
            return;
        }
        replica.note_fetch(now, follower, position.offset);
        let moved = replica.advance_high_watermark(now, id);
        // A fenced broker may fetch, but the controller would not have it in the ISR.
        let fenced = !self.image.brokers.contains_key(&follower);
        let proposal = if fenced {
            None
        } else {
            replica.propose_expansion(follower)
        };
        if moved {
            self.high_watermark_moved(position.topic, position.partition);
        }
        self.send_proposal(position.topic, position.partition, proposal);
    }

    fn has_news(&self, position: &FetchPosition) -> bool {
        let Some(replica) = self.replicas.get(&(position.topic, position.partition)) else {
            return true;
        };
        let Some(leader) = replica.leader() else {
            return true;
        };
        leader.epoch != position.leader_epoch
            || position.offset != replica.log.end()
            || diverges(
                replica.log.end_of_epoch(position.last_epoch.unwrap_or(-1)),
                position,
            )
    }

    fn answer_fetch(&mut self, fetch: &ReplicaFetch) {
        let mut budget = ANSWER_BYTES;
        let parts = fetch
            .positions
            .iter()
            .map(|position| (*position, self.read_for(position, &mut budget)));
        let parts = parts.collect();
        let answer = ReplicaAnswer {
            leader: self.id,
            follower: fetch.follower,
            parts,
        };
        self.effects.push_back(Effect::FetchAnswer(answer));
    }

    fn read_for(&self, position: &FetchPosition, budget: &mut usize) -> Replicated {
        let Some(replica) = self.replicas.get(&(position.topic, position.partition)) else {
            return Replicated::Error(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        };
        let Some(leader) = replica.leader() else {
            return Replicated::Error(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        };
        if position.leader_epoch < leader.epoch {
            return Replicated::Error(ErrorCode::FENCED_LEADER_EPOCH);
        }
        if position.leader_epoch > leader.epoch {
            return Replicated::Error(ErrorCode::UNKNOWN_LEADER_EPOCH);
        }
        let log = &replica.log;
        if position.offset < log.start() {
            return Replicated::TooOld {
                log_start: log.start(),
            };
        }
        let common = log.end_of_epoch(position.last_epoch.unwrap_or(-1));
        if diverges(common, position) || position.offset > log.end() {
            let (epoch, end) = common.unwrap_or((-1, log.start()));
            return Replicated::Diverged { epoch, end };
        }
        let batches = log.read(
            position.offset,
            log.end(),
            (*budget).min(PARTITION_BYTES),
            *budget > 0,
        );
        *budget = budget.saturating_sub(batches.iter().map(RecordBatch::size).sum());
        Replicated::Records {
            batches,
            high_watermark: replica.high_watermark(),
            log_start: log.start(),
        }
    }

    /// Answers the parked fetches that there is something for by now.
    pub(crate) fn answer_parked(&mut self, now: Micros) {
        let due = |parked: &Parked| {
            now >= parked.deadline
                || parked
                    .fetch
                    .positions
                    .iter()
                    .any(|position| self.has_news(position))
        };
        let due: Vec<NodeId> = self
            .parked
            .iter()
            .filter(|(_, parked)| due(parked))
            .map(|(node, _)| *node)
            .collect();
        for node in due {
            if let Some(parked) = self.parked.remove(&node) {
                self.answer_fetch(&parked.fetch);
            }
        }
    }

    /// Sends a fetch to every leader that this broker follows and has no fetch under way to.
    pub(crate) fn start_fetches(&mut self, now: Micros) {
        let leaders: Vec<NodeId> = self
            .image
            .brokers
            .keys()
            .copied()
            .filter(|&node| node != self.id)
            .collect();
        for leader in leaders {
            let fetcher = self.fetchers.entry(leader).or_default();
            if fetcher.under_way || now < fetcher.not_before {
                continue;
            }
            let positions = self.positions(now, leader);
            if positions.is_empty() {
                continue;
            }
            self.fetchers.entry(leader).or_default().under_way = true;
            self.effects.push_back(Effect::Fetch(ReplicaFetch {
                follower: self.id,
                leader,
                positions,
            }));
        }
    }

    fn positions(&self, now: Micros, leader: NodeId) -> Vec<FetchPosition> {
        let followed = self.replicas.iter().filter_map(|(&(topic, partition), replica)| {
            let follower = replica
                .follower()
                .filter(|it| it.leader == Some(leader) && now >= it.delayed_until)?;
            Some(FetchPosition {
                topic,
                partition,
                leader_epoch: follower.epoch,
                offset: replica.log.end(),
                last_epoch: replica.log.latest_epoch(),
            })
        });
        followed.collect()
    }

    /// A leader's answer has arrived.
    pub fn replica_answer(&mut self, now: Micros, answer: ReplicaAnswer) {
        self.fetchers.entry(answer.leader).or_default().under_way = false;
        for (position, part) in answer.parts {
            self.take_part(now, answer.leader, &position, part);
        }
        self.settle(now);
    }

    /// A fetch failed because its leader cannot be reached.
    pub fn replica_unreachable(&mut self, now: Micros, leader: NodeId) {
        let not_before = now + self.settings.replica_fetch_backoff;
        self.fetchers.insert(
            leader,
            Fetcher {
                under_way: false,
                not_before,
            },
        );
        self.settle(now);
    }

    fn take_part(&mut self, now: Micros, leader: NodeId, position: &FetchPosition, part: Replicated) {
        let now_ms = self.now_ms(now);
        let key = (position.topic, position.partition);
        let Some(replica) = self.replicas.get_mut(&key) else {
            return;
        };
        let Role::Follower(follower) = &mut replica.role else {
            return;
        };
        let asked = follower.leader == Some(leader) && follower.epoch == position.leader_epoch;
        if !asked || position.offset != replica.log.end() {
            return;
        }
        match part {
            Replicated::Records {
                batches,
                high_watermark,
                log_start,
            } => {
                let grew = replica.take(batches, log_start);
                let log_end = replica.log.end();
                let moved = replica.follow_high_watermark(now, high_watermark);
                if grew {
                    self.observe(key, Observed::Replicated { log_end });
                }
                if moved {
                    self.high_watermark_moved(key.0, key.1);
                }
            }
            Replicated::Diverged { epoch, end } => {
                replica.truncate_to(epoch, end, now_ms, &self.settings);
                let log_end = replica.log.end();
                self.observe(key, Observed::Truncated { log_end });
            }
            Replicated::TooOld { log_start } => {
                replica.restart_at(log_start, now_ms, &self.settings);
                self.observe(key, Observed::Truncated { log_end: log_start });
            }
            Replicated::Error(_) => follower.delayed_until = now + self.settings.replica_fetch_backoff,
        }
    }

    /// Lets followers that have lagged for too long leave the in-sync replicas.
    pub(crate) fn check_lag(&mut self, now: Micros) {
        let (id, lag_max) = (self.id, self.settings.replica_lag_time_max);
        let proposals: Vec<_> = self
            .replicas
            .iter_mut()
            .filter_map(|(&key, replica)| Some((key, replica.propose_shrinking(now, id, lag_max)?)))
            .collect();
        for ((topic, partition), proposal) in proposals {
            self.send_proposal(topic, partition, Some(proposal));
        }
    }

    fn send_proposal(&mut self, topic: crate::TopicId, partition: i32, proposal: Option<IsrProposal>) {
        let Some(IsrProposal {
            leader_epoch,
            partition_epoch,
            isr,
        }) = proposal
        else {
            return;
        };
        let request = ControllerRequest::AlterIsr {
            topic,
            partition,
            leader_epoch,
            partition_epoch,
            isr,
        };
        self.effects.push_back(Effect::Controller(request));
    }
}

/// Whether a follower holds records that its leader, whose largest common epoch ends at `common`, does not have.
fn diverges(common: Option<(i32, i64)>, position: &FetchPosition) -> bool {
    let Some(last_epoch) = position.last_epoch else {
        return false;
    };
    match common {
        Some((epoch, end)) => epoch < last_epoch || end < position.offset,
        None => true,
    }
}
