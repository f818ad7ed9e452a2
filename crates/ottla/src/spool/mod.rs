//! Records that could not be sent are kept: a spool directory in front of a producer (feature `spool`).
//!
//! [`SpoolProducer::send`] returns when its records are in the directory, as durable as [`Fsync`] says; from there they go
//! to the cluster in their order, in this process or in a later one that opens the same directory. What was on its way when
//! a process died is sent again as it was, under the same producer id and sequence, so a broker that still knows them stores
//! it once. When it may not know them any more, [`Unknown`] decides; nothing is sent twice silently.
//!
//! The promise is exactly: nothing is lost once `send` returned, nothing is stored twice while the broker remembers the
//! producer. `docs/spool.md` has the format and what each fsync policy is worth.

mod aside;
mod contents;
mod disk;
mod error;
#[cfg(test)]
mod faults;
mod feeder;
mod hook;
mod lock;
mod log;
mod mend;
mod missing;
mod open;
mod options;
mod producer;
mod scan;
#[cfg(test)]
mod tests;
mod writer;

pub use contents::{SpoolContents, SpooledTopic};
pub use error::SpoolError;
pub(crate) use hook::Hook;
pub use options::{Fsync, SpoolOptions, Unknown};
pub use producer::{SpoolProducer, SpoolStatus};
