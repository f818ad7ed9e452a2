//! A real Kafka that takes little or nothing for long.

use std::time::Duration;

use crate::failure::Result;
use crate::prove::Work;
use crate::prove::kept_program::KeptProgram;
use crate::steps::kafka;

/// KB, at 100 of them per second.
pub(crate) const QUOTA_KB: u64 = 6_000;
/// Minutes without a broker.
pub(crate) const OUTAGE_MINUTES: u64 = 10;
/// What a start of Kafka and the reading of its log take at most.
const AROUND: u64 = 600;

pub(crate) fn prepare_quota() -> Result<Work> {
    kafka::jars()?;
    let program = KeptProgram::build("kafka_quota")?;
    Ok(Box::new(move |next, end| {
        let limit = Duration::from_secs(AROUND + (end - next) / 20);
        let kilobytes = (end - next).to_string();
        program.run("prove-quota", limit, "quota", ("OTTLA_QUOTA_KB", &kilobytes))?;
        Ok(end)
    }))
}

pub(crate) fn prepare_outage() -> Result<Work> {
    kafka::jars()?;
    let program = KeptProgram::build("kafka_outage")?;
    Ok(Box::new(move |next, end| {
        let limit = Duration::from_secs(AROUND + (end - next) * 60);
        let minutes = (end - next).to_string();
        program.run(
            "prove-outage",
            limit,
            "outage",
            ("OTTLA_OUTAGE_MINUTES", &minutes),
        )?;
        Ok(end)
    }))
}
