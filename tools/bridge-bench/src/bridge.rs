//! The bridge, as users run it: a process of its own.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::TOPIC;

/// A running bridge, killed when dropped.
pub(crate) struct Bridge {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Bridge {
    /// `program` is `ottla`; `config` is written.
    pub(crate) fn start(program: &Path, config: &Path, broker: SocketAddr) -> io::Result<Self> {
        let text = format!(
            "[[listener]]\nbind = \"127.0.0.1:0\"\nclass = \"server\"\n\n\
             [[cluster]]\nname = \"main\"\nbootstrap = [\"{broker}\"]\ntopics = [\"{TOPIC}\"]\n"
        );
        std::fs::write(config, text)?;
        let mut child = Command::new(program)
            .args(["bridge", "run"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().expect("it was piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("ws://")
            .and_then(|rest| rest.split('/').next());
        match address.and_then(|address| address.parse().ok()) {
            Some(address) => Ok(Self { child, address }),
            None => {
                stop(&mut child);
                Err(io::Error::other(format!(
                    "the bridge printed no address but `{}`",
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

impl Drop for Bridge {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn stop(child: &mut Child) {
    // An error means that it has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
