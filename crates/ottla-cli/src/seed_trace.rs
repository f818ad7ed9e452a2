//! What happens in the random world of a seed, as the page opens it: `/seeds/17.jsonl`.

use std::time::Duration;

use bytes::Bytes;
use ottla_sim::Scenario;
use ottla_trace::{Level, jsonl};

/// Longer than any world takes to come to rest.
const PATIENCE: Duration = Duration::from_secs(120);

/// The trace at that path of the page's server, if it names a seed.
pub(crate) fn at(path: &str) -> Option<Bytes> {
    let seed = path.strip_prefix("/seeds/")?.strip_suffix(".jsonl")?;
    let mut scenario = Scenario::random(seed.parse().ok()?);
    scenario.setup.trace = Level::Record;
    let mut world = scenario.run().ok()?;
    world.finish(PATIENCE);
    let mut text = jsonl::Header::new("ottla demo", Level::Record).line();
    for envelope in world.drain_trace() {
        text.push_str(&jsonl::envelope_line(&envelope));
    }
    Some(text.into())
}
