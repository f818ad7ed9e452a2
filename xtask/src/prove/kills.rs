//! A real Kafka whose leaders are killed again and again.

use std::time::Duration;

use crate::failure::Result;
use crate::prove::Work;
use crate::prove::kept_program::KeptProgram;
use crate::steps::kafka;

/// Runs of each kind.
const EACH: u64 = 5;
/// All runs: directly, through the bridge, and two that must go wrong, without idempotence and with acks=1.
pub(crate) const RUNS: u64 = 2 * EACH + 2;
/// A run of ten kills takes one to five minutes on two cores.
const LIMIT: Duration = Duration::from_secs(40 * 60);

pub(crate) fn prepare() -> Result<Work> {
    kafka::jars()?;
    let program = KeptProgram::build("kafka_kills")?;
    Ok(Box::new(move |next, _| {
        let plan = plan(next);
        println!("  run {next}: {plan}");
        let log = format!("prove-kills-{next}");
        program.run(&log, LIMIT, "kills", ("OTTLA_KILLS", plan))?;
        Ok(next + 1)
    }))
}

/// What tests/tests/kafka_kills.rs takes for a plan.
fn plan(run: u64) -> &'static str {
    let run = run % RUNS;
    if run < EACH {
        "direct:500000:10"
    } else if run < 2 * EACH {
        "bridge:500000:10:2"
    } else if run == 2 * EACH {
        "plain:500000:10"
    } else {
        "leader:500000:10"
    }
}

#[cfg(test)]
mod tests {
    use super::{RUNS, plan};

    #[test]
    fn five_runs_go_directly_five_through_the_bridge_and_two_must_go_wrong() {
        let plans: Vec<&str> = (0..RUNS).map(plan).collect();
        assert_eq!(&plans[..5], ["direct:500000:10"; 5]);
        assert_eq!(&plans[5..10], ["bridge:500000:10:2"; 5]);
        assert_eq!(plans[10..], ["plain:500000:10", "leader:500000:10"]);
    }
}
