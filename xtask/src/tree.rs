//! Where things are: the checkout, and what is kept below `target/`.

use std::path::PathBuf;

/// The checkout's root.
pub(crate) fn root() -> PathBuf {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

/// Cargo's target directory; downloads and build products of every kind stay in it.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A program that `npm ci` installed.
pub(crate) fn npm_bin(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// A program of `tools/`, built with the profile `tool`.
pub(crate) fn tool(name: &str) -> PathBuf {
    target().join("tool").join(name)
}

/// `path` as a person in the checkout would type it.
pub(crate) fn shown(path: &std::path::Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}
