//! Every input that was kept, through its target.

#![allow(
    clippy::print_stdout,
    reason = "a test that fails shows which input it was at"
)]

use std::path::Path;

use ottla_fuzz::TARGETS;

/// All inputs together, in bytes: they are to be kept small.
const MOST_BYTES: u64 = 300 << 10;

#[test]
fn every_input_that_was_kept_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut bytes = 0;
    for target in &TARGETS {
        target.run(&[]);
        let dir = corpus.join(target.name);
        let mut files: Vec<_> = std::fs::read_dir(&dir)
            .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
            .map(|entry| entry.expect("a directory that can be read").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{} has inputs", target.name);
        for file in files {
            let input = std::fs::read(&file).expect("a file that can be read");
            bytes += input.len() as u64;
            // The name of the file is in the output of a test that fails.
            println!("{}", file.display());
            target.run(&input);
        }
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes are kept; minimise them");
}

#[test]
fn every_directory_of_inputs_has_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in std::fs::read_dir(corpus).expect("the directory is there") {
        let name = entry.expect("a directory that can be read").file_name();
        let name = name.to_string_lossy();
        assert!(
            ottla_fuzz::Target::find(&name).is_some(),
            "no target is called {name}"
        );
    }
}
