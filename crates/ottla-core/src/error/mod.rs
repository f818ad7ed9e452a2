//! What brokers answer, and names that no broker would take: the table of error codes ([`table`], [`lookup`]) and
//! the rules for topic names ([`check_topic_name`]).

mod broker;
mod topic;

pub use broker::{Action, BrokerError, lookup, table};
pub use topic::{TopicNameError, check_topic_name};
