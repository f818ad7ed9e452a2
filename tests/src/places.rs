//! Where things are.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

/// The checkout's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate is in a folder of the checkout")
        .to_owned()
}

/// Cargo's target directory, where xtask keeps what it downloads.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A program of this workspace, such as `ottla`. `OTTLA_BIN_DIR` says where they were built; without it,
/// the first call builds the program, so that a test never runs yesterday's.
///
/// # Panics
/// When the program cannot be built.
pub fn program(name: &str) -> PathBuf {
    built(Path::new(name), &["--bin", name])
}

/// An example of a package of this workspace, found or built as [`program`] is.
///
/// # Panics
/// When the example cannot be built.
pub fn example(package: &str, name: &str) -> PathBuf {
    built(
        &Path::new("examples").join(name),
        &["--package", package, "--example", name],
    )
}

fn built(path: &Path, cargo_args: &[&str]) -> PathBuf {
    static BUILT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    if let Some(dir) = std::env::var_os("OTTLA_BIN_DIR") {
        return PathBuf::from(dir).join(path);
    }
    let mut built = BUILT
        .lock()
        .expect("no holder of this lock panics after the check below");
    if !built.iter().any(|done| done == path) {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["build", "--quiet"])
            .args(cargo_args)
            .current_dir(root())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "`cargo build {}` failed",
            cargo_args.join(" ")
        );
        built.push(path.to_owned());
    }
    target().join("debug").join(path)
}

/// The page that a browser test loads: `OTTLA_PAGE_DIR`, else what `cargo xtask setup page` built.
///
/// # Panics
/// When there is no page.
pub fn page() -> PathBuf {
    set_up("page", "OTTLA_PAGE_DIR", "page", "index.html")
}

/// The npm package: `OTTLA_NPM_DIR`, else what `cargo xtask setup package` built.
///
/// # Panics
/// When there is no package.
pub fn npm_package() -> PathBuf {
    set_up("package", "OTTLA_NPM_DIR", "npm/ottla", "wasm/ottla_bg.wasm")
}

/// What a part of `cargo xtask setup` built.
fn set_up(part: &str, variable: &str, default: &str, file: &str) -> PathBuf {
    let dir = std::env::var_os(variable).map_or_else(|| target().join(default), PathBuf::from);
    assert!(
        dir.join(file).is_file(),
        "no {part} in {}: run `cargo xtask setup {part}`",
        dir.display()
    );
    dir
}

/// A new directory for one run of something, `target/test-runs/{binary}-{pid}/{name}-{n}`.
///
/// # Panics
/// When it cannot be made.
pub fn run_dir(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = process_dir().join(format!("{name}-{count}"));
    std::fs::create_dir_all(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    dir
}

/// This process's directory of runs. The first call removes those that are older than a day.
fn process_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let runs = target().join("test-runs");
        remove_old(&runs);
        let binary = std::env::current_exe().ok();
        let binary = binary
            .as_deref()
            .and_then(Path::file_stem)
            .map_or("test".into(), |stem| stem.to_string_lossy());
        runs.join(format!("{binary}-{}", std::process::id()))
    })
}

fn remove_old(runs: &Path) {
    const DAY: u64 = 24 * 60 * 60;
    for entry in std::fs::read_dir(runs).into_iter().flatten().flatten() {
        let age = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .map(|modified| modified.elapsed());
        if age.is_ok_and(|age| age.is_ok_and(|age| age.as_secs() > DAY)) {
            // Someone else may be removing it too; what remains is removed next time.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
