//! The options that every command which talks to a cluster shares.

use std::path::PathBuf;

use clap::{Arg, Args};
use ottla::config::{Config, SerializerClass};
use ottla::{Builder, Producer};

use crate::exit::{Failure, Outcome};
use crate::properties;

/// Where the cluster is, and how the client is configured.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConnectionArgs {
    /// Brokers to start from: HOST:PORT,HOST:PORT.
    #[arg(long, value_name = "SERVERS", required = true)]
    pub bootstrap_server: Option<String>,
    /// A .properties file with client configuration.
    #[arg(long, value_name = "FILE")]
    pub command_config: Option<PathBuf>,
    /// One client property; may be repeated, and wins over --command-config.
    #[arg(long, value_name = "NAME=VALUE")]
    pub command_property: Vec<String>,
    /// The Origin that is shown to a bridge, as a page of that origin would show it.
    // Commands that bridges do not serve have it as well, in order to say why it is no use there.
    #[arg(long, value_name = "ORIGIN", hide = true)]
    pub origin: Option<String>,
}

/// Shows what only commands that produce have: for `mut_args` of those.
pub(crate) fn producing(arg: Arg) -> Arg {
    match arg.get_id().as_str() {
        "bootstrap_server" => arg.help(
            "Brokers to start from: HOST:PORT,HOST:PORT; or one bridge, ws://HOST[:PORT]/k/CLUSTER or wss://…",
        ),
        "origin" => arg.hide(false),
        _ => arg,
    }
}

impl ConnectionArgs {
    /// A producer with these properties and this origin. It sends bytes as they are: a serializer that would change
    /// them is refused.
    pub(crate) fn producer(&self, defaults: &[(&str, String)]) -> Result<Builder, Failure> {
        let pairs = self.properties(defaults)?;
        let mut builder = Producer::builder().set_all(pairs.clone());
        if let Some(origin) = &self.origin {
            builder = builder.origin(origin);
        }
        // What else is wrong with them is said by whoever starts the producer.
        if let Ok(config) = Config::parse(pairs.clone()) {
            check_serializer(&pairs, "key.serializer", config.key_serializer())?;
            check_serializer(&pairs, "value.serializer", config.value_serializer())?;
        }
        Ok(builder)
    }

    /// The client properties: `defaults`, then the file, then the command line, then the bootstrap servers.
    pub(crate) fn properties(&self, defaults: &[(&str, String)]) -> Result<Vec<(String, String)>, Failure> {
        let mut pairs: Vec<(String, String)> = defaults
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        if let Some(path) = &self.command_config {
            for pair in properties::file(path).map_err(Failure::usage)? {
                set(&mut pairs, pair);
            }
        }
        for argument in &self.command_property {
            set(
                &mut pairs,
                properties::pair("--command-property", argument).map_err(Failure::usage)?,
            );
        }
        if let Some(servers) = &self.bootstrap_server {
            set(&mut pairs, ("bootstrap.servers".to_owned(), servers.clone()));
        } else if pairs.iter().all(|(name, _)| name != "bootstrap.servers") {
            return Err(Failure::usage(
                "no cluster: give --bootstrap-server SERVERS, or bootstrap.servers in --command-property or \
                 --command-config",
            ));
        }
        Ok(pairs)
    }
}

fn check_serializer(pairs: &[(String, String)], name: &str, class: SerializerClass) -> Outcome {
    if matches!(class, SerializerClass::Bytes | SerializerClass::Text) {
        return Ok(());
    }
    let value = pairs.iter().find(|(it, _)| it == name);
    Err(Failure::Usage(format!(
        "{name}={}: this command sends keys and values as the bytes that they are; leave it out",
        value.map_or("", |(_, value)| value)
    )))
}

/// Sets a property; the last value wins, as in Java's `Properties`.
fn set(pairs: &mut Vec<(String, String)>, (name, value): (String, String)) {
    pairs.retain(|(existing, _)| *existing != name);
    pairs.push((name, value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(properties: &[&str]) -> ConnectionArgs {
        ConnectionArgs {
            bootstrap_server: None,
            command_config: None,
            command_property: properties.iter().map(|it| (*it).to_owned()).collect(),
            origin: None,
        }
    }

    #[test]
    fn a_serializer_that_would_have_no_effect_is_refused() {
        for class in [
            "ByteArraySerializer",
            "org.apache.kafka.common.serialization.StringSerializer",
        ] {
            let args = given(&["bootstrap.servers=b:1", &format!("key.serializer={class}")]);
            args.producer(&[]).map(drop).expect("the bytes as they are");
        }
        for name in ["key.serializer", "value.serializer"] {
            let long = format!("{name}=org.apache.kafka.common.serialization.LongSerializer");
            let refused = given(&["bootstrap.servers=b:1", &long]).producer(&[]).map(drop);
            let failure = refused.expect_err("it would change them");
            assert!(matches!(failure, Failure::Usage(_)), "{failure:?}");
            let text = failure.message();
            assert!(
                text.starts_with(&long) && text.ends_with("leave it out"),
                "{text}"
            );
        }
    }

    #[test]
    fn some_property_has_to_name_the_cluster() {
        let pairs = given(&["bootstrap.servers=b:1"]).properties(&[]).expect("named");
        assert_eq!(pairs, [("bootstrap.servers".to_owned(), "b:1".to_owned())]);
        let failure = given(&["acks=1"]).properties(&[]).expect_err("no cluster");
        assert!(
            failure.message().contains("--bootstrap-server SERVERS"),
            "{failure:?}"
        );
    }

    #[test]
    fn the_command_line_wins_over_defaults() {
        let args = ConnectionArgs {
            bootstrap_server: Some("b:1".to_owned()),
            ..given(&["linger.ms=3", "acks=1", "bootstrap.servers=b:2"])
        };
        let pairs = args
            .properties(&[("linger.ms", "9".to_owned())])
            .expect("good pairs");
        let expect = [("linger.ms", "3"), ("acks", "1"), ("bootstrap.servers", "b:1")];
        assert_eq!(pairs, expect.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}
