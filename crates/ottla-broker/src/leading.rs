//! Finding the partition that a client means, if this broker leads it.

use ottla_wire::error_code::ErrorCode;

use crate::{Broker, replica::Replica};

impl Broker {
    /// The leader's replica, fenced by the epoch that the client knows (-1: none).
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION`, `NOT_LEADER_OR_FOLLOWER`, `FENCED_LEADER_EPOCH` or `UNKNOWN_LEADER_EPOCH`.
    pub(crate) fn leading(&self, topic: &str, partition: i32, epoch: i32) -> Result<&Replica, ErrorCode> {
        self.replica(topic, partition, epoch)
            .and_then(|replica| match replica.leader() {
                Some(_) => Ok(replica),
                None => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            })
    }

    /// This broker's replica, fenced by the epoch that the client knows (-1: none).
    ///
    /// # Errors
    /// As [`leading`](Self::leading).
    pub(crate) fn replica(&self, topic: &str, partition: i32, epoch: i32) -> Result<&Replica, ErrorCode> {
        let known = self
            .image
            .topic(topic)
            .filter(|it| it.partition(partition).is_some());
        let id = known.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?.id;
        let replica = self
            .replicas
            .get(&(id, partition))
            .ok_or(ErrorCode::NOT_LEADER_OR_FOLLOWER)?;
        match epoch {
            -1 => Ok(replica),
            known if known < replica.epoch() => Err(ErrorCode::FENCED_LEADER_EPOCH),
            known if known > replica.epoch() => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
            _ => Ok(replica),
        }
    }
}
