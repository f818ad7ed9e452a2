//! Names of topics are checked before anything is sent: every command ends with exit code 2 for a name that no cluster
//! can have.

use ottla_core::error::check_topic_name;

use crate::exit::{Failure, Outcome};

/// Refuses a name that Kafka forbids.
pub(crate) fn check(name: &str) -> Outcome {
    check_topic_name(name).map_err(|why| Failure::Usage(format!("--topic: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_space_is_wrong_usage_and_says_what_is_allowed() {
        check("orders.v1_x-Y").expect("a good name");
        let failure = check("my topic").expect_err("a space");
        assert!(matches!(failure, Failure::Usage(_)), "{failure:?}");
        assert!(failure.message().contains("'.', '_' and '-'"), "{failure:?}");
    }
}
