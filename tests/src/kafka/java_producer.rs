//! Kafka's own producer in a process of its own, which does what it is told line by line
//! (`tests/java/ProducerMetrics.java`).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Install;
use crate::places;
use crate::process::{dismiss, watch};

/// A running one; it ends when dropped.
#[derive(Debug)]
pub struct JavaProducer {
    child: Child,
    watcher: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl JavaProducer {
    /// Starts the process, whose producer waits for the order `start`. `None` without a compiler, which a Java that
    /// only runs programs does not have; that is said past the capture of the test runner.
    ///
    /// # Panics
    /// When there is no Kafka, or Java cannot be started; in CI without a compiler, too: there nothing is left out.
    pub fn launch() -> Option<Self> {
        let compiler = Command::new("javac")
            .arg("-version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !compiler.is_ok_and(|status| status.success()) {
            let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
            assert!(
                !is_ci,
                "no javac, which Kafka's own producer is compiled with: install a JDK (Debian: apt-get install -y \
                 openjdk-17-jdk-headless)"
            );
            // Whoever closed standard error does not want to know.
            let _ = writeln!(
                std::io::stderr(),
                "LEFT OUT: the comparison with Kafka's own producer (no javac: install a JDK)"
            );
            return None;
        }
        let program = places::root().join("tests/java/ProducerMetrics.java");
        let child = Install::find()
            .java(&program.display().to_string(), "error")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("java: {error}"));
        let watcher = watch(child.id(), None);
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it was piped"));
        Some(Self {
            child,
            watcher,
            orders,
            answers,
        })
    }

    /// Gives an order and returns the line that answers it.
    ///
    /// # Panics
    /// When the process has ended; it said why on standard error.
    #[track_caller]
    pub fn tell(&mut self, words: &[&str]) -> String {
        let order = words.join("\t");
        let orders = self.orders.as_mut().expect("it is open until the drop");
        let written = writeln!(orders, "{order}").and_then(|()| orders.flush());
        let mut answer = String::new();
        let read = written.and_then(|()| self.answers.read_line(&mut answer));
        assert!(
            matches!(read, Ok(1..)),
            "Kafka's producer ended at `{order}`: {read:?}; it said why above"
        );
        answer.trim_end().to_owned()
    }
}

impl Drop for JavaProducer {
    fn drop(&mut self) {
        // The end of its orders ends it; a kill would leave nothing behind either.
        self.orders = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        dismiss(&mut self.watcher);
    }
}
