//! What a configuration allows, in plain words: the output of `ottla bridge check`.

use std::fmt;

use super::{Class, Cluster, Codecs, Config, Listener};

/// What a configuration allows, in plain words. Displayed as several lines of text.
#[derive(Clone, Debug)]
pub struct Report {
    lines: Vec<String>,
}

impl Report {
    pub(super) fn new(config: &Config) -> Self {
        let mut lines = vec!["Who may connect".to_owned()];
        lines.extend(config.listeners.iter().map(listener));
        lines.push("What they may publish to".to_owned());
        lines.extend(config.clusters.iter().map(cluster));
        lines.extend(FIXED_RULES.iter().map(|rule| (*rule).to_owned()));
        lines.push("Limits".to_owned());
        let limits = config.limits.describe();
        lines.extend(
            limits
                .into_iter()
                .map(|(name, value, doc)| format!("  {name} = {value}: {doc}")),
        );
        lines.push(match config.admin {
            Some(bind) => format!("Metrics and health: http://{bind}/metrics and http://{bind}/health"),
            None => "Metrics and health: off (add [admin] with bind = \"127.0.0.1:9081\")".to_owned(),
        });
        Self { lines }
    }

    /// The lines, without line ends.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }
}

/// What holds for every configuration.
const FIXED_RULES: [&str; 5] = [
    "  Requests that pass: ApiVersions (answered here), Metadata, Produce up to version 12, InitProducerId.",
    "  Everything else (reading, creating or deleting topics, groups, transactions, …) closes the connection (4403).",
    "  Topics are never created by asking for them, and clients see no broker address, rack or controller.",
    "  A forbidden topic in a Produce request is answered TOPIC_AUTHORIZATION_FAILED; the others are delivered.",
    "  There are no tokens yet: whoever reaches a listener and passes its origin rule may publish, so only loopback \
     addresses are bound.",
];

fn listener(listener: &Listener) -> String {
    let origins = listener.origins.iter().cloned().collect::<Vec<_>>().join(", ");
    let who = match listener.class {
        Class::Browser => format!("web pages of {origins}; a missing or other Origin gets 403"),
        Class::Server if origins.is_empty() => "programs that send no Origin; web pages get 403".to_owned(),
        Class::Server => {
            format!("programs that send no Origin, and web pages of {origins}; other pages get 403")
        }
    };
    let codecs = if listener.codecs == Codecs::ALL {
        String::new()
    } else {
        format!(
            "; compression only {}",
            listener.codecs.names().collect::<Vec<_>>().join(", ")
        )
    };
    format!(
        "  {} ({}): {who}{codecs}",
        listener.bind,
        class_name(listener.class)
    )
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Browser => "browser",
        Class::Server => "server",
    }
}

fn cluster(cluster: &Cluster) -> String {
    let bootstrap = cluster
        .bootstrap
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let networks = if cluster.networks.is_empty() {
        String::new()
    } else {
        let list = cluster
            .networks
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        format!("; brokers are dialled only in {list}")
    };
    format!(
        "  /k/{}/… (brokers found through {bootstrap}{networks}): {}",
        cluster.name,
        cluster.topics.describe()
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        Ok(())
    }
}
