//! A real Kafka whose leaders are killed again and again.

use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::prove::{Work, kept_program};
use crate::run::Cmd;
use crate::steps::kafka;
use crate::tree;

/// Runs of each kind.
const EACH: u64 = 5;
/// All runs: directly, through the bridge, and one without idempotence.
pub(crate) const RUNS: u64 = 2 * EACH + 1;
/// A run of ten kills takes three minutes on two cores that do nothing else.
const LIMIT: Duration = Duration::from_secs(40 * 60);

pub(crate) fn prepare() -> Result<Work> {
    kafka::jars()?;
    let program = kept_program("kafka_kills", "kills")?;
    Ok(Box::new(move |next, _| {
        let plan = plan(next);
        println!("  run {next}: {plan}");
        let log = format!("prove-kills-{next}");
        let output = Cmd::new(&program.executable)
            .dir(&program.package)
            .args(["--nocapture"])
            .env("OTTLA_BIN_DIR", &program.programs)
            .env("OTTLA_KILLS", plan)
            .watched(&log, LIMIT, &mut |line| {
                if let Some(line) = line.split_once("kills: ").map(|(_, line)| line) {
                    println!("    {line}");
                }
            })?;
        if !output.contains("1 passed") || !output.contains(plan) {
            return Err(Failure::step(format!(
                "kafka_kills did not run {plan}; see {}/xtask/log/{log}.log",
                tree::shown(&tree::target())
            )));
        }
        Ok(next + 1)
    }))
}

/// What tests/tests/kafka_kills.rs takes for a plan.
fn plan(run: u64) -> &'static str {
    match run % RUNS / EACH {
        0 => "direct:500000:10",
        1 => "bridge:500000:10:2",
        _ => "plain:500000:10",
    }
}

#[cfg(test)]
mod tests {
    use super::{RUNS, plan};

    #[test]
    fn five_runs_go_directly_five_through_the_bridge_and_one_without_idempotence() {
        let plans: Vec<&str> = (0..RUNS).map(plan).collect();
        assert_eq!(&plans[..5], ["direct:500000:10"; 5]);
        assert_eq!(&plans[5..10], ["bridge:500000:10:2"; 5]);
        assert_eq!(plans[10..], ["plain:500000:10"]);
    }
}
