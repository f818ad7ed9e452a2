//! The journal: what outlives the process (feature `journal`).
//!
//! The core does no I/O. With [`Producer::journal`](crate::Producer::journal) it says which batch is about to leave under
//! which identity ([`Stamped`]) and waits with it until a store calls that durable; with
//! [`Producer::replay`](crate::Producer::replay) the next process sends such a batch again as it was, so that a broker that
//! still knows the producer id recognises it. What stores have in common is here, too: the format of their entries
//! ([`Entry`], [`read`]) and what a row of entries comes to ([`Ledger`]). `docs/spool.md` has the offsets.

#[cfg(feature = "journal")]
mod decode;
#[cfg(feature = "journal")]
mod entry;
#[cfg(feature = "journal")]
mod gate;
#[cfg(feature = "journal")]
mod ledger;
#[cfg(not(feature = "journal"))]
mod off;
#[cfg(feature = "journal")]
mod read;
#[cfg(feature = "journal")]
mod replay;
#[cfg(feature = "journal")]
mod runs;

#[cfg(feature = "journal")]
pub use entry::{Aside, Entry, Settlement};
#[cfg(feature = "journal")]
pub use gate::Stamped;
#[cfg(feature = "journal")]
pub use ledger::{Ledger, LiveStamp};
#[cfg(feature = "journal")]
pub use read::{FILE_HEADER_LEN, NewerVersion, Piece, Pieces, file_header, read, read_on};
#[cfg(feature = "journal")]
pub use replay::ReplayError;
#[cfg(feature = "journal")]
pub use runs::{Run, Runs, runs_of};

#[cfg(feature = "journal")]
pub(crate) use gate::{Gate, Mark};
#[cfg(not(feature = "journal"))]
pub(crate) use off::{Gate, Mark};
