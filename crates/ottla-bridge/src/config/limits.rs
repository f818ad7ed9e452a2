//! Every number that bounds what a peer can make the bridge hold, do or wait for.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::error::Problem;

/// Declares the limits once: the public struct, the optional keys of the file, the range checks and the help.
macro_rules! limits {
    ($( $(#[doc = $doc:literal])+ $name:ident = $default:literal, $min:literal ..= $max:literal; )+) => {
        /// The limits of a bridge. Sizes are bytes, times are milliseconds, as the names say.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $( $(#[doc = $doc])+ pub $name: u64, )+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $( $name: $default, )+ }
            }
        }

        /// The table `[limits]` as it stands in the file.
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, expecting = "a table")]
        pub(super) struct RawLimits {
            $( $name: Option<Spanned<i64>>, )+
        }

        impl RawLimits {
            /// Fills the defaults in and reports every figure that is out of its range.
            pub(super) fn validate(self, problems: &mut Vec<Problem>) -> Limits {
                let mut limits = Limits::default();
                $(
                    if let Some(value) = self.$name {
                        if let Some(value) = check_range(stringify!($name), &value, $min..=$max, problems) {
                            limits.$name = value;
                        }
                    }
                )+
                check_budget(&limits, problems);
                limits
            }
        }

        impl Limits {
            /// Name, value and documentation of each limit, in the order of the sample file.
            pub(super) fn describe(&self) -> Vec<(&'static str, u64, String)> {
                vec![ $( (stringify!($name), self.$name, paragraph(&[$($doc),+])), )+ ]
            }
        }
    };
}

limits! {
    /// Longest request. A longer Produce request is answered MESSAGE_TOO_LARGE and not held; any other one, and one of
    /// more than 16 times as many bytes, closes the connection (1009) before anything is allocated for it.
    request_bytes = 1_064_960, 16_384 ..= 8_388_608;
    /// Longest answer that is taken from a broker.
    response_bytes = 8_388_608, 65_536 ..= 104_857_600;
    /// Bytes of requests, and again as many of answers, that may be in memory over all connections.
    memory_bytes = 134_217_728, 1_048_576 ..= 1_099_511_627_776;
    /// Bytes that the system may hold of each socket in each direction (SO_RCVBUF, SO_SNDBUF; it rounds as it likes). A
    /// connection carries at most this much per round trip.
    kernel_buffer_bytes = 1_048_576, 16_384 ..= 67_108_864;
    /// Open WebSockets over all listeners; further ones are answered 503.
    connections = 10_000, 1 ..= 1_000_000;
    /// Open WebSockets from one IP address on a listener of class `browser`; further ones are answered 429.
    connections_per_ip = 64, 1 ..= 1_000_000;
    /// New WebSockets per second from one IP address on a listener of class `browser` (bursts: four seconds' worth).
    handshakes_per_second_per_ip = 20, 1 ..= 100_000;
    /// TCP connections that have not become WebSockets yet; the listener stops accepting beyond.
    handshakes = 256, 1 ..= 100_000;
    /// Requests of one connection that wait for their answers; beyond, the bridge stops reading.
    in_flight = 8, 1 ..= 1_000;
    /// Topics and partitions that one request may name.
    partitions_per_request = 4_096, 1 ..= 100_000;
    /// Records in one batch; a larger batch is answered MESSAGE_TOO_LARGE, upon which clients split it.
    records_per_batch = 50_000, 1 ..= 10_000_000;
    /// InitProducerId requests per minute of one connection: each one costs the broker memory for days.
    producer_ids_per_minute = 10, 1 ..= 100_000;
    /// Time for the HTTP request that opens the WebSocket.
    header_timeout_ms = 5_000, 10 ..= 60_000;
    /// Time to reach a broker, name resolution included.
    dial_timeout_ms = 10_000, 10 ..= 120_000;
    /// Time from the open WebSocket to the first complete request.
    first_request_timeout_ms = 10_000, 10 ..= 600_000;
    /// Time for a request that has begun to arrive; one more second per 64 KiB of it.
    frame_timeout_ms = 10_000, 10 ..= 600_000;
    /// Longest time without progress towards a peer that does not read; then 4408.
    stall_timeout_ms = 30_000, 10 ..= 600_000;
    /// A silent WebSocket is asked for a sign of life this often, and closed (4408) when two go unanswered.
    ping_interval_ms = 30_000, 10 ..= 600_000;
    /// Time that requests in flight are given when the bridge shuts down.
    drain_timeout_ms = 10_000, 10 ..= 600_000;
}

impl Limits {
    pub(crate) fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    pub(crate) fn dial_timeout(&self) -> Duration {
        Duration::from_millis(self.dial_timeout_ms)
    }

    pub(crate) fn first_request_timeout(&self) -> Duration {
        Duration::from_millis(self.first_request_timeout_ms)
    }

    /// A request must be complete this long after its first byte.
    pub(crate) fn frame_timeout(&self, frame_len: usize) -> Duration {
        let whole_steps = u64::try_from(frame_len / 65_536).unwrap_or(u64::MAX);
        Duration::from_millis(self.frame_timeout_ms).saturating_add(Duration::from_secs(whole_steps))
    }

    pub(crate) fn stall_timeout(&self) -> Duration {
        Duration::from_millis(self.stall_timeout_ms)
    }

    pub(crate) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval_ms)
    }

    pub(crate) fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }
}

fn check_range(
    name: &str,
    value: &Spanned<i64>,
    range: std::ops::RangeInclusive<u64>,
    problems: &mut Vec<Problem>,
) -> Option<u64> {
    let number = u64::try_from(*value.get_ref());
    let fits = number.ok().filter(|number| range.contains(number));
    if fits.is_none() {
        problems.push(Problem::at(
            value.span(),
            format!(
                "limits.{name} = {} is out of range; write a whole number from {} to {}",
                value.get_ref(),
                range.start(),
                range.end()
            ),
        ));
    }
    fits
}

/// A message that is larger than the whole budget would wait for ever.
fn check_budget(limits: &Limits, problems: &mut Vec<Problem>) {
    let largest = limits.request_bytes.max(limits.response_bytes);
    if limits.memory_bytes < largest {
        problems.push(Problem::nowhere(format!(
            "limits.memory_bytes = {} is less than request_bytes or response_bytes; write at least {largest}",
            limits.memory_bytes
        )));
    }
}

fn paragraph(doc: &[&str]) -> String {
    doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}
