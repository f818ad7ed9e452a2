//! The core on a target without std.

use crate::failure::Result;
use crate::run::Cmd;
use crate::steps::{Outcome, rust, step};

/// Every codec but snappy, whose crate needs std.
const FEATURES: &str = "ottla-wire/gzip,ottla-wire/lz4,ottla-wire/zstd,ottla-core/gzip,ottla-core/lz4,ottla-core/zstd,ottla-core/trace";

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
