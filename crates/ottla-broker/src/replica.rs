//! One replica of a partition: its log, what it remembers, and whether it leads or follows (Kafka's `Partition`).

use std::sync::Arc;

use ottla_sorted::SortedMap;
use ottla_wire::{
    batch::{BatchHeader, RecordBatch},
    error_code::ErrorCode,
};

use crate::{
    Log, Micros, NodeId, PartitionImage, Settings, TimestampType, TopicConfig, TopicImage,
    producer_state::{Judgement, ProducerStates},
};

/// What a replica does for its partition.
#[derive(Clone, Debug)]
pub(crate) enum Role {
    /// Nobody has told it yet.
    Idle,
    Leader(Leader),
    Follower(Follower),
}

#[derive(Clone, Debug)]
pub(crate) struct Leader {
    pub(crate) epoch: i32,
    /// Where its own records begin; a follower below has not followed it yet.
    began_at: i64,
    partition_epoch: i32,
    isr: Vec<NodeId>,
    /// An ISR that the controller has not confirmed yet.
    proposed: Option<Vec<NodeId>>,
    followers: SortedMap<NodeId, Progress>,
}

#[derive(Clone, Debug)]
struct Progress {
    log_end: i64,
    caught_up_at: Option<Micros>,
    fetched_at: Micros,
    leader_end_then: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Follower {
    pub(crate) epoch: i32,
    pub(crate) leader: Option<NodeId>,
    /// Not fetched before this time, after an error.
    pub(crate) delayed_until: Micros,
}

/// A change of the ISR that a leader asks the controller for (`AlterPartition`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IsrProposal {
    pub(crate) leader_epoch: i32,
    pub(crate) partition_epoch: i32,
    pub(crate) isr: Vec<NodeId>,
}

/// What became of a batch that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    pub(crate) last_offset: i64,
    pub(crate) log_append_time: i64,
    pub(crate) duplicate: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pub(crate) topic: Arc<str>,
    pub(crate) config: Arc<TopicConfig>,
    pub(crate) log: Log,
    pub(crate) role: Role,
    high_watermark: i64,
    producers: ProducerStates,
    checkpoint_every: Micros,
    checkpointed_at: Micros,
}

impl Replica {
    /// Opens the replica on what the disk holds.
    pub(crate) fn open(topic: &TopicImage, mut log: Log, now_ms: i64, settings: &Settings) -> Self {
        Self {
            topic: topic.name.clone(),
            config: topic.config.clone(),
            producers: log.load_producers(now_ms, settings.producer_id_expiration_ms),
            high_watermark: log.checkpoint.clamp(log.start(), log.end()),
            log,
            role: Role::Idle,
            checkpoint_every: settings.high_watermark_checkpoint_interval.max(1),
            checkpointed_at: 0,
        }
    }

    /// The log as a killed process leaves it.
    pub(crate) fn into_log(self) -> Log {
        self.log
    }

    /// The log as an orderly stop leaves it.
    pub(crate) fn into_closed_log(mut self) -> Log {
        self.log.checkpoint = self.high_watermark;
        self.log.snapshot(&self.producers);
        self.log
    }

    pub(crate) fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    pub(crate) fn leader(&self) -> Option<&Leader> {
        if let Role::Leader(leader) = &self.role {
            Some(leader)
        } else {
            None
        }
    }

    pub(crate) fn follower(&self) -> Option<&Follower> {
        if let Role::Follower(follower) = &self.role {
            Some(follower)
        } else {
            None
        }
    }

    /// Takes down the delay after an error once it has passed.
    pub(crate) fn clear_delay(&mut self, now: Micros) {
        if let Role::Follower(follower) = &mut self.role
            && follower.delayed_until <= now
        {
            follower.delayed_until = 0;
        }
    }

    /// The leader epoch that it has heard of last.
    pub(crate) fn epoch(&self) -> i32 {
        match &self.role {
            Role::Idle => -1,
            Role::Leader(leader) => leader.epoch,
            Role::Follower(follower) => follower.epoch,
        }
    }

    /// Takes the controller's word. Older words than the last one change nothing.
    pub(crate) fn apply(
        &mut self,
        now: Micros,
        me: NodeId,
        config: &Arc<TopicConfig>,
        image: &PartitionImage,
    ) {
        self.config = config.clone();
        if image.leader_epoch > self.epoch() {
            if image.leader == Some(me) {
                self.lead(now, me, image);
            } else {
                let (epoch, leader) = (image.leader_epoch, image.leader);
                self.role = Role::Follower(Follower {
                    epoch,
                    leader,
                    delayed_until: 0,
                });
            }
        } else if let Role::Leader(leader) = &mut self.role
            && image.leader_epoch == leader.epoch
            && image.partition_epoch > leader.partition_epoch
        {
            leader.partition_epoch = image.partition_epoch;
            leader.isr = image.isr.clone();
            leader.proposed = None;
        }
    }

    fn lead(&mut self, now: Micros, me: NodeId, image: &PartitionImage) {
        let others = image.replicas.iter().filter(|&&node| node != me);
        let followers = others.map(|node| {
            let caught_up_at = image.isr.contains(node).then_some(now);
            (
                *node,
                Progress {
                    log_end: -1,
                    caught_up_at,
                    fetched_at: 0,
                    leader_end_then: 0,
                },
            )
        });
        self.role = Role::Leader(Leader {
            epoch: image.leader_epoch,
            began_at: self.log.end(),
            partition_epoch: image.partition_epoch,
            isr: image.isr.clone(),
            proposed: None,
            followers: followers.collect(),
        });
        self.log.begin_epoch(image.leader_epoch);
    }

    /// Appends a batch that a client sent and that is well-formed.
    ///
    /// # Errors
    /// What [`ProducerStates::judge`] says, or `NOT_LEADER_OR_FOLLOWER`.
    pub(crate) fn append(&mut self, batch: RecordBatch, now_ms: i64) -> Result<Appended, ErrorCode> {
        let Role::Leader(leader) = &self.role else {
            return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        };
        if let Judgement::Duplicate(known) = self.producers.judge(batch.header())? {
            return Ok(Appended {
                base_offset: known.first_offset,
                last_offset: known.last_offset,
                log_append_time: known.timestamp,
                duplicate: true,
            });
        }
        let append_time = (self.config.timestamp_type == TimestampType::LogAppendTime).then_some(now_ms);
        self.log
            .roll(self.config.segment_bytes, batch.size(), &self.producers);
        let written = self.log.append(batch, leader.epoch, append_time);
        self.producers.record(&written);
        Ok(Appended {
            base_offset: written.base_offset,
            last_offset: written.last_offset(),
            log_append_time: append_time.unwrap_or(-1),
            duplicate: false,
        })
    }

    /// Whether the batch is in the log, and would be recognised if the producer's last batches were remembered.
    pub(crate) fn forgot(&self, batch: &BatchHeader) -> bool {
        batch.producer_id >= 0 && !self.producers.knows(batch) && self.log.is_recent(batch)
    }

    /// Forgets the producers that have not written for `expiration_ms`.
    pub(crate) fn expire_producers(&mut self, now_ms: i64, expiration_ms: i64) {
        self.producers.remove_expired(now_ms, expiration_ms);
    }

    /// Whether so many replicas are in sync as `acks=all` asks for: now, and counting those that are about to be.
    pub(crate) fn has_enough_in_sync(&self) -> (bool, bool) {
        let Role::Leader(leader) = &self.role else {
            return (false, false);
        };
        let least = self.config.min_insync_replicas.min(leader.followers.len() + 1);
        (leader.isr.len() >= least, leader.maximal_isr().count() >= least)
    }

    /// Moves the leader's high watermark to what every in-sync replica has. `true` when it moved.
    pub(crate) fn advance_high_watermark(&mut self, now: Micros, me: NodeId) -> bool {
        // Under min.insync.replicas nothing new is committed (KIP-966).
        if !self.has_enough_in_sync().0 {
            return false;
        }
        let Role::Leader(leader) = &self.role else {
            return false;
        };
        let ends = leader.maximal_isr().map(|node| {
            if node == me {
                self.log.end()
            } else {
                leader.end_of(node)
            }
        });
        let Some(least) = ends.min() else { return false };
        self.set_high_watermark(now, least)
    }

    fn set_high_watermark(&mut self, now: Micros, offset: i64) -> bool {
        let offset = offset.min(self.log.end());
        if offset <= self.high_watermark {
            return false;
        }
        // The checkpoint is what a timer would have written: as of the beginning of this interval.
        let interval = now / self.checkpoint_every;
        if interval > self.checkpointed_at {
            self.checkpointed_at = interval;
            self.log.checkpoint = self.high_watermark;
        }
        self.high_watermark = offset;
        true
    }

    /// Drops what `retention.bytes` does not keep: the oldest batches, where Kafka drops whole segments.
    pub(crate) fn retain(&mut self) {
        if self.config.retention_bytes >= 0 {
            self.log
                .retain_bytes(self.config.retention_bytes.unsigned_abs(), self.high_watermark);
        }
    }

    /// Notes that a follower's log ends at `offset`, which its fetch says.
    pub(crate) fn note_fetch(&mut self, now: Micros, node: NodeId, offset: i64) {
        let end = self.log.end();
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let Some(progress) = leader.followers.get_mut(&node) else {
            return;
        };
        // Kafka's Replica.updateFetchStateOrThrow: it had caught up when it asked for all that there was last time.
        if offset >= end {
            progress.caught_up_at = progress.caught_up_at.max(Some(now));
        } else if offset >= progress.leader_end_then && progress.log_end >= 0 {
            progress.caught_up_at = progress.caught_up_at.max(Some(progress.fetched_at));
        }
        progress.log_end = offset;
        progress.fetched_at = now;
        progress.leader_end_then = end;
    }

    /// Asks for `node` in the ISR if it has everything that is committed and follows this leader.
    pub(crate) fn propose_expansion(&mut self, node: NodeId) -> Option<IsrProposal> {
        let high_watermark = self.high_watermark;
        let Role::Leader(leader) = &mut self.role else {
            return None;
        };
        let end = leader.end_of(node);
        let eligible = end >= high_watermark && end >= leader.began_at;
        if leader.proposed.is_some() || leader.isr.contains(&node) || !eligible {
            return None;
        }
        let isr = leader.isr.iter().copied().chain([node]).collect();
        Some(leader.propose(isr))
    }

    /// Asks for an ISR without the followers that have lagged for longer than `lag_max`.
    pub(crate) fn propose_shrinking(
        &mut self,
        now: Micros,
        me: NodeId,
        lag_max: Micros,
    ) -> Option<IsrProposal> {
        let end = self.log.end();
        let Role::Leader(leader) = &mut self.role else {
            return None;
        };
        if leader.proposed.is_some() {
            return None;
        }
        let followers = &leader.followers;
        let in_sync = |node: &NodeId| {
            let Some(progress) = followers.get(node) else {
                return *node == me;
            };
            let lag = now.saturating_sub(progress.caught_up_at.unwrap_or(0));
            progress.log_end == end || lag <= lag_max
        };
        let isr: Vec<NodeId> = leader.isr.iter().copied().filter(in_sync).collect();
        (isr.len() < leader.isr.len()).then(|| leader.propose(isr))
    }

    /// Forgets a proposal that the controller refused.
    pub(crate) fn proposal_refused(&mut self) {
        if let Role::Leader(leader) = &mut self.role {
            leader.proposed = None;
        }
    }

    /// Takes batches from the leader. `true` when the log grew.
    pub(crate) fn take(&mut self, batches: Vec<RecordBatch>, log_start: i64) -> bool {
        let before = self.log.end();
        for batch in batches {
            self.log
                .roll(self.config.segment_bytes, batch.size(), &self.producers);
            let header = *batch.header();
            if self.log.append_replicated(batch) {
                self.producers.record(&header);
            }
        }
        self.log.advance_start(log_start);
        self.log.end() > before
    }

    /// Takes the leader's high watermark. `true` when it moved.
    pub(crate) fn follow_high_watermark(&mut self, now: Micros, offset: i64) -> bool {
        self.set_high_watermark(now, offset)
    }

    /// Cuts what the leader does not have: its records of `epoch` end at `end`.
    pub(crate) fn truncate_to(&mut self, epoch: i32, end: i64, now_ms: i64, settings: &Settings) {
        let own_end = self
            .log
            .end_of_epoch(epoch)
            .map_or(self.log.start(), |(_, own)| own);
        self.log.truncate(end.min(own_end));
        self.reload(now_ms, settings);
    }

    /// Begins again at an offset that the leader still has.
    pub(crate) fn restart_at(&mut self, offset: i64, now_ms: i64, settings: &Settings) {
        self.log.restart_at(offset);
        self.reload(now_ms, settings);
    }

    fn reload(&mut self, now_ms: i64, settings: &Settings) {
        self.high_watermark = self.high_watermark.clamp(self.log.start(), self.log.end());
        self.producers = self
            .log
            .rebuild_producers(now_ms, settings.producer_id_expiration_ms);
    }
}

impl Leader {
    /// The ISR together with what is proposed: who must have a record before it counts as committed.
    fn maximal_isr(&self) -> impl Iterator<Item = NodeId> {
        let proposed = self
            .proposed
            .iter()
            .flatten()
            .filter(|node| !self.isr.contains(node));
        self.isr.iter().chain(proposed).copied()
    }

    fn end_of(&self, node: NodeId) -> i64 {
        self.followers.get(&node).map_or(-1, |progress| progress.log_end)
    }

    fn propose(&mut self, isr: Vec<NodeId>) -> IsrProposal {
        self.proposed = Some(isr.clone());
        IsrProposal {
            leader_epoch: self.epoch,
            partition_epoch: self.partition_epoch,
            isr,
        }
    }
}

#[cfg(test)]
#[path = "replica_tests.rs"]
mod tests;
