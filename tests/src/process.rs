//! Processes that run beside a test and never outlive it.
//!
//! Each has a watcher: a shell that waits on a pipe from this process. When the pipe closes without a word,
//! because this process was killed or left without dropping a static, the watcher kills the process that it
//! watches. This needs no parent-death signal, which exists on Linux only and follows threads.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::wait::{wait_for, wait_until};

/// `$0` is the process, `$1` a directory to remove when nobody else can any more.
const WATCH: &str =
    "trap '' INT TERM HUP; read -r word || { kill -KILL \"$0\"; [ -z \"$1\" ] || rm -rf \"$1\"; }";

/// A running process, killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    watcher: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` with both outputs appended to the file `log`. When this process dies, the directory
    /// `rubbish` goes too.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[track_caller]
    pub fn start(name: &str, command: &mut Command, log: &Path, rubbish: Option<&Path>) -> Self {
        Self::launch(name, command.stdin(Stdio::null()), log, rubbish)
    }

    /// As [`Process::start`], for a program that reads what [`Process::type_line`] writes.
    ///
    /// # Panics
    /// When the program cannot be started.
    #[track_caller]
    pub fn start_at_keyboard(name: &str, command: &mut Command, log: &Path) -> Self {
        Self::launch(name, command.stdin(Stdio::piped()), log, None)
    }

    #[track_caller]
    fn launch(name: &str, command: &mut Command, log: &Path, rubbish: Option<&Path>) -> Self {
        let open = || File::options().create(true).append(true).open(log);
        let out = open().unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let err = open().unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let child = command.stdout(out).stderr(err).spawn();
        let child = child.unwrap_or_else(|error| panic!("{name}: {:?}: {error}", command.get_program()));
        let watcher = watch(child.id(), rubbish);
        Self {
            name: name.to_owned(),
            child,
            watcher,
            log: log.to_owned(),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        // An error means that it ended by itself, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGSTOP: it keeps its sockets and answers nothing.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// SIGCONT, after [`Process::pause`].
    ///
    /// # Panics
    /// When it does not run.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// SIGTERM: asks it to end.
    ///
    /// # Panics
    /// When it does not run.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// SIGINT, as Ctrl-C does.
    ///
    /// # Panics
    /// When it does not run.
    pub fn interrupt(&self) {
        self.signal("INT");
    }

    /// Writes a line to its standard input.
    ///
    /// # Panics
    /// When it reads no more, or was not started by [`Process::start_at_keyboard`].
    #[track_caller]
    pub fn type_line(&mut self, line: &str) {
        let input = self
            .child
            .stdin
            .as_mut()
            .expect("started at a keyboard, and not at its end");
        let written = writeln!(input, "{line}").and_then(|()| input.flush());
        written.unwrap_or_else(|error| panic!("{}: {line:?}: {error}", self.name));
    }

    /// Closes its standard input.
    pub fn end_input(&mut self) {
        self.child.stdin = None;
    }

    /// Waits until it ended by itself.
    ///
    /// # Panics
    /// After `limit`.
    #[track_caller]
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let name = self.name.clone();
        wait_for(&format!("{name} to end"), limit, || {
            self.child.try_wait().ok().flatten()
        })
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        self.log_from(0)
    }

    /// What it has printed after byte `from`.
    pub fn log_from(&self, from: u64) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.log).and_then(|mut file| {
            file.seek(SeekFrom::Start(from))?;
            file.read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("({}: {error})", self.log.display()),
        }
    }

    /// Waits for a line that contains `needle` and returns it.
    ///
    /// # Panics
    /// After `limit`, or when the process ends first; the message has the end of its log.
    #[track_caller]
    pub fn wait_for_line(&mut self, needle: &str, limit: Duration) -> String {
        let what = format!("{} to print `{needle}` (log: {})", self.name, self.log.display());
        wait_for(&what, limit, || {
            let running = self.is_running();
            let log = self.log();
            let line = log
                .split_inclusive('\n')
                .find(|line| line.ends_with('\n') && line.contains(needle));
            if line.is_none() && !running {
                let lines: Vec<&str> = log.lines().collect();
                let end = lines[lines.len().saturating_sub(30)..].join("\n");
                panic!("{} ended without printing `{needle}`:\n{end}", self.name);
            }
            line.map(|line| line.trim_end().to_owned())
        })
    }

    fn signal(&self, signal: &str) {
        let script = format!("kill -{signal} {}", self.pid());
        let status = Command::new("sh")
            .args(["-c", &script])
            .stderr(Stdio::null())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{}: `{script}` failed",
            self.name
        );
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        dismiss(&mut self.watcher);
    }
}

/// Starts the watcher of the process `pid`.
pub(crate) fn watch(pid: u32, rubbish: Option<&Path>) -> Child {
    Command::new("sh")
        .args(["-c", WATCH, &pid.to_string()])
        .arg(rubbish.unwrap_or(Path::new("")))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("sh: {error}"))
}

/// Tells a watcher that the process which it watches has ended.
pub(crate) fn dismiss(watcher: &mut Child) {
    if let Some(mut pipe) = watcher.stdin.take() {
        // A watcher that somebody killed needs no word.
        let _ = pipe.write_all(b"done\n");
    }
    let _ = watcher.wait();
}

/// Waits until no process `pid` is left.
///
/// # Panics
/// After `limit`.
#[track_caller]
pub fn wait_until_gone(pid: u32, limit: Duration) {
    wait_until(&format!("process {pid} to be gone"), limit, || {
        let probe = Command::new("sh")
            .args(["-c", &format!("kill -0 {pid}")])
            .stderr(Stdio::null())
            .status();
        probe.is_ok_and(|status| !status.success())
    });
}

#[cfg(test)]
mod tests {
    use super::{Process, wait_until_gone};
    use crate::places::run_dir;
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn a_dropped_process_is_gone_and_its_log_remains() {
        let log = run_dir("process").join("log");
        let mut process = Process::start(
            "shell",
            Command::new("sh").args(["-c", "echo up; read x <&2"]),
            &log,
            None,
        );
        let pid = process.pid();
        assert_eq!(process.wait_for_line("up", LIMIT), "up");
        drop(process);
        wait_until_gone(pid, LIMIT);
        assert_eq!(std::fs::read_to_string(log).unwrap(), "up\n");
    }

    #[test]
    fn a_watched_process_dies_when_its_owners_pipe_closes() {
        let mut victim = Command::new("tail").args(["-f", "/dev/null"]).spawn().unwrap();
        let mut watcher = super::watch(victim.id(), None);
        // What the system does to the pipe when its owner dies.
        drop(watcher.stdin.take());
        let status = victim.wait().unwrap();
        assert!(!status.success());
        watcher.wait().unwrap();
    }

    #[test]
    fn a_dismissed_watcher_harms_nobody() {
        let mut bystander = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut watcher = super::watch(bystander.id(), None);
        super::dismiss(&mut watcher);
        assert!(
            bystander.try_wait().unwrap().is_none(),
            "killed by a watcher that was told not to"
        );
        bystander.stdin.take().unwrap().write_all(b"end\n").unwrap();
        assert!(bystander.wait().unwrap().success());
    }

    #[test]
    fn a_paused_process_waits() {
        let log = run_dir("process").join("log");
        let mut process = Process::start("tail", Command::new("tail").args(["-f", "/dev/null"]), &log, None);
        process.pause();
        process.resume();
        process.terminate();
        assert!(!process.wait(LIMIT).success());
    }
}
