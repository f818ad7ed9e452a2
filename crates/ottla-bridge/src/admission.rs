//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::config::{Class, Limits};

/// Seconds' worth of handshakes that an address may make at once.
const BURST_SECONDS: f64 = 4.0;

/// Counts connections and handshakes.
pub(crate) struct Admission {
    max_total: u64,
    max_per_ip: u64,
    handshakes_per_second: f64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total: u64,
    /// Addresses with connections, or with handshakes in the last seconds.
    by_ip: HashMap<IpAddr, PerIp>,
    /// When addresses without anything were last forgotten.
    swept: Option<Instant>,
}

struct PerIp {
    open: u64,
    /// Handshakes that may be made now; refills with time.
    tokens: f64,
    refilled: Instant,
}

/// Why a connection is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    /// The bridge has as many connections as it may.
    Bridge,
    /// This address has.
    Address,
    /// This address opens them too fast.
    TooFast,
}

/// A place that is given back when dropped.
pub(crate) struct Place {
    admission: Arc<Admission>,
    ip: Option<IpAddr>,
}

impl Admission {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            max_total: limits.connections,
            max_per_ip: limits.connections_per_ip,
            handshakes_per_second: limits.handshakes_per_second_per_ip as f64,
            state: Mutex::default(),
        }
    }

    /// Takes a place for a new WebSocket. Addresses are counted for browsers only: the workers of a whole data centre
    /// may share one.
    pub(crate) fn admit(self: &Arc<Self>, ip: IpAddr, class: Class, now: Instant) -> Result<Place, Crowded> {
        let mut state = self.state();
        if state.total >= self.max_total {
            return Err(Crowded::Bridge);
        }
        let counted = (class == Class::Browser).then_some(ip);
        if let Some(ip) = counted {
            self.sweep(&mut state, now);
            let full = self.handshakes_per_second * BURST_SECONDS;
            let entry = state.by_ip.entry(ip).or_insert(PerIp {
                open: 0,
                tokens: full,
                refilled: now,
            });
            let earned = now.duration_since(entry.refilled).as_secs_f64() * self.handshakes_per_second;
            entry.tokens = (entry.tokens + earned).min(full);
            entry.refilled = now;
            if entry.tokens < 1.0 {
                return Err(Crowded::TooFast);
            }
            entry.tokens -= 1.0;
            if entry.open >= self.max_per_ip {
                return Err(Crowded::Address);
            }
            entry.open += 1;
        }
        state.total += 1;
        drop(state);
        Ok(Place {
            admission: Arc::clone(self),
            ip: counted,
        })
    }

    /// Forgets addresses that would be full again, so that the table is as large as what happened in the last seconds.
    fn sweep(&self, state: &mut State, now: Instant) {
        let due = state
            .swept
            .is_none_or(|at| now.duration_since(at).as_secs_f64() >= BURST_SECONDS);
        if due {
            state.swept = Some(now);
            state.by_ip.retain(|_, entry| {
                entry.open > 0 || now.duration_since(entry.refilled).as_secs_f64() < BURST_SECONDS
            });
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Only counters change under the lock, by steps that cannot panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        state.total -= 1;
        if let Some(entry) = self.ip.and_then(|ip| state.by_ip.get_mut(&ip)) {
            entry.open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn admission(connections: u64, per_ip: u64, per_second: u64) -> Arc<Admission> {
        Arc::new(Admission::new(&Limits {
            connections,
            connections_per_ip: per_ip,
            handshakes_per_second_per_ip: per_second,
            ..Limits::default()
        }))
    }

    const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn places_are_counted_in_all_and_per_address_and_given_back() {
        let admission = admission(3, 2, 100);
        let now = Instant::now();
        let first = admission.admit(A, Class::Browser, now).ok();
        let _second = admission.admit(A, Class::Browser, now).ok();
        assert_eq!(
            admission.admit(A, Class::Browser, now).err(),
            Some(Crowded::Address)
        );
        let _third = admission.admit(B, Class::Browser, now).ok();
        assert_eq!(
            admission.admit(B, Class::Browser, now).err(),
            Some(Crowded::Bridge)
        );
        drop(first);
        assert!(admission.admit(A, Class::Browser, now).is_ok());
    }

    #[test]
    fn programs_are_not_counted_per_address() {
        let admission = admission(10, 1, 1);
        let places: Vec<_> = (0..10)
            .map(|_| admission.admit(A, Class::Server, Instant::now()).is_ok())
            .collect();
        assert_eq!(places, [true; 10]);
    }

    #[test]
    fn handshakes_refill_with_time() {
        let admission = admission(1000, 1000, 2);
        let mut now = Instant::now();
        let burst = (0..20)
            .take_while(|_| admission.admit(A, Class::Browser, now).is_ok())
            .count();
        assert_eq!(burst, 8);
        assert_eq!(
            admission.admit(A, Class::Browser, now).err(),
            Some(Crowded::TooFast)
        );
        now += Duration::from_millis(500);
        assert!(admission.admit(A, Class::Browser, now).is_ok());
        assert_eq!(
            admission.admit(A, Class::Browser, now).err(),
            Some(Crowded::TooFast)
        );
        now += Duration::from_secs(60);
        assert!(admission.admit(B, Class::Browser, now).is_ok());
        assert_eq!(admission.state().by_ip.len(), 1, "the other address is forgotten");
    }
}
