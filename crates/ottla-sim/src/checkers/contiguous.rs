//! What an idempotent producer wrote into a partition is numbered without gaps, from 0 in each epoch.

use ottla_broker::Log;
use ottla_sorted::SortedMap;
use ottla_wire::batch::{BatchHeader, RecordBatch, increment_sequence};

use super::{Checker, Last, Premises};

#[derive(Clone, Debug, Default)]
pub(super) struct Contiguous;

impl Checker for Contiguous {
    fn guarantee(&self) -> &'static str {
        "sequences are contiguous"
    }

    /// A broker that forgets a producer takes any sequence from it; so does the log of a topic that is created again,
    /// and one whose end was lost. A client that is told of a duplicate goes on as if it were there.
    fn holds_under(&self, premises: &Premises) -> bool {
        let whole = !premises.unclean && !premises.deleted;
        premises.idempotent && whole && !premises.forgetful && !premises.lies
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        // The first batch of a producer may have been refused for good; the next one begins the log then.
        let whole = last.oracle.ledger().failed == 0;
        let mut wrong = Vec::new();
        for topic in last.cluster.image().topics.values() {
            for (index, partition) in (0..).zip(&topic.partitions) {
                let log = partition
                    .leader
                    .and_then(|leader| last.cluster.log(leader, &topic.name, index));
                let gaps = log.map_or_else(Vec::new, |log| gaps(log, whole));
                wrong.extend(
                    gaps.into_iter()
                        .map(|gap| format!("{}-{index}: {gap}", topic.name)),
                );
            }
        }
        wrong
    }
}

fn gaps(log: &Log, whole: bool) -> Vec<String> {
    let mut newest: SortedMap<i64, BatchHeader> = SortedMap::new();
    let mut gaps = Vec::new();
    let batches = log.batches_from(log.start()).map(RecordBatch::header);
    for header in batches.filter(|it| it.producer_id >= 0) {
        let fits = match newest.insert(header.producer_id, *header) {
            None => header.base_sequence == 0 || !whole || log.start() > 0,
            Some(before) if before.producer_epoch == header.producer_epoch => {
                header.base_sequence == increment_sequence(before.last_sequence(), 1)
            }
            Some(before) => header.producer_epoch > before.producer_epoch && header.base_sequence == 0,
        };
        if !fits {
            gaps.push(format!(
                "offset {} has sequence {} of producer {} epoch {}",
                header.base_offset, header.base_sequence, header.producer_id, header.producer_epoch
            ));
        }
    }
    gaps
}
