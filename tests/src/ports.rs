//! Loopback ports for processes that cannot be told to take any free one.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that outgoing connections use on Linux (32768) and macOS (49152). A broker that is down for
/// a while must not find its port taken, and a client that keeps dialling it must not connect to itself.
const RANGE: std::ops::Range<u16> = 12_000..32_000;

/// A port that is free on every IPv4 loopback address now, and that this process has not handed out before.
///
/// # Panics
/// When there is none.
pub fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let size = RANGE.end - RANGE.start;
    // Processes start at different places, so that two test binaries rarely try the same port at once.
    let seed = u16::try_from(std::process::id() % u32::from(size)).expect("the remainder is below a u16");
    for _ in 0..size {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let offset = (u32::from(seed) * 37 + u32::from(step)) % u32::from(size);
        let port = RANGE.start + u16::try_from(offset).expect("the remainder is below a u16");
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port in {RANGE:?}");
}

#[cfg(test)]
mod tests {
    use crate::wait::wait_until;
    use std::net::TcpListener;
    use std::time::Duration;

    #[test]
    fn ports_are_bindable_and_different() {
        let (a, b) = (super::free(), super::free());
        assert_ne!(a, b);
        // A child that another test starts holds the probing socket until its exec.
        for port in [a, b] {
            wait_until("the port", Duration::from_secs(5), || {
                TcpListener::bind(("127.0.0.1", port)).is_ok()
            });
        }
    }
}
