//! A process that is measured while it runs: what it prints and when, and how much processor time it uses.
//!
//! Its processor time is sampled, so that start and warm-up can be left out without the process's help.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};

const SAMPLE_EVERY: Duration = Duration::from_millis(10);
/// Linux has counted in hundredths of a second for as long as /proc exists.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process did.
#[derive(Debug)]
pub(crate) struct Measured {
    /// What it printed on standard output, with the time at which each line came.
    pub(crate) lines: Vec<(Instant, String)>,
    /// What it said on standard error.
    pub(crate) stderr: String,
    /// The most memory that was resident at a time; `None` where the system has no /proc.
    pub(crate) peak_bytes: Option<f64>,
    cpu: Vec<Cpu>,
}

/// Processor time of all processes that are watched, at one time.
#[derive(Debug)]
struct Cpu {
    at: Instant,
    own: f64,
    beside: f64,
}

/// User and system seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CpuSeconds {
    /// Of the process.
    pub(crate) own: f64,
    /// Of the process beside it, if one was named.
    pub(crate) beside: f64,
}

impl Measured {
    /// What was used between two times; `None` where the system has no /proc.
    pub(crate) fn cpu_between(&self, from: Instant, to: Instant) -> Option<CpuSeconds> {
        let (first, last) = (self.cpu_at(from)?, self.cpu_at(to)?);
        Some(CpuSeconds {
            own: last.own - first.own,
            beside: last.beside - first.beside,
        })
    }

    /// All that the process used, from its start to its end.
    pub(crate) fn cpu_in_all(&self) -> Option<f64> {
        self.cpu.last().map(|cpu| cpu.own)
    }

    fn cpu_at(&self, at: Instant) -> Option<CpuSeconds> {
        let next = self.cpu.iter().position(|sample| sample.at >= at);
        let after = next.map_or_else(|| self.cpu.last(), |next| self.cpu.get(next))?;
        let before = next
            .and_then(|next| self.cpu.get(next.checked_sub(1)?))
            .unwrap_or(after);
        let span = (after.at - before.at).as_secs_f64();
        let part = if span > 0.0 {
            ((at - before.at).as_secs_f64() / span).min(1.0)
        } else {
            1.0
        };
        Some(CpuSeconds {
            own: before.own + (after.own - before.own) * part,
            beside: before.beside + (after.beside - before.beside) * part,
        })
    }
}

/// Runs `command` to its end; `beside` is another process to watch.
pub(crate) fn measure(
    name: &str,
    command: &mut Command,
    beside: Option<u32>,
    limit: Duration,
) -> Result<Measured> {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.map_err(|error| Failure::step(format!("{name}: {error}")))?;
    let stdout = BufReader::new(child.stdout.take().expect("it was piped"));
    let mut stderr = child.stderr.take().expect("it was piped");
    let lines = thread::spawn(move || -> Vec<_> {
        stdout
            .lines()
            .map_while(std::io::Result::ok)
            .map(|line| (Instant::now(), line))
            .collect()
    });
    let said = thread::spawn(move || {
        let mut said = Vec::new();
        // Whatever came before an error is all there is.
        let _ = stderr.read_to_end(&mut said);
        String::from_utf8_lossy(&said).into_owned()
    });
    let Sampled {
        cpu,
        peak_bytes,
        ended,
    } = sample(&mut child, beside, limit);
    let lines = lines.join().unwrap_or_default();
    let stderr = said.join().unwrap_or_default();
    if ended {
        Ok(Measured {
            lines,
            stderr,
            peak_bytes,
            cpu,
        })
    } else {
        Err(Failure::step(format!(
            "{name} failed, or did not end within {limit:?}:\n{stderr}"
        )))
    }
}

struct Sampled {
    cpu: Vec<Cpu>,
    peak_bytes: Option<f64>,
    /// It ended by itself, and well.
    ended: bool,
}

/// Watches until the process ends.
fn sample(child: &mut Child, beside: Option<u32>, limit: Duration) -> Sampled {
    let start = Instant::now();
    let mut samples = Vec::new();
    let mut peak_bytes = None;
    loop {
        // Before it is asked whether it ended, because the question removes it from /proc.
        let own = cpu_of(child.id());
        let others = beside.and_then(cpu_of).unwrap_or(0.0);
        if let Some(own) = own {
            samples.push(Cpu {
                at: Instant::now(),
                own,
                beside: others,
            });
        }
        // The system keeps the peak itself; of a process that has ended it tells nothing.
        peak_bytes = peak_of(child.id()).or(peak_bytes);
        let ended = match child.try_wait() {
            Ok(None) if start.elapsed() < limit => {
                thread::sleep(SAMPLE_EVERY);
                continue;
            }
            Ok(Some(status)) => status.success(),
            _ => {
                // An error means that it has just ended.
                let _ = child.kill();
                let _ = child.wait();
                false
            }
        };
        return Sampled {
            cpu: samples,
            peak_bytes,
            ended,
        };
    }
}

/// User and system seconds of a process with all its threads.
fn cpu_of(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(&stat)
}

fn peak_of(pid: u32) -> Option<f64> {
    parse_peak(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// The line is in KiB.
fn parse_peak(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}

/// Fields are counted from 1; the second is a name in brackets, which may hold anything.
fn parse(stat: &str) -> Option<f64> {
    const STATE: usize = 3;
    const USER: usize = 14;
    const SYSTEM: usize = 15;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - STATE)?.parse::<f64>().ok();
    Some((ticks(USER)? + ticks(SYSTEM)?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::{Cpu, CpuSeconds, Measured, parse, parse_peak};
    use std::time::{Duration, Instant};

    #[test]
    fn names_with_brackets_do_not_shift_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 3 4 20 0 1 0 99 1 1";
        assert_eq!(parse(stat), Some(3.0));
        assert_eq!(parse("7 (cut) S 1"), None);
    }

    #[test]
    fn the_peak_is_in_bytes() {
        let status = "Name:\tpeer\nVmPeak:\t  999 kB\nVmHWM:\t    2048 kB\nThreads:\t1\n";
        assert_eq!(parse_peak(status), Some(2_097_152.0));
        assert_eq!(parse_peak("Name:\tkthread\n"), None);
    }

    #[test]
    fn a_window_is_read_between_samples() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let cpu = |ms, own| Cpu {
            at: at(ms),
            own,
            beside: 0.0,
        };
        let measured = Measured {
            lines: Vec::new(),
            stderr: String::new(),
            peak_bytes: None,
            cpu: vec![cpu(0, 0.0), cpu(100, 1.0), cpu(200, 3.0)],
        };
        let window = measured.cpu_between(at(50), at(150));
        let expected = CpuSeconds {
            own: 1.5,
            beside: 0.0,
        };
        assert_eq!(window, Some(expected));
        assert_eq!(
            measured.cpu_between(at(100), at(900)).map(|cpu| cpu.own),
            Some(2.0)
        );
        assert_eq!(measured.cpu_in_all(), Some(3.0));
    }
}
