//! Records of one partition are in the log in the order in which they were sent.

use ottla_core::config::Acks;

use super::{Checker, Last, Premises};

#[derive(Clone, Debug, Default)]
pub(super) struct Order;

impl Checker for Order {
    fn guarantee(&self) -> &'static str {
        "a partition keeps the order of sending"
    }

    /// Sequences keep it; so does one request at a time, unless old bytes come late or nobody waits for answers.
    fn holds_under(&self, premises: &Premises) -> bool {
        let one_at_a_time = premises.max_in_flight == 1 && premises.acks != Acks::None && !premises.stalls;
        let sequences = premises.idempotent && !premises.forgetful;
        (sequences || one_at_a_time) && !premises.unclean && !premises.deleted
    }

    fn finish(&mut self, last: &Last<'_>) -> Vec<String> {
        let pairs = last.oracle.ledger().out_of_order;
        if pairs == 0 {
            Vec::new()
        } else {
            vec![format!("{pairs} pairs are in the other order")]
        }
    }
}
