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
