//! How much a reader of the page or a user of the package downloads, compressed as servers compress it.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, at};
use crate::run::Cmd;
use crate::steps::npm_package::NpmPackage;
use crate::steps::page::Page;
use crate::steps::{Outcome, step};
use crate::test::tally::Tally;

/// Brotli at the highest quality, from Node's standard library, of each file that is named.
const BROTLI: &str = "const z = require('node:zlib'), fs = require('node:fs');\
    for (const f of process.argv.slice(1)) console.log(z.brotliCompressSync(fs.readFileSync(f)).length)";

/// In units of 1,000 bytes.
/// The bar of the first release.
const PAGE_LIMIT_KB: usize = 350;
/// The bar of the first release.
const PACKAGE_LIMIT_KB: usize = 110;

pub(crate) fn check(tally: &mut Tally) {
    let package = NpmPackage::Release.dir().join("wasm");
    let gates = [
        ("size of the page", Page::Release.dir(), PAGE_LIMIT_KB),
        ("size of the npm package's wasm", package, PACKAGE_LIMIT_KB),
    ];
    for (name, dir, limit) in gates {
        tally.attempt(name, gate(name, &dir, limit));
    }
}

fn gate(name: &str, dir: &Path, limit: usize) -> Result<()> {
    step(name, || {
        let files = files(dir)?;
        let output = Cmd::new("node")
            .args(["-e", BROTLI])
            .args(&files)
            .logged("brotli")?;
        let sizes: Vec<usize> = output.lines().filter_map(|line| line.parse().ok()).collect();
        if sizes.len() != files.len() {
            return Err(Failure::step(format!(
                "cannot measure {}: {output}",
                dir.display()
            )));
        }
        let total: usize = sizes.iter().sum();
        let mut parts: Vec<(usize, String)> = sizes
            .iter()
            .zip(&files)
            .map(|(size, file)| (*size, name_of(file)))
            .collect();
        parts.sort_by(|a, b| b.cmp(a));
        let largest: Vec<String> = parts
            .iter()
            .take(3)
            .map(|(size, name)| format!("{name} {} KB", kb(*size)))
            .collect();
        let text = format!(
            "{} KB of at most {limit} with brotli ({})",
            kb(total),
            largest.join(", ")
        );
        if total > limit * 1000 {
            Err(Failure::step(format!("{name}: {text}")))
        } else {
            Ok(Outcome::Done(text))
        }
    })
}

fn kb(bytes: usize) -> String {
    format!("{}.{}", bytes / 1000, bytes % 1000 / 100)
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// What a browser would load: no stamps, no declarations for compilers.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in at(dir, std::fs::read_dir(dir))?.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if !name.starts_with('.') && !name.ends_with(".d.ts") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
