//! What was on its way when something was killed, by the producer's trace.

use std::collections::{BTreeMap, HashMap, HashSet};

use ottla::trace::Event;

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Victim {
    /// The broker of this id.
    Node(i32),
    /// The bridge, and so the connection to every broker.
    Bridge,
}

impl Victim {
    fn has(self, node: i32) -> bool {
        self == Self::Bridge || self == Self::Node(node)
    }
}

/// The batches that are drained and not resolved, and those that the last victim left unanswered.
#[derive(Debug, Default)]
pub struct InFlight {
    /// The node that each batch is on its way to.
    batches: HashMap<u64, i32>,
    victim: Option<Victim>,
    unanswered: HashSet<u64>,
    /// Nodes whose connection ended after the kill.
    disconnected: HashSet<i32>,
    /// Those of `unanswered` that were put back because their connection ended.
    repeated: usize,
    retries: BTreeMap<String, usize>,
    /// Events that the trace left out.
    left_out: u64,
}

impl InFlight {
    /// How many batches are on their way to the victim.
    pub fn to(&self, victim: Victim) -> usize {
        self.batches.values().filter(|node| victim.has(**node)).count()
    }

    /// The victim is about to be killed. A batch whose answer is under way will be acknowledged, and so not be counted.
    pub fn killing(&mut self, victim: Victim) {
        self.victim = Some(victim);
        self.disconnected.clear();
        self.repeated = 0;
        let on_their_way = self.batches.iter().filter(|(_, node)| victim.has(**node));
        self.unanswered = on_their_way.map(|(batch, _)| *batch).collect();
    }

    /// How many batches that the victim had not answered are to be sent again because its connection ended. A kill with
    /// none has hit nobody.
    pub fn repeated(&self) -> usize {
        self.repeated
    }

    /// Whether the fate of every batch that was on its way at the last kill is known.
    pub fn is_settled(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// How often batches were put back, by reason.
    pub fn retries(&self) -> &BTreeMap<String, usize> {
        &self.retries
    }

    /// Events that this has not seen; anything but 0 and the rest is guesswork.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Takes the next event of the trace, of level batch.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Drained { batch, node, .. } => {
                self.batches.insert(*batch, *node);
            }
            Event::Disconnected { node: Some(node), .. }
                if self.victim.is_some_and(|victim| victim.has(*node)) =>
            {
                self.disconnected.insert(*node);
            }
            Event::Retry { batch, because, .. } => {
                *self.retries.entry(because.clone()).or_default() += 1;
                let node = self.batches.remove(batch);
                let was_unanswered = self.unanswered.remove(batch);
                let is_cut_off = node.is_some_and(|node| self.disconnected.contains(&node));
                self.repeated += usize::from(was_unanswered && is_cut_off && because == "NETWORK_EXCEPTION");
            }
            Event::Acked { batch, .. }
            | Event::Failed { batch, .. }
            | Event::Expired { batch, .. }
            | Event::Split { batch, .. } => {
                self.batches.remove(batch);
                self.unanswered.remove(batch);
            }
            Event::Lost { count } => self.left_out += count,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use ottla::trace::Event;
    use ottla::trace::event::Persisted;

    use super::{InFlight, Victim};

    fn drained(batch: u64, node: i32) -> Event {
        Event::Drained {
            batch,
            node,
            conn: 0,
            correlation: 0,
            attempt: 0,
        }
    }

    fn disconnected(node: i32) -> Event {
        Event::Disconnected {
            conn: 0,
            node: Some(node),
            because: "closed".to_owned(),
        }
    }

    fn retry(batch: u64, because: &str) -> Event {
        Event::Retry {
            batch,
            because: because.to_owned(),
            attempt: 1,
            not_before: 0,
            persisted: Persisted::Possibly,
        }
    }

    fn acked(batch: u64) -> Event {
        Event::Acked {
            batch,
            base_offset: 0,
            log_append_time: -1,
        }
    }

    /// The batches that count when `victim` is killed after the first events and before the others.
    fn repeated(before: &[Event], victim: Victim, after: &[Event]) -> usize {
        let mut in_flight = InFlight::default();
        before.iter().for_each(|event| in_flight.note(event));
        in_flight.killing(victim);
        after.iter().for_each(|event| in_flight.note(event));
        assert!(in_flight.is_settled());
        in_flight.repeated()
    }

    const CUT: &str = "NETWORK_EXCEPTION";

    #[test]
    fn only_what_the_victim_had_not_answered_counts() {
        let before = [
            drained(1, 1),
            drained(2, 1),
            drained(3, 2),
            drained(4, 1),
            acked(4),
        ];
        // Batch 2 was answered before the end, 3 was elsewhere, 5 came later, 4 was no longer there.
        let after = [
            acked(2),
            drained(5, 1),
            disconnected(1),
            retry(1, CUT),
            retry(5, CUT),
            acked(3),
        ];
        assert_eq!(repeated(&before, Victim::Node(1), &after), 1);
        let both = [&after[..], &[disconnected(2)]].concat();
        assert_eq!(repeated(&before, Victim::Node(2), &both), 0);
    }

    #[test]
    fn a_bridge_takes_all_connections_with_it() {
        let before = [drained(1, 1), drained(2, 2)];
        let after = [disconnected(1), retry(1, CUT), disconnected(2), retry(2, CUT)];
        assert_eq!(repeated(&before, Victim::Bridge, &after), 2);
    }

    #[test]
    fn a_retry_for_another_reason_does_not_count() {
        let before = [drained(1, 1), drained(2, 1)];
        let after = [retry(1, CUT), disconnected(1), retry(2, "NOT_LEADER_OR_FOLLOWER")];
        assert_eq!(repeated(&before, Victim::Node(1), &after), 0);
    }
}
