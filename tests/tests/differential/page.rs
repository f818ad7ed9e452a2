//! `docs/differential.md`.

use std::fmt::Write;

use super::play::Played;
use super::script::Scenario;

/// A field that the clusters do not agree on.
#[derive(Debug)]
pub(crate) struct Difference {
    pub(crate) step: String,
    pub(crate) path: String,
    pub(crate) kafka: String,
    pub(crate) simulated: String,
}

/// A scenario, played on both.
#[derive(Debug)]
pub(crate) struct Compared<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) kafka: Vec<Played>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) fields: usize,
}

/// Compares what two clusters did, field by field.
pub(crate) fn compare<'a>(scenario: &'a Scenario, kafka: Vec<Played>, simulated: &[Played]) -> Compared<'a> {
    let mut differences = Vec::new();
    let mut fields = 0;
    let steps = kafka.len().max(simulated.len());
    for step in 0..steps {
        let (one, other) = (kafka.get(step), simulated.get(step));
        let title = one.or(other).map_or("", |played| &played.title);
        let values = |played: Option<&Played>| -> std::collections::BTreeMap<String, String> {
            played
                .map(|it| it.fields.iter().cloned().collect())
                .unwrap_or_default()
        };
        let (one, other) = (values(one), values(other));
        let paths: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
        fields += paths.len();
        for path in paths {
            let shown = |values: &std::collections::BTreeMap<String, String>| {
                values
                    .get(path)
                    .map_or("(no such field)", String::as_str)
                    .to_owned()
            };
            if one.get(path) != other.get(path) {
                differences.push(Difference {
                    step: format!("{}. {title}", step + 1),
                    path: path.clone(),
                    kafka: shown(&one),
                    simulated: shown(&other),
                });
            }
        }
    }
    Compared {
        scenario,
        kafka,
        differences,
        fields,
    }
}

/// The page.
pub(crate) fn write(all: &[Compared<'_>]) -> String {
    let agreed = all.iter().filter(|it| it.differences.is_empty()).count();
    let mut page = format!(
        "# The simulated cluster beside Apache Kafka\n\nWritten by `OTTLA_WRITE_DOCS=1 cargo test -p ottla-tests --test \
         kafka_differential`, which plays every\nscenario of `tests/tests/differential/scenarios/` on three brokers of Apache \
         Kafka 4.3 and on three of\n`ottla dev-cluster`, over plain sockets and with the same bytes, and compares the answers field by \
         field. At the end of\neach scenario every partition is read back (ListOffsets, Fetch), so that the logs are compared, \
         too.\n\n**{} scenarios, {agreed} agree in every field.**\n\n\
         Not compared: the words of error messages (whether there is a message is), the order of topics, partitions and\n\
         brokers in answers, and what must differ: ports, topic ids, producer ids and times of day count as equal when they stand for\n\
         the same thing.\n\n| scenario | what is done | Kafka's answers | fields | |\n|---|---|---|---|---|\n",
        all.len()
    );
    for it in all {
        let asked = it
            .kafka
            .iter()
            .filter(|played| !played.title.starts_with("log of "));
        let gists: Vec<&str> = asked.map(|played| played.gist.as_str()).collect();
        let result = if it.differences.is_empty() {
            "agrees"
        } else {
            "**differs**"
        };
        let (name, what) = (it.scenario.name, it.scenario.what);
        let line = format!(
            "| {name} | {what} | {} | {} | {result} |",
            shorten(&gists),
            it.fields
        );
        writeln!(page, "{line}").expect("a string takes everything");
    }
    page.push_str("\n## Where they differ, and why\n");
    for it in all.iter().filter(|it| !it.differences.is_empty()) {
        write_differences(&mut page, it);
    }
    page
}

fn write_differences(page: &mut String, it: &Compared<'_>) {
    const SHOWN: usize = 6;
    let why = it.scenario.differs.unwrap_or("not explained");
    write!(
        page,
        "\n### {}\n\n{why}\n\n| step | field | Kafka | simulated |\n|---|---|---|---|\n",
        it.scenario.name
    )
    .expect("a string takes everything");
    for difference in it.differences.iter().take(SHOWN) {
        let Difference {
            step,
            path,
            kafka,
            simulated,
        } = difference;
        writeln!(page, "| {step} | `{path}` | {kafka} | {simulated} |").expect("a string takes everything");
    }
    if it.differences.len() > SHOWN {
        page.push_str("\nMore fields of the same kind differ.\n");
    }
}

/// Equal neighbours once, with their number.
fn shorten(gists: &[&str]) -> String {
    let mut runs: Vec<(&str, usize)> = Vec::new();
    for gist in gists {
        match runs.last_mut() {
            Some((last, count)) if last == gist => *count += 1,
            _ => runs.push((gist, 1)),
        }
    }
    let words: Vec<String> = runs
        .iter()
        .map(|(gist, count)| {
            if *count > 1 {
                format!("{gist} ({count} times)")
            } else {
                (*gist).to_owned()
            }
        })
        .collect();
    words.join("; ")
}
