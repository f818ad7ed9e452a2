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
    let Some(server) = server
        .into_iter()
        .find(|name| name.starts_with("kafka_2.") && name.ends_with(".jar"))
    else {
        return Err(Failure::step(format!(
            "KAFKA_HOME: no kafka_2.*.jar in {}",
            libs.display()
        )));
    };
    Ok(Outcome::UpToDate(format!(
        "{} of KAFKA_HOME",
        server.trim_end_matches(".jar")
    )))
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
