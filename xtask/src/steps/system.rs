//! Programs that the system must have: how to find each, and the exact command that brings it.

use std::path::PathBuf;

use crate::failure::{Failure, Result};
use crate::run::{Cmd, which};
use crate::steps::{Outcome, step};

/// One program that something here needs.
#[derive(Debug)]
pub(crate) struct Need {
    pub(crate) name: &'static str,
    pub(crate) wanted_for: &'static str,
    pub(crate) debian: &'static str,
    pub(crate) macos: &'static str,
    /// Its version or place, or `None`.
    pub(crate) find: fn() -> Option<String>,
}

impl Need {
    /// Fails with the command that brings the program.
    pub(crate) fn require(&self) -> Result<String> {
        (self.find)().ok_or_else(|| self.missing())
    }

    pub(crate) fn missing(&self) -> Failure {
        Failure::step(format!(
            "{} is missing; it is needed for {}\n  Debian: {}\n  macOS:  {}",
            self.name, self.wanted_for, self.debian, self.macos
        ))
    }
}

pub(crate) const C_COMPILER: Need = Need {
    name: "a C compiler",
    wanted_for: "linking",
    debian: "sudo apt-get install -y gcc libc6-dev",
    macos: "xcode-select --install",
    find: || which(&["cc", "gcc", "clang"]).map(|path| path.display().to_string()),
};

/// What builds librdkafka: its `configure` asks for a C++ compiler, too, and its makefiles for GNU make.
pub(crate) const CPP_AND_MAKE: Need = Need {
    name: "a C++ compiler and make",
    wanted_for: "building librdkafka, whose mock cluster tests the producer",
    debian: "sudo apt-get install -y g++ make",
    macos: "xcode-select --install",
    find: || {
        let compiler = which(&["c++", "g++", "clang++"])?;
        let make = which(&["make"])?;
        Some(format!("{}, {}", compiler.display(), make.display()))
    },
};

pub(crate) const RUSTUP: Need = Need {
    name: "rustup",
    wanted_for: "the wasm and embedded targets of the pinned toolchain",
    debian: "sudo apt-get install -y rustup (Debian 13), or see rustup.rs",
    macos: "brew install rustup",
    find: || first_line(Cmd::new("rustup").arg("--version").answer()),
};

pub(crate) const NODE: Need = Need {
    name: "Node 20 or newer with npm",
    wanted_for: "wasm tests, browser and worker tests, wasm-opt",
    debian: "sudo apt-get install -y nodejs npm (Debian 13; older: take Node 20 from nodejs.org)",
    macos: "brew install node",
    find: || {
        let version = Cmd::new("node").arg("--version").answer()?;
        let npm = Cmd::new("npm")
            .args(["--version", "--loglevel=silent"])
            .answer()?;
        (major(&version)? >= 20).then(|| format!("node {version}, npm {npm}"))
    },
};

pub(crate) const JDK: Need = Need {
    name: "Java 17 or newer",
    wanted_for: "Apache Kafka, and with a compiler (a JDK) the comparison with its own producer",
    debian: "sudo apt-get install -y openjdk-17-jdk-headless",
    macos: "brew install openjdk",
    find: || {
        let text = Cmd::new("java").arg("-version").answer()?;
        let version = text.lines().find_map(|line| line.split('"').nth(1))?;
        (major(version)? >= 17).then(|| format!("java {version}"))
    },
};

pub(crate) const MAVEN: Need = Need {
    name: "Maven",
    wanted_for: "fetching Apache Kafka once (or set KAFKA_HOME to an unpacked Kafka)",
    debian: "sudo apt-get install -y maven",
    macos: "brew install maven",
    find: || which(&["mvn"]).map(|path| path.display().to_string()),
};

pub(crate) const CHROMIUM: Need = Need {
    name: "Chromium",
    wanted_for: "tests of the page and of wasm in a browser",
    debian: "sudo apt-get install -y chromium",
    macos: "brew install --cask chromium",
    find: || chromium().map(|path| path.display().to_string()),
};

pub(crate) const CHROMEDRIVER: Need = Need {
    name: "chromedriver",
    wanted_for: "wasm tests in a browser",
    debian: "sudo apt-get install -y chromium-driver",
    macos: "brew install --cask chromedriver",
    find: || which(&["chromedriver"]).map(|path| path.display().to_string()),
};

pub(crate) const KCAT: Need = Need {
    name: "kcat",
    wanted_for: "reading and writing with a client that is not ours",
    debian: "sudo apt-get install -y kcat",
    macos: "brew install kcat",
    find: || which(&["kcat"]).map(|path| path.display().to_string()),
};

pub(crate) const PYTHON: Need = Need {
    name: "Python 3 with venv",
    wanted_for: "prebuilt cargo-deny (else it is built from source, which takes minutes)",
    debian: "sudo apt-get install -y python3-venv",
    macos: "brew install python",
    find: || {
        Cmd::new("python3")
            .args(["-c", "import venv, ensurepip, sys; print(sys.version.split()[0])"])
            .answer()
    },
};

pub(crate) const JAVAC: Need = Need {
    name: "javac",
    wanted_for: "comparing metrics with Kafka's own producer, which is left out without it",
    debian: "sudo apt-get install -y openjdk-17-jdk-headless",
    macos: "brew install openjdk",
    find: || Cmd::new("javac").arg("-version").answer(),
};

pub(crate) const GO: Need = Need {
    name: "Go 1.26 or newer",
    wanted_for: "the peer franz-go of `cargo xtask bench peers`, which is left out without it",
    debian: "see go.dev/doc/install; Debian's golang-go is older",
    macos: "brew install go",
    find: || Cmd::new("go").arg("version").answer(),
};

pub(crate) const VALGRIND: Need = Need {
    name: "valgrind",
    wanted_for: "counting instructions in `cargo xtask bench trace`",
    debian: "sudo apt-get install -y valgrind",
    macos: "not available on current macOS; run that bench on Linux",
    find: || Cmd::new("valgrind").arg("--version").answer(),
};

/// Chromium, from `CHROME` or from where systems put it.
pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROME") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let apps = [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ];
    which(&[
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
    ])
    .or_else(|| apps.iter().map(PathBuf::from).find(|path| path.is_file()))
}

/// What only tests need, with the Debian packages that bring it.
type Wanted = (&'static Need, &'static [&'static str]);

/// Browser and reader of the tests that run a page or a whole way.
pub(crate) const TEST_PROGRAMS: [Wanted; 3] = [
    (&CHROMIUM, &["chromium"]),
    (&CHROMEDRIVER, &["chromium-driver"]),
    (&KCAT, &["kcat"]),
];
/// What librdkafka is built with.
pub(crate) const LIBRDKAFKA_TOOLS: [Wanted; 1] = [(&CPP_AND_MAKE, &["g++", "make"])];

/// Checks the programs that only tests need. In CI, as root on Debian, the missing ones are installed.
pub(crate) fn test_programs(wanted: &[Wanted]) -> Result<()> {
    let names: Vec<&str> = wanted.iter().map(|(need, _)| need.name).collect();
    step(&names.join(", "), || {
        let missing: Vec<_> = wanted
            .iter()
            .filter(|(need, _)| (need.find)().is_none())
            .collect();
        if missing.is_empty() {
            return Ok(Outcome::UpToDate("found".to_owned()));
        }
        let packages: Vec<&str> = missing
            .iter()
            .flat_map(|(_, packages)| packages.iter().copied())
            .collect();
        if !may_install() {
            let texts: Vec<String> = missing
                .iter()
                .map(|(need, _)| need.missing().message().to_owned())
                .collect();
            return Err(Failure::step(format!(
                "{}\nall of them on Debian: sudo apt-get install -y {}",
                texts.join("\n"),
                packages.join(" ")
            )));
        }
        Cmd::new("apt-get")
            .arg("update")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .logged("apt-update")?;
        Cmd::new("apt-get")
            .args(["install", "-y", "--no-install-recommends"])
            .args(&packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .logged("apt-install")?;
        Ok(Outcome::Done(format!("installed {}", packages.join(", "))))
    })
}

/// System packages are installed only by a machine that is thrown away afterwards.
fn may_install() -> bool {
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
    is_ci && which(&["apt-get"]).is_some() && Cmd::new("id").arg("-u").answer().as_deref() == Some("0")
}

fn first_line(text: Option<String>) -> Option<String> {
    text.and_then(|text| text.lines().next().map(str::to_owned))
}

/// The first number of a version such as `v20.20.2` or `17.0.15`.
fn major(version: &str) -> Option<u32> {
    let digits = version.trim_start_matches('v');
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn majors_of_the_spellings_in_use() {
        assert_eq!(super::major("v20.20.2"), Some(20));
        assert_eq!(super::major("17.0.15"), Some(17));
        assert_eq!(super::major("25-ea"), Some(25));
        assert_eq!(super::major("unknown"), None);
    }
}
