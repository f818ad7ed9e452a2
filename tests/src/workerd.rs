//! workerd, the runtime of Cloudflare Workers, from npm.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::http::{self, Answer};
use crate::places;
use crate::process::Process;

const START_LIMIT: Duration = Duration::from_secs(20);

/// A running workerd.
#[derive(Debug)]
pub struct Workerd {
    process: Process,
    address: SocketAddr,
}

impl Workerd {
    /// Serves a capnp configuration whose HTTP socket is named `http`, on a port that the system picks.
    /// Modules that it embeds are found relative to the file.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    #[track_caller]
    pub fn start(config: &Path) -> Self {
        let log = places::run_dir("workerd").join("workerd.log");
        let mut command = Command::new(program());
        // Control messages on standard output say which port was taken.
        command
            .args(["serve", "--control-fd=1", "--socket-addr=http=127.0.0.1:0"])
            .arg(config);
        let mut process = Process::start("workerd", &mut command, &log, None);
        let line = process.wait_for_line("\"event\":\"listen\"", START_LIMIT);
        let port = line.split("\"port\":").nth(1).and_then(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
        let port: u16 = port.unwrap_or_else(|| panic!("workerd: no port in {line}"));
        Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// GET.
    ///
    /// # Panics
    /// When it does not answer; the message has its log.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        http::get(self.address, path, &[])
            .unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.process.log()))
    }

    /// What it printed.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// The native program: the one in `.bin` is a script around it, which would survive being killed.
fn program() -> PathBuf {
    let os = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    let arch = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "64"
    };
    let path = places::root().join(format!(
        "node_modules/@cloudflare/workerd-{os}-{arch}/bin/workerd"
    ));
    assert!(
        path.is_file(),
        "no {}: run `cargo xtask setup npm`",
        path.display()
    );
    path
}
