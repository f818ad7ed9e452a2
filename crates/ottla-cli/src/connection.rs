//! The options that every command which talks to a cluster shares.

use std::path::PathBuf;

use clap::Args;

use crate::exit::Failure;
use crate::properties;

/// Where the cluster is, and how the client is configured.
#[derive(Args, Clone, Debug)]
pub(crate) struct ConnectionArgs {
    /// Brokers to start from: HOST:PORT,HOST:PORT. Commands that produce also take one bridge address instead,
    /// ws://HOST[:PORT]/k/CLUSTER or wss://….
    #[arg(long, value_name = "SERVERS", required = true)]
    pub bootstrap_server: String,
    /// A .properties file with client configuration.
    #[arg(long, value_name = "FILE")]
    pub command_config: Option<PathBuf>,
    /// One client property; may be repeated, and wins over --command-config.
    #[arg(long, value_name = "NAME=VALUE")]
    pub command_property: Vec<String>,
    /// The Origin that is shown to a bridge, as a page of that origin would show it; for commands that produce.
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
}

impl ConnectionArgs {
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
        set(
            &mut pairs,
            ("bootstrap.servers".to_owned(), self.bootstrap_server.clone()),
        );
        Ok(pairs)
    }
}

/// Sets a property; the last value wins, as in Java's `Properties`.
fn set(pairs: &mut Vec<(String, String)>, (name, value): (String, String)) {
    pairs.retain(|(existing, _)| *existing != name);
    pairs.push((name, value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_defaults() {
        let args = ConnectionArgs {
            bootstrap_server: "b:1".to_owned(),
            command_config: None,
            command_property: vec!["linger.ms=3".to_owned(), "acks=1".to_owned()],
            origin: None,
        };
        let pairs = args
            .properties(&[("linger.ms", "9".to_owned())])
            .expect("good pairs");
        let expect = [("linger.ms", "3"), ("acks", "1"), ("bootstrap.servers", "b:1")];
        assert_eq!(pairs, expect.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}
