//! A broker of a real Kafka, killed again and again.

use crate::failure::{Failure, Result};
use crate::prove::{Work, built};
use crate::run::Cmd;
use crate::steps::kafka;

/// The kills of one run of the test that hit a leader with requests in flight; the test does not end well with fewer.
const COUNTED: u64 = 3;

pub(crate) fn prepare() -> Result<Work> {
    kafka::jars()?;
    let program = built("ottla-tests", "kafka_faults")?;
    Ok(Box::new(move |next, end| {
        let output = Cmd::new(&program.executable)
            .dir(&program.package)
            .args([
                "--exact",
                "a_broker_killed_during_50_000_records_loses_and_repeats_none",
                "--nocapture",
            ])
            .logged("prove-kills")?;
        if !output.contains("1 passed") {
            return Err(Failure::step("kafka_faults: the test with the kills did not run"));
        }
        // Kills without a request in flight, which prove nothing, are in the log but not in the count.
        let hits = hits(&output);
        if hits < COUNTED {
            return Err(Failure::step(format!(
                "kafka_faults: {hits} kills that count, {COUNTED} expected"
            )));
        }
        Ok((next + hits).min(end))
    }))
}

fn hits(output: &str) -> u64 {
    let lines = output
        .lines()
        .filter_map(|line| line.split_once("kill ")?.1.split_once(": "));
    let hits = lines.filter(|(_, rest)| rest.ends_with("were sent again") && !rest.starts_with("0 "));
    hits.count() as u64
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_kills_with_requests_in_flight_count() {
        let output = "running 1 test\nkill 0: 5 batches that were on their way to the dead broker were sent again\n\
                      kill 1: 0 batches that were on their way to the dead broker were sent again\n\
                      test a ... kill 2: 1 batches that were on their way to the dead broker were sent again\nok\n";
        assert_eq!(super::hits(output), 2);
    }
}
