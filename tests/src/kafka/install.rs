//! Where Kafka's jars are, and how Java is called with them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::places;

/// Enough for tests; a broker uses about 200 MiB when idle.
const HEAP: &str = "-Xmx512m";

/// For KAFKA_HOME, which logs with log4j. (Maven's jars have slf4j-simple, which system properties configure.)
const LOG4J: &str = "status = error
appender.err.type = Console
appender.err.name = err
appender.err.target = SYSTEM_ERR
appender.err.layout.type = PatternLayout
appender.err.layout.pattern = [%t] %d %p %c - %m%n
rootLogger.level = ${sys:ottla.log.level}
rootLogger.appenderRef.err.ref = err
";

/// The jars of an Apache Kafka.
#[derive(Debug, Clone)]
pub struct Install {
    class_path: String,
    /// Names the release, as the server's jar does.
    pub(crate) release: String,
}

impl Install {
    /// The Kafka of `KAFKA_HOME`, else the one that xtask keeps.
    ///
    /// # Panics
    /// When there is none; the message says how to bring it.
    pub fn find() -> Self {
        static FOUND: OnceLock<Install> = OnceLock::new();
        FOUND.get_or_init(Self::look).clone()
    }

    fn look() -> Self {
        let dir = match std::env::var_os("KAFKA_HOME") {
            Some(home) => Path::new(&home).join("libs"),
            None => places::target().join("kafka/jars"),
        };
        let mut jars: Vec<PathBuf> = std::fs::read_dir(&dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "jar"))
            .collect();
        jars.sort();
        let server = jars
            .iter()
            .filter_map(|jar| jar.file_stem()?.to_str())
            .find(|name| name.starts_with("kafka_2."));
        let Some(release) = server.map(str::to_owned) else {
            panic!(
                "no Kafka in {}: run `cargo xtask setup kafka`, or set KAFKA_HOME",
                dir.display()
            );
        };
        let paths: Vec<String> = jars.iter().map(|jar| jar.display().to_string()).collect();
        Self {
            class_path: paths.join(":"),
            release,
        }
    }

    /// `java` for a class of Kafka's that should start quickly rather than run long. `level` is what it logs,
    /// on standard error.
    pub(crate) fn java(&self, class: &str, level: &str) -> Command {
        self.command(
            &["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", HEAP],
            class,
            level,
        )
    }

    /// `java` with the JVM's own choices.
    pub(crate) fn java_at_full_speed(&self, class: &str, level: &str) -> Command {
        self.command(&["-Xmx1g"], class, level)
    }

    fn command(&self, options: &[&str], class: &str, level: &str) -> Command {
        let mut command = Command::new("java");
        command
            .args(options)
            .arg(format!("-Dorg.slf4j.simpleLogger.defaultLogLevel={level}"))
            .arg("-Dorg.slf4j.simpleLogger.showDateTime=true")
            .arg(format!("-Dottla.log.level={level}"))
            .arg(format!("-Dlog4j2.configurationFile={}", log4j_file().display()))
            .args(["-cp", &self.class_path, class]);
        command
    }
}

fn log4j_file() -> PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let file = places::run_dir("log4j").join("log4j2.properties");
        std::fs::write(&file, LOG4J).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        file
    });
    file.clone()
}
