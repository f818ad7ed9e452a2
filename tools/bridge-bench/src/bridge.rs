//! The bridge, as users run it: a process of its own.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::TOPIC;
use crate::process::Process;

/// Starts a bridge to `broker`. `program` is `ottla`; `config` is written.
pub(crate) fn start(program: &Path, config: &Path, broker: SocketAddr) -> io::Result<Process> {
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
    let read = BufReader::new(stdout).read_line(&mut line);
    let address = line
        .trim()
        .strip_prefix("ws://")
        .and_then(|rest| rest.split('/').next());
    let address = address.and_then(|address| address.parse().ok());
    Process::new(child, read.ok().and(address), &line)
}
