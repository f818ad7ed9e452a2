use super::*;

const GOOD: &str = r#"
[[listener]]
bind = "127.0.0.1:9080"
class = "browser"
origins = ["https://shop.example.com"]

[[cluster]]
name = "main"
bootstrap = ["127.0.0.1:9092"]
topics = ["clicks", "shop-*"]
"#;

fn errors(text: &str) -> Vec<String> {
    Config::from_toml_str(text)
        .expect_err("should be refused")
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// The only finding, which must start with this place.
fn only_error(text: &str, place: &str) -> String {
    let errors = errors(text);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(
        errors[0].starts_with(place),
        "{errors:#?} should start with {place}"
    );
    errors[0].clone()
}

#[test]
fn a_minimal_configuration_gets_the_defaults() {
    let config = Config::from_toml_str(GOOD).unwrap();
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.admin, None);
    assert!(config.clusters[0].topics.allows("shop-orders"));
    assert!(config.listeners[0].codecs.allows(4) && !config.listeners[0].codecs.allows(5));
}

#[test]
fn unknown_keys_are_refused_with_their_line() {
    let said = only_error(
        &format!("{GOOD}topcis = [\"x\"]\n"),
        "bridge.toml:11:1: unknown field `topcis`",
    );
    assert!(said.contains("correct its spelling"), "{said}");
    only_error(
        &format!("{GOOD}[limitz]\n"),
        "bridge.toml:11:2: unknown field `limitz`",
    );
    only_error(
        &format!("{GOOD}[limits]\nrequest_byte = 5\n"),
        "bridge.toml:12:1: unknown field `request_byte`",
    );
}

#[test]
fn anything_but_loopback_is_refused_because_there_are_no_tokens() {
    for bind in [
        "0.0.0.0:9080",
        "[::]:9080",
        "192.168.0.1:9080",
        "[::ffff:10.0.0.1]:9080",
    ] {
        let said = only_error(
            &GOOD.replace("127.0.0.1:9080", bind),
            "bridge.toml:3:8: listener bind",
        );
        assert!(
            said.contains("no tokens yet") && said.contains("127.0.0.1:9080"),
            "{said}"
        );
    }
    only_error(
        &format!("{GOOD}[admin]\nbind = \"0.0.0.0:9081\"\n"),
        "bridge.toml:12:8: admin bind",
    );
}

#[test]
fn a_browser_listener_needs_origins() {
    let said = only_error(
        &GOOD.replace("origins = [\"https://shop.example.com\"]", ""),
        "bridge.toml:2:1: a listener",
    );
    assert!(said.contains("needs origins"), "{said}");
    only_error(
        &GOOD.replace("https://shop.example.com", "*"),
        "bridge.toml:5:12: origin",
    );
}

#[test]
fn every_finding_is_reported_at_once() {
    let text = GOOD
        .replace("127.0.0.1:9092", "kafka")
        .replace("shop-*", "*")
        .replace("\"main\"", "\"a/b\"");
    let places: Vec<_> = errors(&text)
        .iter()
        .map(|e| e.split(": ").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        places,
        ["bridge.toml:8:8", "bridge.toml:9:14", "bridge.toml:10:21"]
    );
}

#[test]
fn broken_toml_has_its_line() {
    only_error(
        &GOOD.replace("name = \"main\"", "name = \"main"),
        "bridge.toml:8:",
    );
    only_error(
        &GOOD.replace("name = \"main\"", "name = 5"),
        "bridge.toml:8:8: invalid type",
    );
    only_error(
        &GOOD.replace("name = \"main\"", ""),
        "bridge.toml:7:1: missing field `name`",
    );
}

#[test]
fn what_is_no_table_says_so() {
    let said = only_error(&format!("admin = 3\n{GOOD}"), "bridge.toml:1:9: invalid type");
    assert!(said.contains("expected a table"), "{said}");
}

#[test]
fn limits_out_of_range_say_the_range() {
    let said = only_error(
        &format!("{GOOD}[limits]\nrequest_bytes = 9000000000\n"),
        "bridge.toml:12:17: limits.",
    );
    assert!(said.contains("from 16384 to 8388608"), "{said}");
    let said = only_error(
        &format!("{GOOD}[limits]\nin_flight = -1\n"),
        "bridge.toml:12:13: limits.in_flight = -1",
    );
    assert!(said.ends_with("write a whole number from 1 to 1000"), "{said}");
    let said = only_error(
        &format!("{GOOD}[limits]\nin_flight = \"8\"\n"),
        "bridge.toml:12:13: invalid type",
    );
    assert!(said.contains("expected a whole number"), "{said}");
}

#[test]
fn a_budget_must_hold_the_largest_message() {
    let said = only_error(
        &format!("{GOOD}[limits]\nmemory_bytes = 2000000\n"),
        "bridge.toml: limits.memory_bytes",
    );
    assert!(said.ends_with("write at least 8388608"), "{said}");
}

#[test]
fn a_missing_file_is_named() {
    let errors = Config::from_file("no/such/bridge.toml").unwrap_err();
    let said = errors.to_string();
    assert!(said.starts_with("no/such/bridge.toml: cannot be read"), "{said}");
}

#[test]
fn the_report_says_who_and_what() {
    let report = Config::from_toml_str(GOOD).unwrap().check().to_string();
    for part in [
        "127.0.0.1:9080 (browser): web pages of https://shop.example.com",
        "/k/main/",
        "clicks, every topic that begins with shop-",
        "no tokens yet",
        "request_bytes = 1064960: Longest request",
        "before anything is allocated for it.",
    ] {
        assert!(report.contains(part), "{part} in\n{report}");
    }
}

#[test]
fn the_sample_configuration_is_valid_and_shows_the_defaults() {
    let sample = include_str!("../../../../examples/bridge.toml");
    let config = Config::from_toml_str(sample).unwrap();
    assert_eq!(config.limits, Limits::default());
    for (name, _, doc) in config.limits.describe() {
        assert!(doc.ends_with('.'), "{name}: a whole sentence: {doc}");
        assert!(
            sample.contains(&format!("\n{name} = ")),
            "{name} is missing in the sample"
        );
    }
}
