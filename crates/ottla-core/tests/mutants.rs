//! The list of deliberate faults, for `cargo xtask mutants`, which runs each with its test.
#![allow(clippy::print_stdout, reason = "xtask reads the list")]

use std::collections::BTreeSet;
use std::path::Path;

use ottla_core::mutants;

#[test]
fn every_mutant_names_a_test_that_exists() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut names = BTreeSet::new();
    for mutant in mutants::all() {
        let (file, name) = mutant.caught_by.rsplit_once("::").expect("file::name");
        let path = tests.join(file.replace("::", "/")).with_extension("rs");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let is_test = text.contains(&format!("#[test]\nfn {name}() {{"));
        assert!(is_test, "{}: {} has no test {name}", mutant.name, path.display());
        assert!(names.insert(mutant.name), "{} is there twice", mutant.name);
        println!("mutant\t{}\t{}\t{}", mutant.name, mutant.caught_by, mutant.fault);
    }
    assert!(names.len() >= 50, "{} mutants", names.len());
}
