//! Which of the batches that a broker sent belong to transactions that were aborted: the broker names the transactions,
//! the reader leaves the batches out (KIP-98).

use std::collections::BTreeSet;

use ottla_wire::batch::BatchHeader;
use ottla_wire::messages::fetch::AbortedTransaction;

/// Type of a control record that ends a transaction without its records (`ControlRecordType.ABORT`).
const ABORT: [u8; 2] = [0, 0];

/// The aborted transactions of one fetch, followed from batch to batch.
#[derive(Debug)]
pub(crate) struct Aborted {
    /// The last comes first.
    coming: Vec<AbortedTransaction>,
    /// Producers that are in a transaction that will be aborted.
    open: BTreeSet<i64>,
}

impl Aborted {
    /// As the broker listed them, in any order.
    pub(crate) fn new(mut transactions: Vec<AbortedTransaction>) -> Self {
        transactions.sort_by_key(|it| std::cmp::Reverse(it.first_offset));
        Self {
            coming: transactions,
            open: BTreeSet::new(),
        }
    }

    /// Whether this batch of user's records is part of an aborted transaction.
    pub(crate) fn covers(&mut self, header: &BatchHeader) -> bool {
        self.begin_up_to(header.last_offset());
        header.is_transactional() && self.open.contains(&header.producer_id)
    }

    /// A control batch, whose record's key has a version and a type of two bytes each.
    pub(crate) fn marker(&mut self, header: &BatchHeader, key: Option<&[u8]>) {
        self.begin_up_to(header.last_offset());
        if key.and_then(|key| key.get(2..4)) == Some(&ABORT) {
            self.open.remove(&header.producer_id);
        }
    }

    fn begin_up_to(&mut self, offset: i64) {
        while let Some(next) = self.coming.pop_if(|next| next.first_offset <= offset) {
            self.open.insert(next.producer_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(base_offset: i64, producer_id: i64, attributes: i16) -> BatchHeader {
        BatchHeader {
            base_offset,
            batch_length: 0,
            partition_leader_epoch: 0,
            crc: 0,
            attributes,
            last_offset_delta: 1,
            base_timestamp: 0,
            max_timestamp: 0,
            producer_id,
            producer_epoch: 0,
            base_sequence: 0,
            record_count: 2,
        }
    }

    const TRANSACTIONAL: i16 = 0x10;
    const CONTROL: i16 = 0x30;

    fn transaction(producer_id: i64, first_offset: i64) -> AbortedTransaction {
        AbortedTransaction {
            producer_id,
            first_offset,
        }
    }

    #[test]
    fn an_aborted_transaction_is_left_out_until_its_marker_and_no_other() {
        let mut aborted = Aborted::new(vec![transaction(7, 20), transaction(7, 10)]);
        assert!(
            !aborted.covers(&batch(0, 7, TRANSACTIONAL)),
            "committed before it"
        );
        assert!(aborted.covers(&batch(10, 7, TRANSACTIONAL)));
        assert!(
            !aborted.covers(&batch(12, 8, TRANSACTIONAL)),
            "another producer's"
        );
        assert!(!aborted.covers(&batch(13, 7, 0)), "not of a transaction");
        aborted.marker(&batch(14, 8, CONTROL), Some(&[0, 0, 0, 1]));
        assert!(
            aborted.covers(&batch(15, 7, TRANSACTIONAL)),
            "a commit of another ends nothing"
        );
        aborted.marker(&batch(16, 7, CONTROL), Some(&[0, 0, 0, 0]));
        assert!(
            !aborted.covers(&batch(17, 7, TRANSACTIONAL)),
            "the next transaction"
        );
        assert!(
            aborted.covers(&batch(20, 7, TRANSACTIONAL)),
            "the second that is listed"
        );
    }

    #[test]
    fn a_marker_without_its_key_ends_nothing() {
        let mut aborted = Aborted::new(vec![transaction(7, 0)]);
        for key in [None, Some(&[0_u8, 0, 0][..])] {
            aborted.marker(&batch(0, 7, CONTROL), key);
            assert!(aborted.covers(&batch(2, 7, TRANSACTIONAL)), "{key:?}");
        }
    }
}
