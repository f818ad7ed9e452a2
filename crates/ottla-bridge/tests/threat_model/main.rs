//! The threat model, line by line: a bridge in front of brokers that count what they receive, and clients that behave
//! as badly as they can.

mod support;

mod addresses;
mod apis;
mod closing;
mod frames;
mod limits;
#[cfg(target_os = "linux")]
mod memory;
mod origins;
mod oversized;
mod pressure;
mod topics;
