//! The examples do before a real Kafka what they say. The workers run in `kafka_edge`.

use std::collections::BTreeMap;

use ottla_tests::cli::ottla;
use ottla_tests::kafka::Kafka;
use ottla_tests::kcat;
use ottla_tests::places::{example, npm_package, root, run_dir};
use ottla_tests::run::{Finished, Run};

/// Runs an example of a package with its two arguments, bootstrap address and topic.
fn run(package: &str, name: &str, topic: &str, input: &str) -> Finished {
    let kafka = Kafka::shared();
    kafka.tools().create_topic(topic, 2, &[]);
    Run::new(example(package, name))
        .args([kafka.bootstrap(), topic])
        .input(input)
        .ok()
}

/// The values in a topic by key, null as `-`, in the order of the log.
fn values(topic: &str) -> BTreeMap<String, Vec<String>> {
    let text =
        |data: Option<Vec<u8>>| data.map_or("-".to_owned(), |data| String::from_utf8_lossy(&data).into());
    let mut values = BTreeMap::<_, Vec<_>>::new();
    for record in kcat::records(Kafka::shared().bootstrap(), topic) {
        values
            .entry(text(record.key))
            .or_default()
            .push(text(record.value));
    }
    values
}

fn numbered(what: &str, numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(|number| format!("{what} {number}")).collect()
}

#[test]
fn send_styles() {
    let topic = Kafka::topic_name("send-styles");
    let finished = run("ottla", "send_styles", &topic, "");
    let mut values = values(&topic);
    let mut unkeyed = values.remove("-").expect("two of the styles send no key");
    unkeyed.sort_unstable();
    let mut expected = [numbered("forgotten", 0..10), numbered("called back", 0..10)].concat();
    expected.sort_unstable();
    assert_eq!(unkeyed, expected);
    for customer in 0..3 {
        let key = format!("customer-{customer}");
        let expected = numbered("awaited", (customer..10).step_by(3));
        assert_eq!(values.remove(&key), Some(expected), "{key}");
    }
    let printed = finished.text();
    assert_eq!(printed.matches(" at offset ").count(), 20, "{printed}");
}

#[test]
fn blocking() {
    let topic = Kafka::topic_name("blocking");
    let finished = run("ottla", "blocking", &topic, "");
    let values = values(&topic);
    assert_eq!(values.keys().collect::<Vec<_>>(), ["kim", "lee", "max"]);
    for (key, values) in values {
        assert_eq!(values, numbered("value", 0..10), "{key}");
    }
    assert_eq!(finished.lines().len(), 30, "{finished}");
}

#[test]
fn std_tcp() {
    let topic = Kafka::topic_name("std-tcp");
    let lines = numbered("line", 0..5_000);
    let finished = run("ottla-core", "std_tcp", &topic, &(lines.join("\n") + "\n"));
    let mut read = values(&topic).remove("-").expect("lines have no key");
    read.sort_unstable_by_key(|line| line[5..].parse::<u32>().ok());
    assert_eq!(read, lines);
    let reported: usize = finished
        .lines()
        .iter()
        .filter_map(|line| line.split(' ').next()?.parse::<usize>().ok())
        .sum();
    assert_eq!(reported, lines.len(), "{finished}");
}

/// A TypeScript example, compiled as its first lines say and run as a user's own project would run it.
fn run_typescript(name: &str, topic: &str) -> Finished {
    let kafka = Kafka::shared();
    kafka.tools().create_topic(topic, 2, &[]);
    let project = root().join("examples/typescript");
    let out = run_dir(name);
    let modules = out.join("node_modules");
    std::fs::create_dir_all(&modules).expect("a new directory");
    std::os::unix::fs::symlink(npm_package(), modules.join("ottla")).expect("a new link");
    std::fs::copy(project.join("package.json"), out.join("package.json")).expect("it is there");
    Run::new(root().join("node_modules/.bin/tsc"))
        .args([
            "--project".as_ref(),
            project.as_os_str(),
            "--outDir".as_ref(),
            out.as_os_str(),
        ])
        .ok();
    Run::new("node")
        .args([format!("{name}.js").as_str(), kafka.bootstrap(), topic])
        .dir(&out)
        .ok()
}

/// Partition by key of what `key_length` said.
fn placed(finished: &Finished) -> Vec<(String, String)> {
    let pair = |line: &String| {
        line.split_once(": partition ")
            .map(|(key, to)| (key.into(), to.into()))
    };
    finished.lines().iter().filter_map(pair).collect()
}

#[test]
fn key_length() {
    for language in ["rust", "typescript"] {
        let topic = Kafka::topic_name(&format!("key-length-{language}"));
        let finished = match language {
            "rust" => run("ottla", "key_length", &topic, ""),
            _ => run_typescript("key-length", &topic),
        };
        let expected = [
            ("a", "1"),
            ("bb", "0"),
            ("ccc", "1"),
            ("ä", "0"),
            ("no key", "0"),
            ("no key", "1"),
        ];
        let expected = expected.map(|(key, to)| (key.to_owned(), to.to_owned()));
        assert_eq!(placed(&finished), expected, "{language}: {finished}");
        for record in kcat::records(Kafka::shared().bootstrap(), &topic) {
            let key = record.key.map(|key| key.len() % 2);
            assert!(
                key.is_none_or(|length| length as i64 == record.partition),
                "{language}"
            );
        }
    }
}

#[test]
fn provenance() {
    for language in ["rust", "typescript"] {
        let topic = Kafka::topic_name(&format!("provenance-{language}"));
        let finished = match language {
            "rust" => run("ottla", "provenance", &topic, ""),
            _ => run_typescript("provenance", &topic),
        };
        let said = finished.text();
        assert!(
            said.contains("2 delivered, 1 failed") && said.contains("refused: records of topic"),
            "{finished}"
        );
        let headers = kcat::headers(Kafka::shared().bootstrap(), &topic);
        let mut headers: Vec<_> = headers.into_values().collect();
        headers.sort_by_key(Vec::len);
        let expected = [
            vec!["provenance", "shop 1.2"],
            vec!["provenance", "till 7", "provenance", "shop 1.2"],
        ];
        assert_eq!(headers, expected, "{language}");
    }
}

#[test]
fn typed_topic() {
    for language in ["rust", "typescript"] {
        let topic = Kafka::topic_name(&format!("typed-topic-{language}"));
        let finished = match language {
            "rust" => run("ottla", "typed_topic", &topic, ""),
            _ => run_typescript("typed-topic", &topic),
        };
        assert_eq!(finished.lines(), ["said at offset 0"], "{language}");
        let values = values(&topic);
        assert_eq!(values["kim"], [r#"{"from":"kim","text":"hi"}"#], "{language}");
        assert_eq!(values["visits"], ["\0\0\0\0\0\0\0\u{7}", "-"], "{language}");
    }
}

#[test]
fn the_bridge_configuration_says_what_it_allows() {
    let checked = ottla(&["bridge", "check"])
        .args([root().join("examples/bridge.toml")])
        .ok();
    let said = checked.text();
    for part in [
        "127.0.0.1:9080",
        "http://localhost:8080",
        "clicks",
        "begins with demo-",
        "127.0.0.1:9081",
    ] {
        assert!(said.contains(part), "no {part} in:\n{said}");
    }
}
