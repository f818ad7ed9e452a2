//! Child processes: output goes to a log file, and its end is shown when the process fails.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result, at};
use crate::tree;

/// Lines of a failed process's log that are printed.
const SHOWN_LINES: usize = 120;

/// A command to run from the checkout's root.
#[derive(Debug)]
pub(crate) struct Cmd {
    command: Command,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(tree::root()).stdin(Stdio::null());
        Self { command }
    }

    /// The cargo that started this program.
    pub(crate) fn cargo() -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    pub(crate) fn args<I: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = I>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs to the end with both outputs in `target/xtask/log/{name}.log`, and returns them.
    pub(crate) fn logged(mut self, name: &str) -> Result<String> {
        let path = log_path(name)?;
        let file = at(&path, File::create(&path))?;
        let copy = at(&path, file.try_clone())?;
        let status = self.command.stdout(file).stderr(copy).status();
        let status = status.map_err(|error| Failure::step(format!("{}: {error}", self.shown())))?;
        let log = String::from_utf8_lossy(&at(&path, std::fs::read(&path))?).into_owned();
        if status.success() {
            return Ok(log);
        }
        Err(Failure::step(format!(
            "`{}` ended with {status}; the end of {}:\n\n{}",
            self.shown(),
            tree::shown(&path),
            tail(&log),
        )))
    }

    /// What a short question answers on either output; `None` when it fails or is not there.
    pub(crate) fn answer(mut self) -> Option<String> {
        let output = self
            .command
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Some(text.trim().to_owned())
    }

    /// Becomes the command, so that Ctrl-C and exit codes are the command's own.
    #[cfg(unix)]
    pub(crate) fn hand_over(mut self) -> Result<()> {
        use std::os::unix::process::CommandExt;
        let error = self.command.stdin(Stdio::inherit()).exec();
        Err(Failure::step(format!("{}: {error}", self.shown())))
    }

    /// Runs the command on this terminal.
    #[cfg(not(unix))]
    pub(crate) fn hand_over(mut self) -> Result<()> {
        match self.command.stdin(Stdio::inherit()).status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::step(format!("`{}` ended with {status}", self.shown()))),
            Err(error) => Err(Failure::step(format!("{}: {error}", self.shown()))),
        }
    }

    fn shown(&self) -> String {
        let program = Path::new(self.command.get_program());
        let name = program
            .file_name()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned();
        let words = self
            .command
            .get_args()
            .map(|arg| arg.to_string_lossy().into_owned());
        std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
    }
}

/// The file that holds the output of the step `name`.
pub(crate) fn log_path(name: &str) -> Result<PathBuf> {
    let dir = tree::target().join("xtask/log");
    at(&dir, std::fs::create_dir_all(&dir))?;
    Ok(dir.join(format!("{name}.log")))
}

/// The last lines of a log.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

/// The first of `names` that is in `PATH`.
pub(crate) fn which(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    names.iter().find_map(|name| {
        std::env::split_paths(&path)
            .map(|dir| dir.join(name))
            .find(|file| file.is_file())
    })
}
