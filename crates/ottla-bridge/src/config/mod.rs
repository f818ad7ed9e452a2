//! The configuration: TOML, unknown keys refused, everything that is unsafe refused with what to do instead.

mod address;
mod error;
mod limits;
mod origin;
mod report;
mod topics;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

pub use address::{HostPort, Network};
pub use error::{ConfigError, ConfigErrors};
pub use limits::Limits;
pub use report::Report;
pub use topics::TopicRules;

use error::Problem;
pub(crate) use topics::is_legal_name;

/// A checked configuration. See `examples/bridge.toml` for all keys with their meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where WebSockets are accepted; never empty.
    pub listeners: Vec<Listener>,
    /// The clusters that a client may name in its path; never empty.
    pub clusters: Vec<Cluster>,
    /// Every bound, with the defaults filled in.
    pub limits: Limits,
    /// Where `/metrics` and `/health` are served, if at all.
    pub admin: Option<SocketAddr>,
}

/// An address on which WebSockets are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// A loopback address; port 0 lets the system choose.
    pub bind: SocketAddr,
    /// Who is expected there.
    pub class: Class,
    /// The origins that are allowed, compared exactly. Class `browser`: never empty. Class `server`: usually empty.
    pub origins: BTreeSet<String>,
    /// The compression types that batches may have.
    pub codecs: Codecs,
}

/// Who is expected on a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Web pages: a request must carry one of the listed origins. The stricter class is the default.
    #[default]
    Browser,
    /// Programs and edge workers, which send no `Origin`. A request that carries one comes from a page and is
    /// refused unless it is listed.
    Server,
}

/// A set of compression types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codecs(u8);

impl Codecs {
    /// The names of Kafka's `compression.type`, at the index that is the codec's number in a batch header.
    const NAMES: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
    /// Every codec that Kafka has.
    pub const ALL: Self = Self(0b1_1111);

    fn parse(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .position(|known| *known == name)
            .map(|index| Self(1 << index))
    }

    /// Whether a batch whose header carries this codec number may pass.
    pub fn allows(self, number: u8) -> bool {
        number < 8 && self.0 & (1 << number) != 0
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        (0_u8..)
            .zip(Self::NAMES)
            .filter(move |(number, _)| self.allows(*number))
            .map(|(_, name)| name)
    }
}

/// A Kafka cluster behind the bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its name in the path `/k/{name}/…`.
    pub name: String,
    /// Where brokers are asked for the addresses of all brokers; never empty.
    pub bootstrap: Vec<HostPort>,
    /// What clients may publish to.
    pub topics: TopicRules,
    /// If not empty, brokers are dialled only in these networks, whatever Metadata and DNS say.
    pub networks: Vec<Network>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct RawConfig {
    #[serde(default)]
    listener: Vec<Spanned<RawListener>>,
    #[serde(default)]
    cluster: Vec<Spanned<RawCluster>>,
    #[serde(default)]
    limits: limits::RawLimits,
    admin: Option<RawAdmin>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct RawListener {
    bind: Spanned<String>,
    #[serde(default)]
    class: Class,
    #[serde(default)]
    origins: Vec<Spanned<String>>,
    codecs: Option<Vec<Spanned<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct RawCluster {
    name: Spanned<String>,
    bootstrap: Spanned<Vec<Spanned<String>>>,
    topics: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    networks: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct RawAdmin {
    bind: Spanned<String>,
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line and with what to do.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigErrors> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|why| ConfigErrors(vec![ConfigError::unreadable(path, &why)]))?;
        Self::parse(&text, path)
    }

    /// Checks a configuration that is already in memory; findings are reported as of `bridge.toml`.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line and with what to do.
    pub fn from_toml_str(text: &str) -> Result<Self, ConfigErrors> {
        Self::parse(text, Path::new("bridge.toml"))
    }

    /// What this configuration lets clients do, in plain words.
    pub fn check(&self) -> Report {
        Report::new(self)
    }

    fn parse(text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let config = match toml::from_str::<RawConfig>(text) {
            Ok(raw) => Some(raw.validate(&mut problems)),
            Err(error) => {
                problems.push(syntax_problem(&error));
                None
            }
        };
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigErrors(
                problems.into_iter().map(|p| p.locate(text, file)).collect(),
            )),
        }
    }
}

fn syntax_problem(error: &toml::de::Error) -> Problem {
    let said = error.message().trim();
    let advice = if said.starts_with("unknown field") {
        "; remove it or correct its spelling (unknown keys are refused so that a typing error cannot weaken a rule)"
    } else if said.starts_with("missing field") {
        "; add it (examples/bridge.toml shows every key)"
    } else {
        "; see examples/bridge.toml"
    };
    // What serde calls it is a type of Rust.
    let said = said
        .replace('\n', " ")
        .replace("expected i64", "expected a whole number");
    let message = format!("{said}{advice}");
    match error.span() {
        Some(span) => Problem::at(span, message),
        None => Problem::nowhere(message),
    }
}

impl RawConfig {
    fn validate(self, problems: &mut Vec<Problem>) -> Config {
        if self.listener.is_empty() {
            problems.push(Problem::nowhere(
                "there is no [[listener]]; add one with bind = \"127.0.0.1:9080\" and class = \"browser\" or \"server\"",
            ));
        }
        if self.cluster.is_empty() {
            problems.push(Problem::nowhere(
                "there is no [[cluster]]; add one with name, bootstrap and topics, such as name = \"main\", \
                 bootstrap = [\"127.0.0.1:9092\"], topics = [\"clicks\"]",
            ));
        }
        let mut names = BTreeSet::new();
        Config {
            listeners: self
                .listener
                .into_iter()
                .filter_map(|raw| validate_listener(raw, problems))
                .collect(),
            clusters: self
                .cluster
                .into_iter()
                .map(|raw| validate_cluster(raw, &mut names, problems))
                .collect(),
            limits: self.limits.validate(problems),
            admin: self
                .admin
                .and_then(|admin| validate_bind(&admin.bind, "admin", problems)),
        }
    }
}

fn validate_listener(raw: Spanned<RawListener>, problems: &mut Vec<Problem>) -> Option<Listener> {
    let span = raw.span();
    let raw = raw.into_inner();
    if raw.class == Class::Browser && raw.origins.is_empty() {
        problems.push(Problem::at(
            span,
            "a listener of class \"browser\" needs origins = [\"https://…\"]: without them any page in the world \
             could publish through its visitors; name your pages, or use class = \"server\" for programs",
        ));
    }
    let mut origins = BTreeSet::new();
    for origin in raw.origins {
        match origin::validate(origin.get_ref()) {
            Ok(()) => drop(origins.insert(origin.into_inner())),
            Err(why) => problems.push(Problem::at(origin.span(), why)),
        }
    }
    let codecs = match raw.codecs {
        None => Codecs::ALL,
        Some(list) => list
            .into_iter()
            .fold(Codecs(0), |set, name| match Codecs::parse(name.get_ref()) {
                Some(codec) => Codecs(set.0 | codec.0),
                None => {
                    let why = format!(
                        "compression {:?} does not exist; use some of {}",
                        name.get_ref(),
                        Codecs::NAMES.join(", ")
                    );
                    problems.push(Problem::at(name.span(), why));
                    set
                }
            }),
    };
    let bind = validate_bind(&raw.bind, "listener", problems)?;
    Some(Listener {
        bind,
        class: raw.class,
        origins,
        codecs,
    })
}

fn validate_bind(bind: &Spanned<String>, what: &str, problems: &mut Vec<Problem>) -> Option<SocketAddr> {
    let Ok(address) = bind.get_ref().parse::<SocketAddr>() else {
        let why = format!(
            "{what} bind {:?} is not an IP address with a port; write \"127.0.0.1:9080\" (port 0: the system chooses)",
            bind.get_ref()
        );
        problems.push(Problem::at(bind.span(), why));
        return None;
    };
    if !address.ip().is_loopback() {
        let why = if what == "admin" {
            format!(
                "admin bind {address} is not loopback; metrics tell about your traffic: bind \"127.0.0.1:{}\" \
                     and let your own collector fetch them there",
                address.port()
            )
        } else {
            format!(
                "listener bind {address} is refused: this bridge has no tokens yet, so whoever reaches it may \
                     publish; bind \"127.0.0.1:{}\" or \"[::1]:{}\"",
                address.port(),
                address.port()
            )
        };
        problems.push(Problem::at(bind.span(), why));
    }
    Some(address)
}

fn validate_cluster(
    raw: Spanned<RawCluster>,
    names: &mut BTreeSet<String>,
    problems: &mut Vec<Problem>,
) -> Cluster {
    let raw = raw.into_inner();
    let name = raw.name.get_ref().clone();
    let name_is_plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if name.is_empty() || name.len() > 64 || !name_is_plain {
        let why =
            format!("cluster name {name:?} is part of a URL; use up to 64 letters, digits, '-' and '_'");
        problems.push(Problem::at(raw.name.span(), why));
    } else if !names.insert(name.clone()) {
        let why = format!("there are two clusters named {name:?}; rename one");
        problems.push(Problem::at(raw.name.span(), why));
    }
    if raw.bootstrap.get_ref().is_empty() {
        let why = format!("cluster {name:?} has no bootstrap broker; add one, such as \"127.0.0.1:9092\"");
        problems.push(Problem::at(raw.bootstrap.span(), why));
    }
    let bootstrap = collect(raw.bootstrap.into_inner(), HostPort::parse, problems);
    let networks = collect(raw.networks, Network::parse, problems);
    let mut topics = TopicRules::default();
    let topics_span = raw.topics.span();
    for rule in raw.topics.into_inner() {
        if let Err(why) = topics.add(rule.get_ref()) {
            problems.push(Problem::at(rule.span(), why));
        }
    }
    if topics.is_empty() && problems.is_empty() {
        let why = format!(
            "cluster {name:?} allows no topic, so nobody could publish; name topics, or prefixes such as \"shop-*\""
        );
        problems.push(Problem::at(topics_span, why));
    }
    Cluster {
        name,
        bootstrap,
        topics,
        networks,
    }
}

fn collect<T>(
    raw: Vec<Spanned<String>>,
    parse: impl Fn(&str) -> Result<T, String>,
    problems: &mut Vec<Problem>,
) -> Vec<T> {
    let mut values = Vec::with_capacity(raw.len());
    for text in raw {
        match parse(text.get_ref()) {
            Ok(value) => values.push(value),
            Err(why) => problems.push(Problem::at(text.span(), why)),
        }
    }
    values
}

#[cfg(test)]
mod tests;
