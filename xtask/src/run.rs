//! Child processes: output goes to a log file, and its end is shown when the process fails.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result, at};
use crate::tree;

/// Lines of a failed process's log that are printed.
const SHOWN_LINES: usize = 120;
/// No build takes longer, not even on a slow machine; what does hangs.
const LONGEST: Duration = Duration::from_secs(60 * 60);

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

    pub(crate) fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs to the end with both outputs in `target/xtask/log/{name}.log`, and returns them.
    pub(crate) fn logged(self, name: &str) -> Result<String> {
        self.logged_within(name, LONGEST)
    }

    /// As [`Cmd::logged`]; kills the process and fails when it takes longer than `limit`.
    pub(crate) fn logged_within(self, name: &str, limit: Duration) -> Result<String> {
        self.watched(name, limit, &mut |_| {})
    }

    /// As [`Cmd::logged_within`], and shows each line to `watch` once it is complete.
    pub(crate) fn watched(
        mut self,
        name: &str,
        limit: Duration,
        watch: &mut dyn FnMut(&str),
    ) -> Result<String> {
        let path = log_path(name)?;
        let file = at(&path, File::create(&path))?;
        let copy = at(&path, file.try_clone())?;
        let mut lines = Lines::of(at(&path, File::open(&path))?);
        let child = self.command.stdout(file).stderr(copy).spawn();
        let mut child = child.map_err(|error| Failure::step(format!("{}: {error}", self.shown())))?;
        let status = wait(&mut child, limit, || lines.show(watch));
        lines.show(watch);
        let log = String::from_utf8_lossy(&at(&path, std::fs::read(&path))?).into_owned();
        let ended = match status {
            Some(status) if status.success() => return Ok(log),
            Some(status) => format!("ended with {status}"),
            None => format!("hung for {limit:?} and was killed"),
        };
        Err(Failure::step(format!(
            "`{}` {ended}; the end of {}:\n\n{}",
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

/// Waits for a process, and calls `meanwhile` again and again; `None` when it had to be killed.
fn wait(child: &mut Child, limit: Duration, mut meanwhile: impl FnMut()) -> Option<ExitStatus> {
    const POLL: Duration = Duration::from_millis(10);
    let start = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if start.elapsed() > limit {
            // An error means that it has just ended.
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        meanwhile();
        std::thread::sleep(POLL);
    }
}

/// The lines of a file that somebody else writes.
struct Lines {
    file: BufReader<File>,
    /// What there is of the last line.
    line: Vec<u8>,
}

impl Lines {
    fn of(file: File) -> Self {
        Self {
            file: BufReader::new(file),
            line: Vec::new(),
        }
    }

    /// Shows the lines that are complete by now. What cannot be read now is read the next time, and the whole file at
    /// the end.
    fn show(&mut self, watch: &mut dyn FnMut(&str)) {
        while self
            .file
            .read_until(b'\n', &mut self.line)
            .is_ok_and(|read| read > 0)
        {
            if self.line.ends_with(b"\n") {
                watch(String::from_utf8_lossy(&self.line).trim_end());
                self.line.clear();
            }
        }
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

#[cfg(test)]
mod tests {
    use super::Lines;
    use std::fs::File;
    use std::io::Write;

    #[test]
    fn a_line_is_shown_once_and_whole() {
        let path = std::env::temp_dir().join(format!("ottla-lines-{}", std::process::id()));
        let mut writer = File::create(&path).unwrap();
        let mut lines = Lines::of(File::open(&path).unwrap());
        let mut shown = Vec::new();
        for (text, expected) in [
            ("one\ntw", &["one"][..]),
            ("", &[]),
            ("o\n\nthree\n", &["two", "", "three"]),
        ] {
            writer.write_all(text.as_bytes()).unwrap();
            lines.show(&mut |line| shown.push(line.to_owned()));
            assert_eq!(shown, expected);
            shown.clear();
        }
        std::fs::remove_file(path).unwrap();
    }
}
