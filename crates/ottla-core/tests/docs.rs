//! The pages of options, errors, semantics and metrics say what the tables say. `OTTLA_WRITE_DOCS=1 cargo test -p ottla-core
//! --test docs` writes them anew.
#![cfg(feature = "docs")]

#[path = "semantics/metrics_table.rs"]
mod metrics_table;
#[path = "semantics/table.rs"]
mod table;

use std::fmt::Write;
use std::path::Path;

use ottla_core::config::{self, Importance, Kind, OptionDoc, Platform};
use ottla_core::delivery::Persisted;
use ottla_core::error::{self, Action};

fn compare(file: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(file);
    if std::env::var_os("OTTLA_WRITE_DOCS").is_some() {
        std::fs::write(&path, page).expect("docs can be written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/{file} is not what the table says; write it anew with OTTLA_WRITE_DOCS=1"
    );
}

fn range(kind: Kind) -> String {
    let limits = |min: i64, max: i64, unit: &str| match max {
        i64::MAX => format!("{unit}, from {min}"),
        _ => format!("{unit}, {min} to {max}"),
    };
    match kind {
        Kind::Millis(min, max) => limits(min, max, "milliseconds"),
        Kind::Bytes(min, max) => limits(min, max, "bytes"),
        Kind::Int(min, max) => limits(min, max, "number"),
        Kind::SpecialOrInt(special, min, max) => format!("number, {special} or {min} to {max}"),
        Kind::SpecialOrBytes(special, min, max) => format!("bytes, {special} or {min} to {max}"),
        Kind::Bool => "true, false".to_owned(),
        Kind::Choice(words) => words
            .iter()
            .map(|word| if word.is_empty() { "empty" } else { word })
            .collect::<Vec<_>>()
            .join(", "),
        Kind::Text => "text".to_owned(),
        Kind::Password => "text, never shown".to_owned(),
        Kind::Servers => "addresses".to_owned(),
    }
}

fn default(option: &OptionDoc) -> String {
    let shown = |text: &str| {
        if text.is_empty() {
            "empty".to_owned()
        } else {
            format!("`{text}`")
        }
    };
    let native = option
        .default_on(Platform::Native)
        .map_or("required".to_owned(), shown);
    match option.small_default {
        Some(small) => format!("{native}; in pages and edge isolates `{small}`"),
        None => native,
    }
}

#[test]
fn options() {
    let mut page = String::from(
        "# Options\n\nKafka's names, with the defaults of Kafka 4. Unknown names are errors, and whatever is adjusted is \
         a notice.\nWritten from the table in `crates/ottla-core/src/config/table.rs`.\n\n\
         | option | default | values | importance | |\n|---|---|---|---|---|\n",
    );
    for option in config::table() {
        let importance = match option.importance {
            Importance::High => "high",
            Importance::Medium => "medium",
            Importance::Low => "low",
        };
        let only = if option.native_only {
            " Native processes only."
        } else {
            ""
        };
        let (name, values) = (option.name, range(option.kind));
        writeln!(
            page,
            "| `{name}` | {} | {values} | {importance} | {}{only} |",
            default(option),
            option.doc
        )
        .expect("a string takes everything");
    }
    compare("options.md", &page);
}

#[test]
fn errors() {
    let mut page = String::from(
        "# Errors of brokers\n\nWhat a broker may answer to a producer, and what the producer does. *In the log* is what \
         can be said when that answer was the last word.\nWritten from the table in \
         `crates/ottla-core/src/error/broker.rs`.\n\n\
         | code | name | retried | asks for metadata | in the log | what happens | what it means |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for row in error::table() {
        let log = match row.persisted {
            Persisted::No => "no",
            Persisted::Possibly => "possibly",
            Persisted::Yes => "yes",
        };
        let action = match row.action {
            Action::Succeed => "counts as delivered, offset unknown",
            Action::Retry => "sent again after a pause",
            Action::RetryAtLeader => "sent again, at once when a new leader is known",
            Action::Split => "split and sent again; a batch of one record fails",
            Action::ResolveSequence => "sent again, under a new epoch if it was next",
            Action::ResolveProducer => {
                "sent again, under a new epoch once the broker says where its log begins"
            }
            Action::Fail => "fails",
            // The right can be granted while the producer lives.
            Action::Fatal if row.name == "CLUSTER_AUTHORIZATION_FAILED" => {
                "fails with all that waits; later records try again"
            }
            Action::Fatal => "fails, and the producer cannot go on",
        };
        let mark = |yes: bool| if yes { "yes" } else { "no" };
        let (retried, metadata) = (mark(row.retriable), mark(row.refresh_metadata));
        let (code, name, advice) = (row.code, row.name, row.advice);
        writeln!(
            page,
            "| {code} | `{name}` | {retried} | {metadata} | {log} | {action} | {advice} |"
        )
        .expect("a string takes everything");
    }
    page.push_str(
        "\n# Errors that the client finds\n\n\
         | name | what it means |\n|---|---|\n\
         | `BUFFER_EXHAUSTED` | `buffer.memory` is full, and stayed so for `max.block.ms` when the sender waited; nothing was sent |\n\
         | `MAX_BLOCK_TIMEOUT` | no broker told of the topic or partition within `max.block.ms`; nothing was sent |\n\
         | `NO_BROKER` | not one address of the cluster answered within `max.block.ms`; nothing was sent |\n\
         | `DELIVERY_TIMEOUT` | `delivery.timeout.ms` ran out; look at `persisted` before sending the record again |\n\
         | `SASL_AUTHENTICATION_FAILED`, `UNSUPPORTED_SASL_MECHANISM`, `ILLEGAL_SASL_STATE` | the broker refused the login, or does not take it on that listener; records fail at once, and each new one tries again |\n\
         | `SSL_AUTHENTICATION_FAILED` | the broker's certificate, or the client's, was refused; records fail at once, and each new one tries again |\n\
         | `RECORD_TOO_LARGE` | the record is larger than `max.request.size` or `buffer.memory` |\n\
         | `INVALID_TOPIC_EXCEPTION`, `INVALID_PARTITION`, `INVALID_TIMESTAMP` | the record can never be sent like this; a partition that does not exist may be the answer of the application's partitioner |\n\
         | `INVALID_RECORD` | an interceptor of the application refused the record, or in JavaScript it is no record at all; nothing was sent |\n\
         | `BATCH_REFUSED` | the broker refused other records of the same batch; nothing is wrong with this one, send it again |\n\
         | `SERIALIZATION` | a serializer of the client refused the value |\n\
         | `CLOSED` | the producer was closed before the record was delivered, or before it was sent |\n",
    );
    compare("errors.md", &page);
}

/// The file of a test and the name that it has there.
fn located(test: &str) -> (std::path::PathBuf, &str) {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (tests, test) = match test.strip_prefix("ottla-wire::") {
        Some(test) => (core.join("../ottla-wire/tests"), test),
        None => (core.join("tests"), test),
    };
    let (file, name) = test.rsplit_once("::").expect("file::name");
    (tests.join(file.replace("::", "/")).with_extension("rs"), name)
}

fn check_test(test: &str) {
    let (file, name) = located(test);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let is_test = text.contains(&format!("#[test]\nfn {name}() {{"));
    assert!(
        is_test,
        "{} has no test {name}, which the table names",
        file.display()
    );
}

#[test]
fn semantics() {
    let mut page = String::from(
        "# Semantics\n\nWhat a Kafka producer does, and the tests that fail when this one does not. Names of tests are \
         `file::name` below\n`crates/ottla-core/tests`; they drive the real producer, with answers encoded as a broker \
         encodes them. Those\nbehind `ottla-wire::` are below `crates/ottla-wire/tests` and take the bytes apart.\n\
         Written from the table in `crates/ottla-core/tests/semantics/table.rs`.\n",
    );
    let mut count = 0;
    for heading in table::HEADINGS {
        let name = heading.name;
        write!(
            page,
            "\n## {name}\n\n| | behaviour | source | tests |\n|---|---|---|---|\n"
        )
        .expect("a string takes everything");
        for row in heading.rows {
            count += 1;
            assert_eq!(row.number, count, "rows are numbered through");
            row.tests.iter().for_each(|test| check_test(test));
            let tests: Vec<String> = row.tests.iter().map(|test| format!("`{test}`")).collect();
            let tests = match &*tests {
                [] => "not built into the core yet".to_owned(),
                tests => tests.join(" "),
            };
            let (number, behaviour, source) = (row.number, row.behaviour, row.source);
            writeln!(page, "| {number} | {behaviour} | {source} | {tests} |")
                .expect("a string takes everything");
        }
    }
    assert_eq!(count, 57);
    let codes = "semantics::errors::every_code_is_treated_as_kafkas_client_treats_it";
    check_test(codes);
    writeln!(
        page,
        "\nEvery error code of a Produce answer ([errors](errors.md)): `{codes}`."
    )
    .expect("a string takes everything");
    compare("semantics.md", &page);
}

#[test]
fn metrics() {
    let mut page = String::from(
        "# Metrics\n\nKafka's names and meanings, from `Producer::kafka_metrics`. Averages, maxima and rates are those of the \
         last minute (two windows of\n30 s), totals count from the start; an average of nothing is not a number.\nWritten \
         from `crates/ottla-core/tests/semantics/metrics_table.rs`.\n",
    );
    let groups = [
        (
            "producer-metrics: the whole producer",
            &[metrics_table::PRODUCER, metrics_table::TRAFFIC][..],
        ),
        (
            "producer-node-metrics: each broker, tagged `node-` and its id",
            &[metrics_table::TRAFFIC],
        ),
        (
            "producer-topic-metrics: each topic, tagged with its name",
            &[metrics_table::TOPIC],
        ),
    ];
    for (title, tables) in groups {
        write!(page, "\n## {title}\n\n| metric | |\n|---|---|\n").expect("a string takes everything");
        for (name, text) in tables.concat() {
            writeln!(page, "| `{name}` | {text} |").expect("a string takes everything");
        }
    }
    page.push_str(
        "\n## Not there\n\n`select-*` and `io-*` measure a loop that this producer does not have; `waiting-threads` would \
         count threads.\n`txn-*` belongs to transactions. `successful-authentication-no-reauth-total` counts logins to \
         brokers before Kafka 2.2.\n\n## As in Java\n\n`tests/tests/kafka_metrics.rs` does the same work with this \
         producer and with Kafka's own and compares names, totals and averages;\n`cargo xtask prove times` also the \
         times, which are within 5 %.\nThree differences remain. The connection to a bootstrap address, `node--1` in \
         Java, is no node here: its traffic counts for the\nwhole producer only, and it is closed once the brokers are \
         connected themselves (`connection-count`, `connection-close-total`).\nA record larger than `batch.size` does \
         not linger (`record-queue-time-*`). What compressed bytes are counted depends on the\ncompressor, by a \
         thousandth with lz4.\n",
    );
    compare("metrics.md", &page);
}
