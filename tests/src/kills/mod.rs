//! A producer whose cluster is killed under it, again and again, and what the log has at the end.

mod gate;
mod in_flight;
mod run;

pub use in_flight::{InFlight, Victim};
pub use run::{Outcome, Plan, Promise, run};
