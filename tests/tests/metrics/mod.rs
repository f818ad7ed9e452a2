//! Two producers whose metrics are compared.

mod paced;
pub(crate) mod subjects;

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_tests::wait::wait_for;
use subjects::Subject;

const LIMIT: Duration = Duration::from_secs(60);
/// What averages, and counters of time or of compressed bytes, may differ by.
pub(crate) const TOLERANCE: f64 = 0.05;

/// Group, tag and name.
pub(crate) type Key = (String, String, String);
pub(crate) type Metrics = BTreeMap<Key, f64>;

/// Metrics once nothing moves any more: an answer is counted shortly after its records are reported.
pub(crate) fn settled(subject: &mut dyn Subject) -> Metrics {
    let moves = |key: &Key| key.2.ends_with("-rate") || key.2.ends_with("-ratio") || key.2 == "metadata-age";
    let mut last = Metrics::new();
    wait_for("the metrics to settle", LIMIT, || {
        let mut now = subject.metrics();
        now.retain(|key, _| !moves(key));
        let same = format!("{now:?}") == format!("{last:?}");
        last.clone_from(&now);
        same.then(|| subject.metrics())
    })
}

/// `len` bytes that lz4 makes much shorter, different for each `number`.
pub(crate) fn text(number: usize, len: usize) -> String {
    let mut text = String::new();
    while text.len() < len {
        text += &format!("{{\"number\":{number},\"at\":{}}}", text.len());
    }
    text.truncate(len);
    text
}

/// `len` characters in which lz4 finds nothing.
pub(crate) fn noise(len: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut character = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + (state >> 32) as u8 % 90)
    };
    (0..len).map(|_| character()).collect()
}

/// What differs, a line each, of so many that were compared.
#[derive(Default)]
pub(crate) struct Differences {
    pub(crate) compared: usize,
    pub(crate) lines: Vec<String>,
    /// The largest difference as a share of Java's value.
    pub(crate) furthest: f64,
}

impl Differences {
    pub(crate) fn within(&mut self, key: &Key, ours: f64, theirs: f64, tolerance: f64) {
        self.compared += 1;
        if theirs != 0.0 && (ours - theirs).is_finite() {
            self.furthest = self.furthest.max((ours - theirs).abs() / theirs.abs());
        }
        let equal = (ours.is_nan() && theirs.is_nan()) || (ours - theirs).abs() <= tolerance * theirs.abs();
        if !equal {
            let (group, tag, name) = key;
            self.lines
                .push(format!("{group} {tag} {name}: {ours}, and {theirs} in Java"));
        }
    }

    /// `least`: fewer than so many would mean that names no longer match what is looked for.
    #[track_caller]
    pub(crate) fn check(&self, least: usize) {
        assert!(self.lines.is_empty(), "{}", self.lines.join("\n"));
        assert!(self.compared >= least, "only {} were compared", self.compared);
    }
}

pub(crate) fn is_rate(name: &str) -> bool {
    // `compression-rate` is a mean.
    (name.ends_with("-rate") && name != "compression-rate") || name.ends_with("-ratio")
}

/// What took as long as the machine let it; see [`paced`].
pub(crate) fn is_time(name: &str) -> bool {
    let times = ["-time-", "latency", "metadata-age"];
    times.iter().any(|part| name.contains(part)) && !name.starts_with("produce-throttle")
}
