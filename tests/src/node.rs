//! Node with the packages of the checkout's `node_modules`.

use crate::places;
use crate::run::Run;

/// `node tests/js/{script}`; it finds Chromium in `CHROME` and packages as any script of the checkout does.
///
/// # Panics
/// When `npm ci` has not run.
pub fn script(script: &str) -> Run {
    let root = places::root();
    let modules = root.join("node_modules");
    assert!(
        modules.is_dir(),
        "no {}: run `cargo xtask setup npm`",
        modules.display()
    );
    Run::new("node")
        .args([root.join("tests/js").join(script)])
        .dir(&root)
}
