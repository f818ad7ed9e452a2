//! What stands between the client and the sink: a process of its own, whose processor time is its own.

use std::io;
use std::net::SocketAddr;
use std::process::Child;

/// A process that listens, killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// `address` is what it printed as `line`.
    pub(crate) fn new(mut child: Child, address: Option<SocketAddr>, line: &str) -> io::Result<Self> {
        match address {
            Some(address) => Ok(Self { child, address }),
            None => {
                stop(&mut child);
                Err(io::Error::other(format!(
                    "no address but `{}` was printed",
                    line.trim()
                )))
            }
        }
    }

    /// Seconds of processor that it has used; `None` where the system does not say.
    pub(crate) fn cpu(&self) -> Option<f64> {
        /// Linux has counted in hundredths of a second for as long as this file exists.
        const TICKS: f64 = 100.0;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // Behind the name, which may hold anything: state is field 3, utime 14, stime 15.
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3)?.parse::<f64>().ok();
        Some((ticks(14)? + ticks(15)?) / TICKS)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn stop(child: &mut Child) {
    // An error means that it has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
