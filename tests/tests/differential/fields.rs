//! An answer as fields, one path and one value each, with what depends on the cluster and the day made the same.

use std::fmt::Debug;

use super::script::Known;
use ottla_wire::primitives::Uuid;

/// Path and value.
pub(crate) type Field = (String, String);

/// Younger times than this, in milliseconds from the beginning of the test, are a broker's clock and not a script's.
const NOW_MS: i64 = 3_600_000;
/// Older numbers than this are no times of this century, but what a script made of them.
const CENTURY_MS: i64 = 946_684_800_000;

/// The fields of a message, by its `Debug` output, under `path`.
pub(crate) fn fields(path: &str, message: &dyn Debug, known: &Known) -> Vec<Field> {
    let text = format!("{message:#?}");
    flatten(path, &text)
        .into_iter()
        .map(|(path, value)| {
            let value = normal(&path, &value, known);
            (path, value)
        })
        .collect()
}

/// What encloses a line of pretty `Debug` output.
enum Around {
    Struct,
    List(usize),
    /// `Some(`, which has no name of its own.
    Wrapper,
}

fn flatten(root: &str, text: &str) -> Vec<Field> {
    let mut found = Vec::new();
    let mut stack: Vec<(Around, String)> = vec![(Around::Wrapper, root.to_owned())];
    for line in text.lines().map(str::trim) {
        if line.starts_with(['}', ']', ')']) {
            stack.pop();
            continue;
        }
        let (around, path) = stack.last_mut().expect("every closing line has an opening one");
        let (segment, rest) = match around {
            Around::Struct => {
                let (name, rest) = line.split_once(": ").unwrap_or((line, ""));
                (format!(".{name}"), rest)
            }
            Around::List(count) => {
                *count += 1;
                (format!("[{}]", *count - 1), line)
            }
            Around::Wrapper => (String::new(), line),
        };
        let path = format!("{path}{segment}").trim_start_matches('.').to_owned();
        match rest.chars().last() {
            Some('{') => stack.push((Around::Struct, path)),
            Some('[') => stack.push((Around::List(0), path)),
            Some('(') => stack.push((Around::Wrapper, path)),
            _ => found.push((path, rest.trim_end_matches(',').to_owned())),
        }
    }
    found
}

fn normal(path: &str, value: &str, known: &Known) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    match name {
        "log_append_time_ms" | "timestamp" | "base_timestamp" | "max_timestamp" => time(value, known),
        "producer_id" => producer(value, known),
        "port" => port(value, known),
        "controller_id" => {
            let is_node = known.ports.values().any(|node| node.to_string() == value);
            if is_node {
                "a node".to_owned()
            } else {
                value.to_owned()
            }
        }
        "cluster_id" | "error_message" | "batch_index_error_message" if value.starts_with('"') => {
            "a text".to_owned()
        }
        "session_id" | "finalized_features_epoch" if value.parse::<i64>().is_ok_and(|it| it > 0) => {
            "a number".to_owned()
        }
        "topic_id" => topic_id(value, known),
        _ => value.replace(&format!("\"{}-", known.scenario), "\""),
    }
}

fn time(value: &str, known: &Known) -> String {
    match value.parse::<i64>() {
        Ok(time) if time < CENTURY_MS => value.to_owned(),
        Ok(time) if (0..NOW_MS).contains(&(time - known.began)) => "the broker's clock".to_owned(),
        Ok(time) => format!("{:+} ms", time - known.began),
        Err(_) => value.to_owned(),
    }
}

fn producer(value: &str, known: &Known) -> String {
    let found = known.producers.iter().find(|(_, id)| id.to_string() == value);
    found.map_or_else(|| value.to_owned(), |(label, _)| format!("id of {label}"))
}

fn port(value: &str, known: &Known) -> String {
    let node = value.parse().ok().and_then(|port: u16| known.ports.get(&port));
    node.map_or_else(|| value.to_owned(), |node| format!("port of node {node}"))
}

fn topic_id(value: &str, known: &Known) -> String {
    if value == Uuid::ZERO.to_string() {
        return "none".to_owned();
    }
    for (name, ids) in &known.topic_ids {
        if let Some(at) = ids.iter().position(|id| id.to_string() == value) {
            let label = name.strip_prefix(&format!("{}-", known.scenario)).unwrap_or(name);
            return format!("id {} of {label}", at + 1);
        }
    }
    value.to_owned()
}
