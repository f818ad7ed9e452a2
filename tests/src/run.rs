//! Programs that run to their end while a test waits.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::process::{dismiss, watch};
use crate::wait::poll_for;

/// A program with its arguments, its input and a limit in time.
#[derive(Debug)]
pub struct Run {
    command: Command,
    input: Vec<u8>,
    limit: Duration,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    shown: String,
}

impl Run {
    /// A program with no arguments, no input and one minute.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self::from_command(Command::new(program))
    }

    /// A prepared command, with no input and one minute.
    pub fn from_command(command: Command) -> Self {
        Self {
            command,
            input: Vec::new(),
            limit: Duration::from_secs(60),
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<I: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = I>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// How long it may take.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it, whatever its exit code.
    ///
    /// # Panics
    /// When it cannot be started, or does not end within the limit.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let shown = self.shown();
        let child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{shown}: {error}"));
        let mut watcher = watch(child.id(), None);
        let mut stdin = child.stdin.take().expect("it was piped");
        let input = self.input;
        // A program may end before it has read everything; its exit code is then what counts.
        let writer = thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = thread::spawn(drain(child.stdout.take().expect("it was piped")));
        let stderr = thread::spawn(drain(child.stderr.take().expect("it was piped")));
        let status = poll_for(self.limit, || {
            child.try_wait().expect("nobody else waits for this child")
        });
        let _ = child.kill();
        let _ = child.wait();
        dismiss(&mut watcher);
        let collect = |thread: thread::JoinHandle<Vec<u8>>| thread.join().expect("reading does not panic");
        drop(writer.join());
        let (stdout, stderr) = (collect(stdout), collect(stderr));
        match status {
            Some(status) => Finished {
                code: status.code(),
                stdout,
                stderr,
                shown,
            },
            None => panic!(
                "{shown}: did not end within {:?}\nstdout: {}\nstderr: {}",
                self.limit,
                String::from_utf8_lossy(&stdout),
                String::from_utf8_lossy(&stderr)
            ),
        }
    }

    /// Runs it and expects exit code 0.
    ///
    /// # Panics
    /// As [`Run::finish`], and on any other exit code, with both outputs.
    #[track_caller]
    pub fn ok(self) -> Finished {
        let finished = self.finish();
        assert_eq!(finished.code, Some(0), "{finished}");
        finished
    }

    fn shown(&self) -> String {
        let program = Path::new(self.command.get_program());
        let name = program
            .file_name()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned();
        // A class path is longer than all the rest and says nothing.
        let words = self
            .command
            .get_args()
            .map(|arg| arg.to_string_lossy())
            .filter(|arg| arg.len() < 1000);
        std::iter::once(name.into())
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Finished {
    /// Standard output as text; what is not UTF-8 shows as U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The lines of standard output.
    pub fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, shown, .. } = self;
        write!(
            f,
            "`{shown}` ended with {code:?}\nstdout: {}\nstderr: {}",
            self.text(),
            self.errors()
        )
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> impl FnOnce() -> Vec<u8> + Send {
    move || {
        let mut bytes = Vec::new();
        // What came before an error is still worth showing.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Run;
    use std::time::Duration;

    #[test]
    fn input_goes_in_and_both_outputs_and_the_code_come_out() {
        let finished = Run::new("sh")
            .args(["-c", "cat; echo oops >&2; exit 3"])
            .input("hello")
            .finish();
        assert_eq!(
            (finished.code, finished.text(), finished.errors()),
            (Some(3), "hello".into(), "oops\n".into())
        );
    }

    #[test]
    #[should_panic(expected = "did not end within")]
    fn a_program_that_hangs_is_ended() {
        Run::new("tail")
            .args(["-f", "/dev/null"])
            .limit(Duration::from_millis(50))
            .finish();
    }

    #[test]
    #[should_panic(expected = "ended with Some(1)")]
    fn a_failure_is_shown() {
        Run::new("false").ok();
    }
}
