//! What cargo built, from the JSON lines that it prints about it.

use std::path::{Path, PathBuf};

use crate::json::text;

/// An executable of `cargo test --no-run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// The target's name: of a test file, a library, a binary.
    pub(crate) name: String,
    /// The directory of its package.
    pub(crate) package: PathBuf,
    pub(crate) executable: PathBuf,
    /// False for a plain binary.
    pub(crate) is_test: bool,
}

/// All executables in the output of a cargo that ran with `--message-format=json-render-diagnostics`.
pub(crate) fn executables(output: &str) -> Vec<Artifact> {
    output
        .lines()
        .filter(|line| line.starts_with("{\"reason\":\"compiler-artifact\""))
        .filter_map(parse)
        .collect()
}

fn parse(line: &str) -> Option<Artifact> {
    let executable = PathBuf::from(text(line, "executable")?);
    let manifest = PathBuf::from(text(line, "manifest_path")?);
    let (_, target) = line.split_once("\"target\":{")?;
    let (_, profile) = line.split_once("\"profile\":{")?;
    let profile = profile.split('}').next()?;
    Some(Artifact {
        name: text(target, "name")?,
        package: manifest.parent().map(Path::to_owned)?,
        executable,
        is_test: profile.contains("\"test\":true"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Artifact, executables};

    #[test]
    fn only_executables_are_listed_and_tests_are_told_from_binaries() {
        let line = |executable: &str, test: bool| {
            format!(
                "{{\"reason\":\"compiler-artifact\",\"package_id\":\"p\",\"manifest_path\":\"/c/crates/x/Cargo.toml\",\
                 \"target\":{{\"kind\":[\"test\"],\"crate_types\":[\"bin\"],\"name\":\"kafka_x\",\"test\":true}},\
                 \"profile\":{{\"opt_level\":\"0\",\"test\":{test}}},\"features\":[],\"filenames\":[],\
                 \"executable\":{executable},\"fresh\":true}}\n"
            )
        };
        let output = format!(
            "   Compiling x\n{}{}{}",
            line("null", false),
            line("\"/t/debug/deps/a b\\\\c\"", true),
            line("\"/t/debug/x\"", false)
        );
        let artifact = |executable: &str, is_test| Artifact {
            name: "kafka_x".into(),
            package: "/c/crates/x".into(),
            executable: executable.into(),
            is_test,
        };
        assert_eq!(
            executables(&output),
            [
                artifact("/t/debug/deps/a b\\c", true),
                artifact("/t/debug/x", false)
            ]
        );
    }
}
