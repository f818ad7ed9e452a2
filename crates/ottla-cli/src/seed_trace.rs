//! What happens in the random world of a seed, as the page opens it: `/seeds/17.jsonl`.

use std::time::Duration;

use bytes::Bytes;
use ottla_sim::Scenario;
use ottla_trace::{Level, jsonl};

use crate::commands::sim;

/// Longer than any world takes to come to rest.
const PATIENCE: Duration = Duration::from_secs(120);

/// The seed that a path of the page's server names.
pub(crate) fn seed_in(path: &str) -> Option<u64> {
    let seed = path.strip_prefix("/seeds/")?.strip_suffix(".jsonl")?;
    seed.parse().ok()
}

/// The trace of that seed's world from its beginning to its producer's end. This computes for as long as the world takes.
pub(crate) fn of(seed: u64) -> Option<Bytes> {
    let mut scenario = Scenario::random(seed);
    scenario.setup.trace = Level::Record;
    let mut world = scenario.run().ok()?;
    world.finish(PATIENCE);
    sim::close(&mut world);
    let mut text = jsonl::Header::new("ottla demo", Level::Record).line();
    for envelope in world.drain_trace() {
        text.push_str(&jsonl::envelope_line(&envelope));
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_seed_or_none() {
        assert_eq!(seed_in("/seeds/17.jsonl"), Some(17));
        for path in ["/seeds/.jsonl", "/seeds/-1.jsonl", "/seeds/17", "/17.jsonl", "/"] {
            assert_eq!(seed_in(path), None, "{path}");
        }
    }

    /// Among them are worlds whose application closes the producer itself.
    #[test]
    fn every_trace_goes_to_the_producers_end() {
        for seed in 0..24 {
            let trace = of(seed).expect("a random world has a valid configuration");
            let text = str::from_utf8(&trace).expect("JSON is UTF-8");
            let (_, envelopes) = jsonl::read(text).expect("our own writing");
            assert!(jsonl::is_whole(&envelopes), "seed {seed}");
        }
    }
}
