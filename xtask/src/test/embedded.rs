//! The core on a target without std.

use crate::failure::Result;
use crate::run::Cmd;
use crate::steps::{Outcome, rust, step};

/// Everything but snappy, whose crate needs std, and what is for tests alone. Each package takes those that it has. With
/// a package before the name they would go to the core's dev-dependency on itself, and so to nothing.
const FEATURES: &str = "admin,docs,gzip,journal,keep-records,lz4,metrics,sasl,serde,serializers,trace,zstd";

pub(crate) fn build() -> Result<()> {
    step(&format!("no std: {}", rust::EMBEDDED), || {
        Cmd::cargo()
            .args([
                "build",
                "--target",
                rust::EMBEDDED,
                "--no-default-features",
                "--features",
                FEATURES,
            ])
            .args([
                "--package",
                "ottla-wire",
                "--package",
                "ottla-trace",
                "--package",
                "ottla-core",
            ])
            .logged("embedded")?;
        Ok(Outcome::Done(
            "ottla-wire, ottla-trace, ottla-core build".to_owned(),
        ))
    })
}
