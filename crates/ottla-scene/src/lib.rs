//! The picture of a producer at work as a pure function of (trace, t).
//!
//! ```text
//! Envelope* --fold--> State --+-- stage   --> Picture (draw list, hit regions)
//!    |                        +-- why     --> where a record is, why, and where its time went
//!    |                        +-- outline --> the same picture in words
//!    +------> History (keyframes, index) <-- Playback (cursor, speed)
//! ```
//!
//! There is no browser in here, and no clock: positions are functions of (event, t), so a run looks the same
//! forwards, backwards, and after a jump.

pub mod draw;
pub mod history;
pub mod outline;
pub mod playback;
pub mod stage;
pub mod state;
#[cfg(test)]
mod testing;
pub mod why;
pub mod words;
