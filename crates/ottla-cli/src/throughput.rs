//! The figures of `producer-perf-test`: latencies, rates and Kafka's own summary line.

use std::time::{Duration, Instant};

/// Latencies of a run, and the window since the last line of progress.
pub(crate) struct Stats {
    start: Instant,
    latencies_ms: Vec<u32>,
    bytes: u64,
    latency_total: u64,
    max_latency: u32,
    window: Window,
    report_every: Duration,
}

struct Window {
    start: Instant,
    count: u64,
    bytes: u64,
    latency_total: u64,
    max_latency: u32,
}

impl Window {
    fn new(start: Instant) -> Self {
        Self {
            start,
            count: 0,
            bytes: 0,
            latency_total: 0,
            max_latency: 0,
        }
    }
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;

impl Stats {
    /// A run of `records` records that starts now, with a line of progress every `report_every`.
    pub(crate) fn new(records: usize, now: Instant, report_every: Duration) -> Self {
        Self {
            start: now,
            latencies_ms: Vec::with_capacity(records.min(50_000_000)),
            bytes: 0,
            latency_total: 0,
            max_latency: 0,
            window: Window::new(now),
            report_every,
        }
    }

    /// One acknowledged record of `bytes` bytes.
    pub(crate) fn record(&mut self, latency: Duration, bytes: usize) {
        let latency = u32::try_from(latency.as_millis()).unwrap_or(u32::MAX);
        self.latencies_ms.push(latency);
        self.bytes += bytes as u64;
        self.latency_total += u64::from(latency);
        self.max_latency = self.max_latency.max(latency);
        self.window.count += 1;
        self.window.bytes += bytes as u64;
        self.window.latency_total += u64::from(latency);
        self.window.max_latency = self.window.max_latency.max(latency);
    }

    /// A line of progress, if it is time for one.
    pub(crate) fn progress(&mut self, now: Instant) -> Option<String> {
        if now.duration_since(self.window.start) < self.report_every || self.window.count == 0 {
            return None;
        }
        let w = &self.window;
        let line = format!(
            "{}, {:.1} ms avg latency, {:.1} ms max latency.",
            rates(w.count, w.bytes, now.duration_since(w.start), 1),
            w.latency_total as f64 / w.count as f64,
            f64::from(w.max_latency),
        );
        self.window = Window::new(now);
        Some(line)
    }

    /// The last line, in the words of Kafka's `ProducerPerformance`.
    pub(crate) fn summary(&mut self, now: Instant) -> String {
        let count = self.latencies_ms.len();
        self.latencies_ms.sort_unstable();
        let percentile = |p: f64| {
            let index = ((p * count as f64) as usize).min(count.saturating_sub(1));
            self.latencies_ms.get(index).copied().unwrap_or(0)
        };
        format!(
            "{}, {:.2} ms avg latency, {:.2} ms max latency, {} ms 50th, {} ms 95th, {} ms 99th, {} ms 99.9th.",
            rates(count as u64, self.bytes, now.duration_since(self.start), 6),
            self.latency_total as f64 / (count.max(1)) as f64,
            f64::from(self.max_latency),
            percentile(0.5),
            percentile(0.95),
            percentile(0.99),
            percentile(0.999),
        )
    }
}

/// Kafka's tool has as many as six `decimals` of records a second in its summary, and one in its progress.
fn rates(count: u64, bytes: u64, elapsed: Duration, decimals: usize) -> String {
    let seconds = elapsed.as_secs_f64().max(1e-3);
    format!(
        "{count} records sent, {:.decimals$} records/sec ({:.2} MB/sec)",
        count as f64 / seconds,
        bytes as f64 / seconds / MEBIBYTE
    )
}

/// Spreads sends over time so that about `per_second` happen each second.
pub(crate) struct Throttle {
    start: Instant,
    per_second: f64,
}

impl Throttle {
    /// At most `per_second` a second from now on; a value below 0 means no limit.
    pub(crate) fn new(per_second: f64, now: Instant) -> Self {
        Self {
            start: now,
            per_second,
        }
    }

    /// How long to wait before send number `sent` (from 0).
    pub(crate) fn wait(&self, sent: u64, now: Instant) -> Duration {
        if self.per_second < 0.0 {
            return Duration::ZERO;
        }
        if self.per_second == 0.0 {
            return Duration::MAX;
        }
        let due = Duration::from_secs_f64(sent as f64 / self.per_second);
        due.saturating_sub(now.duration_since(self.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_kafkas_line() {
        let start = Instant::now();
        let mut stats = Stats::new(1000, start, Duration::from_secs(5));
        for ms in 1..=1000u64 {
            stats.record(Duration::from_millis(ms), 1024);
        }
        let end = start + Duration::from_secs(2);
        assert_eq!(
            stats.summary(end),
            "1000 records sent, 500.000000 records/sec (0.49 MB/sec), 500.50 ms avg latency, 1000.00 ms max latency, \
             501 ms 50th, 951 ms 95th, 991 ms 99th, 1000 ms 99.9th."
        );
    }

    #[test]
    fn progress_comes_every_five_seconds_and_starts_afresh() {
        let start = Instant::now();
        let mut stats = Stats::new(10, start, Duration::from_secs(5));
        stats.record(Duration::from_millis(4), 100);
        assert_eq!(stats.progress(start + Duration::from_secs(4)), None);
        let line = stats
            .progress(start + Duration::from_secs(5))
            .expect("time for a line");
        assert!(line.starts_with("1 records sent, 0.2 records/sec"), "{line}");
        assert_eq!(
            stats.progress(start + Duration::from_secs(11)),
            None,
            "nothing was sent since"
        );
    }

    #[test]
    fn the_throttle_spreads_sends() {
        let start = Instant::now();
        let throttle = Throttle::new(10.0, start);
        assert_eq!(throttle.wait(0, start), Duration::ZERO);
        assert_eq!(
            throttle.wait(5, start + Duration::from_millis(200)),
            Duration::from_millis(300)
        );
        assert_eq!(Throttle::new(-1.0, start).wait(1_000_000, start), Duration::ZERO);
    }
}
