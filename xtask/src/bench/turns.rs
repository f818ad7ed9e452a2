//! Rounds in which all peers take turns, each round with a line of its own.

use crate::failure::Result;
use crate::steps::{Outcome, step};

/// Runs `round` that often and returns what each gave.
pub(crate) fn in_turns<T>(what: &str, rounds: usize, mut round: impl FnMut() -> Result<T>) -> Result<Vec<T>> {
    let mut given = Vec::with_capacity(rounds);
    for number in 1..=rounds {
        step(&format!("{what}, round {number} of {rounds}"), || {
            given.push(round()?);
            Ok(Outcome::Done("measured".to_owned()))
        })?;
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::in_turns;
    use crate::failure::Failure;

    #[test]
    fn each_round_gives_one_result_until_one_fails() {
        let mut runs = 0;
        let all = in_turns("counting", 3, || {
            runs += 1;
            Ok(runs)
        });
        assert_eq!(all.unwrap(), [1, 2, 3]);
        let mut runs = 0;
        let failed = in_turns("counting", 3, || {
            runs += 1;
            if runs == 2 {
                Err(Failure::step("lost"))
            } else {
                Ok(())
            }
        });
        assert_eq!((failed.unwrap_err().message(), runs), ("lost", 2));
    }
}
