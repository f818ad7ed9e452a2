//! `console-producer --spool`, killed while the broker cannot be reached.

use std::time::Duration;

use crate::failure::Result;
use crate::prove::Work;
use crate::prove::kept_program::KeptProgram;
use crate::steps::kafka;

/// Kills, each at a point of its own.
pub(crate) const KILLS: u64 = 100;
/// Kills of one producer's directory, one after the other, before it is looked at.
const TOGETHER: u64 = 20;
/// Twenty kills take about a minute and a half on two busy cores.
const LIMIT: Duration = Duration::from_secs(20 * 60);

pub(crate) fn prepare() -> Result<Work> {
    kafka::jars()?;
    let program = KeptProgram::build("kafka_spool_kills")?;
    Ok(Box::new(move |next, end| {
        let count = TOGETHER.min(end - next);
        let plan = format!("{next}:{count}");
        let log = format!("prove-spool-{next}");
        program.run(&log, LIMIT, "spool", ("OTTLA_SPOOL_KILLS", &plan))?;
        Ok(next + count)
    }))
}
