//! From queues to brokers and back (`Sender`, `TransactionManager` without transactions).
//!
//! | file | question |
//! |---|---|
//! | [`ready`] | which brokers should get a request now? |
//! | [`drain`] | which batches go into it? |
//! | [`in_flight`] | how are they written, and what when the connection is lost? |
//! | [`response`] | what does an answer mean for each batch? |
//! | [`retry`] | how does a batch get back into its queue? |
//! | [`sequence`] | what becomes of sequences that were used? |
//! | [`expire`] | what ran out of time? |
//! | [`split`] | what becomes of a batch that is too large? |
//! | [`finish`] | who is told? |

mod drain;
mod expire;
mod finish;
mod in_flight;
mod ready;
mod response;
mod retry;
mod sequence;
mod split;
