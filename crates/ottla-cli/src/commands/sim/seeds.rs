//! Many random worlds, side by side.

use std::io::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

use ottla_sim::Scenario;
use ottla_trace::event::Ledger;

use super::ended;
use crate::exit::{Failure, Outcome, written};
use crate::progress::ProgressArgs;

/// Reads `FROM..TO`.
pub(super) fn range(text: &str) -> Result<Range<u64>, String> {
    let parsed = text
        .split_once("..")
        .and_then(|(from, to)| Some(from.trim().parse().ok()?..to.trim().parse().ok()?));
    match parsed {
        Some(range) if range.start < range.end => Ok(range),
        Some(_) => Err("has no seed in it; the second number must be larger".to_owned()),
        None => Err("must be two numbers, such as 0..2000".to_owned()),
    }
}

/// What worlds came to.
#[derive(Default)]
struct Total {
    worlds: u64,
    simulated: u64,
    ledger: Ledger,
}

/// A world that is done: its seed, what it came to, and what it broke.
struct Done {
    seed: u64,
    simulated: u64,
    ledger: Ledger,
    broken: Option<String>,
}

/// Runs the worlds of these seeds until one breaks a guarantee.
pub(super) fn run(
    seeds: Range<u64>,
    jobs: Option<u16>,
    progress: ProgressArgs,
    out: &mut impl Write,
) -> Outcome {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let jobs = jobs.map_or(cores, usize::from);
    let (begun, worlds) = (Instant::now(), seeds.end - seeds.start);
    let (next, stop) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let failure: Mutex<Option<Failure>> = Mutex::new(None);
    let mut total = Total::default();
    let mut broken: Option<(u64, String)> = None;
    let mut progress = progress.start();
    thread::scope(|scope| {
        let (sender, results) = mpsc::sync_channel::<Done>(jobs);
        for _ in 0..jobs {
            let sender = sender.clone();
            let (next, stop, failure) = (&next, &stop, &failure);
            scope.spawn(move || work(seeds.end, next, stop, failure, &sender));
        }
        drop(sender);
        for done in results {
            total.add(&done);
            // Seeds end in any order: the lowest that is broken is the one to look at.
            if let Some(what) = done.broken
                && broken.as_ref().is_none_or(|(seed, _)| done.seed < *seed)
            {
                broken = Some((done.seed, what));
                stop.store(true, Ordering::Relaxed);
            }
            progress.update(Instant::now(), || format!("{} of {worlds} worlds", total.worlds));
        }
    });
    progress.finish(|| format!("{} of {worlds} worlds", total.worlds));
    if let Some(failure) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(failure);
    }
    let seconds = begun.elapsed().as_secs_f64();
    let simulated = total.simulated as f64 / 1e6;
    let ledger = &total.ledger;
    written(writeln!(
        out,
        "{} worlds in {seconds:.1} s, {:.0} simulated seconds per second\n\
         records: {} sent, {} told ok, {} told failed\n\
         the log: {} there, {} lost, {} twice, {} out of order, where no guarantee forbade it",
        total.worlds,
        simulated / seconds.max(1e-3),
        ledger.sent,
        ledger.told_ok,
        ledger.failed,
        ledger.in_log,
        ledger.lost,
        ledger.duplicate,
        ledger.out_of_order,
    ))?;
    match broken {
        None => Ok(()),
        Some((seed, what)) => Err(Failure::Delivery(format!(
            "seed {seed} {what}\nagain: ottla sim run --seed {seed} --trace seed-{seed}.jsonl\n\
             in the page, while `ottla demo` runs: http://127.0.0.1:7447/?trace=/seeds/{seed}.jsonl"
        ))),
    }
}

fn work(
    end: u64,
    next: &AtomicU64,
    stop: &AtomicBool,
    failure: &Mutex<Option<Failure>>,
    sender: &mpsc::SyncSender<Done>,
) {
    while !stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let world = match ended(&Scenario::random(seed)) {
            Ok(world) => world,
            Err(why) => {
                stop.store(true, Ordering::Relaxed);
                failure
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(why);
                return;
            }
        };
        let done = Done {
            seed,
            simulated: world.now().as_micros(),
            ledger: world.ledger(),
            broken: world.violations().first().map(ToString::to_string),
        };
        if sender.send(done).is_err() {
            return;
        }
    }
}

impl Total {
    fn add(&mut self, done: &Done) {
        self.worlds += 1;
        self.simulated += done.simulated;
        let (total, new) = (&mut self.ledger, &done.ledger);
        total.sent += new.sent;
        total.told_ok += new.told_ok;
        total.failed += new.failed;
        total.in_log += new.in_log;
        total.lost += new.lost;
        total.duplicate += new.duplicate;
        total.out_of_order += new.out_of_order;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_two_numbers_and_a_seed_in_it() {
        assert_eq!(range("3..5"), Ok(3..5));
        for (text, why) in [
            ("5..3", "larger"),
            ("3..3", "larger"),
            ("3", "0..2000"),
            ("a..b", "0..2000"),
        ] {
            assert!(range(text).expect_err(text).contains(why), "{text}");
        }
    }
}
