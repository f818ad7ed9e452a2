//! Apache Kafka: `KAFKA_HOME`, or the jars of Maven's repository kept under `target/kafka/jars`.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result, at};
use crate::run::Cmd;
use crate::stamp::Stamp;
use crate::steps::{Outcome, step, system};
use crate::tree;

/// The release that everything is tested with.
pub(crate) const VERSION: &str = "4.3.0";

/// The broker, the console tools with DumpLogSegments and ProducerPerformance, and a logger for both.
const ARTIFACTS: [(&str, &str, &str); 3] = [
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.slf4j", "slf4j-simple", "1.7.36"),
];

/// Makes sure that there is a Kafka to start.
pub(crate) fn jars() -> Result<()> {
    step(&format!("Apache Kafka {VERSION}"), || {
        system::JDK.require()?;
        if let Some(home) = std::env::var_os("KAFKA_HOME") {
            return from_home(Path::new(&home));
        }
        let jars = jar_dir();
        let stamp = stamp();
        if stamp.is_fresh() {
            return Ok(Outcome::UpToDate(tree::shown(&jars)));
        }
        system::MAVEN.require().map_err(|failure| {
            Failure::step(format!(
                "{}\n  or run without any Kafka: cargo xtask test --without-kafka",
                failure.message()
            ))
        })?;
        fetch(&jars)?;
        stamp.leave()?;
        let count = at(&jars, std::fs::read_dir(&jars))?.count();
        Ok(Outcome::Done(format!("{count} jars into {}", tree::shown(&jars))))
    })
}

/// Where `jars` keeps them; the test harness looks at the same place.
pub(crate) fn jar_dir() -> PathBuf {
    tree::target().join("kafka/jars")
}

/// Whether a Kafka is there already, and which.
pub(crate) fn found() -> Option<String> {
    if let Some(home) = std::env::var_os("KAFKA_HOME") {
        return from_home(Path::new(&home))
            .ok()
            .map(|_| format!("KAFKA_HOME {}", Path::new(&home).display()));
    }
    stamp().is_fresh().then(|| tree::shown(&jar_dir()))
}

fn stamp() -> Stamp {
    let inputs = format!("{ARTIFACTS:?}");
    Stamp::new(jar_dir().join(".ottla-stamp")).text(&inputs)
}

fn from_home(home: &Path) -> Result<Outcome> {
    let libs = home.join("libs");
    let names = std::fs::read_dir(&libs).map_err(|error| {
        Failure::step(format!(
            "KAFKA_HOME: {}: {error}; it must name an unpacked Kafka, or be unset",
            libs.display()
        ))
    })?;
    let server = names
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let Some(server) = server.into_iter().find_map(|name| server_version(&name)) else {
        return Err(Failure::step(format!(
            "KAFKA_HOME: no kafka_2.*.jar in {}; it must name an unpacked Kafka, or be unset",
            libs.display()
        )));
    };
    if !is_wanted(&server) {
        return Err(Failure::step(format!(
            "KAFKA_HOME: {} is Kafka {server}, and the tests are about {VERSION}; name a Kafka {}, or unset KAFKA_HOME",
            home.display(),
            minor(VERSION),
        )));
    }
    Ok(Outcome::UpToDate(format!("Kafka {server} of KAFKA_HOME")))
}

/// The version of the broker's jar, as in kafka_2.13-4.3.0.jar; `None` for any other file, such as
/// kafka_2.13-4.3.0-javadoc.jar.
fn server_version(name: &str) -> Option<String> {
    let (_, version) = name
        .strip_prefix("kafka_2.")?
        .strip_suffix(".jar")?
        .split_once('-')?;
    let is_number = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_number.then(|| version.to_owned())
}

/// Corrections of a release do not change what the tests look at.
fn is_wanted(version: &str) -> bool {
    minor(version) == minor(VERSION)
}

fn minor(version: &str) -> &str {
    version
        .match_indices('.')
        .nth(1)
        .map_or(version, |(at, _)| &version[..at])
}

fn fetch(jars: &Path) -> Result<()> {
    let dir = tree::target().join("kafka");
    at(&dir, std::fs::create_dir_all(&dir))?;
    if jars.is_dir() {
        at(jars, std::fs::remove_dir_all(jars))?;
    }
    let pom = dir.join("pom.xml");
    at(&pom, std::fs::write(&pom, pom_text()))?;
    let destination = format!("-DoutputDirectory={}", jars.display());
    Cmd::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(&pom)
        .args(["dependency:copy-dependencies", &destination])
        .logged("maven")?;
    Ok(())
}

fn pom_text() -> String {
    let dependencies: String = ARTIFACTS
        .iter()
        .map(|(group, artifact, version)| {
            format!(
                "    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>\n"
            )
        })
        .collect();
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n  \
         <groupId>ottla</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>\n  \
         <dependencies>\n{dependencies}  </dependencies>\n</project>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{from_home, server_version};

    #[test]
    fn only_the_brokers_jar_tells_the_version() {
        assert_eq!(server_version("kafka_2.13-4.3.1.jar").as_deref(), Some("4.3.1"));
        for other in [
            "kafka_2.13-4.3.0-javadoc.jar",
            "kafka-clients-4.3.0.jar",
            "kafka_2.13-4.3.0.txt",
        ] {
            assert_eq!(server_version(other), None, "{other}");
        }
    }

    #[test]
    fn another_kafka_in_kafka_home_is_refused_with_its_version() {
        let home = std::env::temp_dir().join(format!("ottla-kafka-home-{}", std::process::id()));
        let libs = home.join("libs");
        for (jar, good) in [
            ("kafka_2.13-4.3.2.jar", true),
            ("kafka_2.13-3.9.0.jar", false),
            ("kafka_2.13-4.30.0.jar", false),
        ] {
            std::fs::create_dir_all(&libs).unwrap();
            std::fs::write(libs.join(jar), "").unwrap();
            let found = from_home(&home);
            assert_eq!(found.is_ok(), good, "{jar}");
            if let Err(failure) = found {
                assert!(failure.message().contains("4.3.0"), "{failure:?}");
            }
            std::fs::remove_dir_all(&home).unwrap();
        }
    }
}
