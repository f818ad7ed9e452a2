//! Workspaces with lock files of their own: what they need is heavy, and nothing else builds it.

use std::time::Duration;

use crate::failure::Result;
use crate::run::Cmd;
use crate::steps::{Outcome, step};
use crate::test::native;
use crate::test::tally::{self, Tally};
use crate::tree;

/// A workspace beside the one of the root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Apart {
    /// Its directory in the checkout.
    pub(crate) dir: &'static str,
    /// For steps and logs.
    pub(crate) name: &'static str,
}

/// librdkafka's mock cluster and the tests against it.
pub(crate) const LIBRDKAFKA: Apart = Apart {
    dir: "tests/librdkafka",
    name: "librdkafka",
};

/// libFuzzer around the targets of `fuzz/`, which only `prove fuzz` builds.
pub(crate) const FUZZ: Apart = Apart {
    dir: "fuzz/libfuzzer",
    name: "fuzz",
};

/// All of them.
pub(crate) const ALL: [Apart; 2] = [LIBRDKAFKA, FUZZ];

/// The tests against the mock wait most of their time; a run that takes longer than this hangs.
const MOCK_LIMIT: Duration = Duration::from_secs(60);

impl Apart {
    /// A cargo command in this workspace, with its products in `target/` of the checkout.
    pub(crate) fn cargo(self, command: &str) -> Cmd {
        let manifest = tree::root().join(self.dir).join("Cargo.toml");
        Cmd::cargo()
            .arg(command)
            .arg("--manifest-path")
            .arg(manifest)
            .arg("--target-dir")
            .arg(tree::target().join(self.name))
    }
}

/// Every error code of a broker and broken connections, from librdkafka's mock cluster.
pub(crate) fn librdkafka(tally: &mut Tally) -> Result<()> {
    step("build of librdkafka's mock", || {
        LIBRDKAFKA
            .cargo("test")
            .args(["--locked", "--no-run"])
            .logged("librdkafka-build")?;
        Ok(Outcome::Done("built".to_owned()))
    })?;
    step("librdkafka's mock", || {
        let output = LIBRDKAFKA
            .cargo("test")
            .args(["--locked", "--tests", "--", "--test-threads", "8"])
            .logged_within("librdkafka", MOCK_LIMIT)?;
        let passed = native::some(tally::libtest(&output)?, "librdkafka's mock")?;
        tally.add("librdkafka's mock", passed);
        Ok(Outcome::Done(format!("{passed} passed")))
    })
}
