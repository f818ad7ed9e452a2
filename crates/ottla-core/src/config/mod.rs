//! The configuration: Kafka's own option names, checked as a whole.
//!
//! Every option is one line of a table ([`table`]): name, kind, default, range, documentation. All mistakes are
//! collected before anything is refused, and nothing is silently ignored: a name that is not in the table is an
//! error, a value that was adjusted is a [`Notice`].
//!
//! ```
//! use ottla_core::config::Config;
//!
//! let config = Config::parse([("bootstrap.servers", "b1:9092,b2:9092"), ("linger.ms", "20")]).unwrap();
//! assert_eq!(config.linger().as_millis(), 20);
//!
//! let errors = Config::parse([("bootstrap.servers", "b1:9092"), ("lingerms", "20")]).unwrap_err();
//! assert_eq!(errors[0].to_string(), "unknown option lingerms: did you mean linger.ms?");
//! ```

mod address;
mod check;
mod error;
mod getters;
mod names;
#[cfg(feature = "sasl")]
mod security;
mod table;
#[cfg(test)]
mod tests;
mod value;

use alloc::{format, string::String, vec, vec::Vec};

pub use error::{ConfigError, Notice};
pub use getters::{Acks, Ambiguity, Compression, PartitionerClass, RecoveryStrategy, SerializerClass};
#[cfg(feature = "sasl")]
pub use security::{KeyStore, Pem, SecurityProtocol, TlsOptions, TlsVersion, TokenSource};
pub use table::{Importance, Kind, OptionDoc};

use names::Stranger;
use table::{NAMES, Name, TABLE};
use value::Value;

/// Where the producer runs; some defaults and possibilities differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// A native process: TCP and WebSocket.
    #[default]
    Native,
    /// A web page or its worker: WebSocket only, little memory.
    Browser,
    /// An isolate of an edge runtime: TCP or WebSocket, little memory.
    Edge,
}

/// A complete, checked configuration. Absent options have their defaults.
#[derive(Clone, Debug)]
pub struct Config {
    platform: Platform,
    values: Vec<Value>,
    // Which options the caller gave: some checks are stricter about those.
    set: Vec<bool>,
    notices: Vec<Notice>,
}

/// All options, for documentation and `--help`.
pub fn table() -> &'static [OptionDoc] {
    TABLE
}

impl Config {
    /// Reads a native process's configuration from names and values.
    ///
    /// # Errors
    /// Every mistake that is in it, one line each.
    pub fn parse<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self, Vec<ConfigError>>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        Self::parse_for(Platform::Native, pairs)
    }

    /// Reads a configuration for a platform.
    ///
    /// # Errors
    /// Every mistake that is in it, one line each.
    pub fn parse_for<N, V>(
        platform: Platform,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Vec<ConfigError>>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let mut given: Vec<Option<Value>> = vec![None; TABLE.len()];
        let mut config = Self {
            platform,
            values: Vec::new(),
            set: vec![false; TABLE.len()],
            notices: Vec::new(),
        };
        let mut errors = Vec::new();
        for (name, text) in pairs {
            if let Err(error) = config.take(&mut given, name.as_ref(), text.as_ref()) {
                errors.push(error);
            }
        }
        for ((option, key), given) in TABLE.iter().zip(NAMES).zip(given) {
            // An option that was given and is wrong has its error already; the default only fills the gap.
            let value = given.unwrap_or_else(|| match option.default_on(platform) {
                Some(text) => {
                    value::parse(option, *key, text, platform).unwrap_or(Value::Text(String::new()))
                }
                None => Value::Servers(Vec::new()),
            });
            config.values.push(value);
        }
        if !config.set[Name::BootstrapServers as usize] {
            let example = if platform == Platform::Browser {
                "wss://host/k/CLUSTER"
            } else {
                "host1:9092,host2:9092"
            };
            errors.push(ConfigError::Missing {
                name: "bootstrap.servers",
                example,
            });
        }
        if errors.is_empty() {
            check::all(&mut config, &mut errors);
        }
        if errors.is_empty() {
            Ok(config)
        } else {
            Err(errors)
        }
    }

    /// librdkafka's names of some options are taken for Kafka's.
    #[cfg(feature = "sasl")]
    fn kafkas_name<'a>(&mut self, name: &'a str) -> &'a str {
        let Some(kafkas) = names::synonym(name) else {
            return name;
        };
        let message = format!("{name} is librdkafka's name of this option, and is taken for it");
        self.notices.push(Notice::new(kafkas, message));
        kafkas
    }

    fn take(&mut self, given: &mut [Option<Value>], name: &str, text: &str) -> Result<(), ConfigError> {
        let name = name.trim();
        #[cfg(feature = "sasl")]
        let name = self.kafkas_name(name);
        if mutant!(TransactionsIgnored) && name == "transactional.id" {
            return Ok(());
        }
        let Some(index) = TABLE.iter().position(|option| option.name == name) else {
            return Err(match names::explain(name) {
                Stranger::Replaced(instead) => ConfigError::Removed {
                    name: name.into(),
                    instead,
                },
                Stranger::Unsupported(why) => ConfigError::Unsupported {
                    name: name.into(),
                    why,
                },
                Stranger::Unknown(suggestion) => ConfigError::Unknown {
                    name: name.into(),
                    suggestion,
                },
            });
        };
        let repeated = core::mem::replace(&mut self.set[index], true);
        let parsed = value::parse(&TABLE[index], NAMES[index], text, self.platform)?;
        if repeated && given[index].as_ref() != Some(&parsed) {
            self.notices.push(Notice::new(
                TABLE[index].name,
                match TABLE[index].kind {
                    Kind::Password => "given more than once; the last value is used".into(),
                    _ => format!("given more than once; the last value is used: {text}"),
                },
            ));
        }
        given[index] = Some(parsed);
        Ok(())
    }

    /// What was adjusted, and what is unusual; one line each.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The platform that it was read for.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// All effective values as text, in the order of the table.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, String)> {
        TABLE.iter().map(|option| (option.name, self.shown(option.name)))
    }
}
