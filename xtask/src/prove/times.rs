//! How long this producer and Kafka's own say that the same work took.

use std::time::Duration;

use crate::failure::Result;
use crate::prove::Work;
use crate::prove::kept_program::KeptProgram;
use crate::steps::kafka;

/// Each compares all times once.
pub(crate) const RUNS: u64 = 3;
/// A start of Kafka, and three attempts of some ten seconds for each of two producers and two kinds of work.
const LIMIT: Duration = Duration::from_secs(600);

pub(crate) fn prepare() -> Result<Work> {
    kafka::jars()?;
    let program = KeptProgram::build("kafka_metrics")?.narrowed_to("measured_alike");
    Ok(Box::new(move |next, _| {
        program.run("prove-times", LIMIT, "times", ("OTTLA_METRICS_TIMES", "1"))?;
        Ok(next + 1)
    }))
}
