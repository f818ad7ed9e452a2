//! What a command line needs besides producing: topics, configurations, brokers, and reading partitions
//! ([`crate::reader`]). Native, sequential, small; a service that administers a cluster wants more than this.

mod cluster;
mod configs;
mod connection;
mod describe;
#[cfg(feature = "sasl")]
mod login;
mod topics;

use std::fmt;
use std::time::Duration;

use ottla_core::config::{Config, ConfigError};
use ottla_wire::error_code::ErrorCode;
use ottla_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};

use crate::rt::tokio::Network;

pub use cluster::{BrokerDescription, OfferedApi};
pub use configs::{ConfigChange, ConfigEntry, ConfigResource, ConfigSource};
pub(crate) use connection::Connection;
pub use describe::{PartitionDescription, TopicDescription};
pub use topics::NewTopic;

/// Why an administrative call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminError {
    /// None of the addresses answered as a broker.
    NoCluster {
        /// The addresses that were tried.
        tried: String,
        /// What went wrong with the last one.
        last: String,
    },
    /// An address is not one.
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The broker answered with an error.
    Broker {
        /// Kafka's name of it.
        code: ErrorCode,
        /// What it was about, and the broker's own words if it sent any.
        message: String,
    },
    /// The broker does not speak a version of this API that ottla knows.
    Unsupported {
        /// Kafka's name of the API.
        api: &'static str,
    },
    /// The broker does not let this client in, or is not trusted. Trying again does not help.
    Refused {
        /// The broker's address.
        address: String,
        /// Kafka's name of the error, or a name in that style (`SSL_AUTHENTICATION_FAILED`).
        code: &'static str,
        /// Why, and what to do.
        why: String,
    },
    /// The connection was lost, or what came over it was not the protocol.
    Connection {
        /// The broker's address.
        address: String,
        /// What happened.
        why: String,
    },
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCluster { tried, last } => {
                write!(
                    f,
                    "no broker at {tried} ({last}); start Kafka, or give another --bootstrap-server"
                )
            }
            Self::Address { address, why } => write!(f, "bootstrap server {address:?}: {why}"),
            Self::Broker { code, message } => write!(f, "{}: {message}", code.name()),
            Self::Unsupported { api } => {
                write!(
                    f,
                    "the broker does not support {api} in a version that ottla knows; it is too old or no Kafka"
                )
            }
            Self::Refused { address, code, why } => write!(f, "{code}: {address}: {why}"),
            Self::Connection { address, why } => write!(f, "connection to {address}: {why}"),
        }
    }
}

impl std::error::Error for AdminError {}

/// How to reach the cluster.
#[derive(Clone, Debug)]
pub struct AdminOptions {
    /// Comma-separated `host:port`.
    pub bootstrap_servers: String,
    /// `client.id`.
    pub client_id: String,
    /// How long one connection attempt or one request may take.
    pub request_timeout: Duration,
    pub(crate) network: Network,
    #[cfg(feature = "sasl")]
    credentials: Option<ottla_core::sasl::Credentials>,
}

impl AdminOptions {
    /// The usual timeouts.
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            client_id: "ottla".to_owned(),
            request_timeout: Duration::from_secs(30),
            network: Network::default(),
            #[cfg(feature = "sasl")]
            credentials: None,
        }
    }

    /// With the addresses, timeouts, certificates and logins of a configuration.
    ///
    /// # Errors
    /// The option whose file cannot be used.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let servers = config.bootstrap_servers().iter().map(ToString::to_string);
        let mut options = Self {
            request_timeout: config.request_timeout(),
            network: Network::new(config)?,
            #[cfg(feature = "sasl")]
            credentials: config.credentials(),
            ..Self::new(servers.collect::<Vec<_>>().join(","))
        };
        #[cfg(feature = "sasl")]
        options.network.set_token_callback(None)?;
        if !config.client_id().is_empty() {
            config.client_id().clone_into(&mut options.client_id);
        }
        Ok(options)
    }

    #[cfg(feature = "sasl")]
    fn session(&self) -> Option<login::Session> {
        let credentials = self.credentials.clone()?;
        Some(login::Session::new(credentials, self.network.clone()))
    }
}

/// A connection to some broker of a cluster.
pub struct Admin {
    options: AdminOptions,
    connection: Connection,
}

impl Admin {
    /// Connects to the first bootstrap server that answers.
    pub async fn connect(options: AdminOptions) -> Result<Self, AdminError> {
        let mut last = String::from("none given");
        let tried = options.bootstrap_servers.clone();
        for address in tried.split(',').map(str::trim).filter(|a| !a.is_empty()) {
            let (host, port) = split_address(address)?;
            match Connection::open(&host, port, &options).await {
                Ok(connection) => return Ok(Self { options, connection }),
                Err(AdminError::Connection { why, .. }) => last = why,
                Err(other) => return Err(other),
            }
        }
        Err(AdminError::NoCluster { tried, last })
    }

    /// Metadata of these topics, or of all.
    pub(crate) async fn metadata(
        &mut self,
        topics: Option<&[String]>,
    ) -> Result<MetadataResponse, AdminError> {
        let request = MetadataRequest {
            topics: topics.map(|names| {
                names
                    .iter()
                    .map(|name| MetadataRequestTopic {
                        name: Some(name.clone()),
                        ..Default::default()
                    })
                    .collect()
            }),
            allow_auto_topic_creation: false,
            ..Default::default()
        };
        self.connection.call(&request).await
    }

    /// Opens a connection to the leader of a partition.
    pub(crate) async fn leader_of(&mut self, topic: &str, partition: i32) -> Result<Connection, AdminError> {
        let metadata = self.metadata(Some(&[topic.to_owned()])).await?;
        let found = metadata.topics.first().ok_or_else(|| unknown(topic))?;
        check(found.error_code, || format!("topic {topic}"))?;
        let leader = found
            .partitions
            .iter()
            .find(|p| p.partition_index == partition)
            .ok_or_else(|| AdminError::Broker {
                code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                message: format!(
                    "{topic} has {} partitions, there is no {partition}",
                    found.partitions.len()
                ),
            })?
            .leader_id;
        let broker = metadata
            .brokers
            .iter()
            .find(|b| b.node_id == leader)
            .ok_or_else(|| AdminError::Broker {
                code: ErrorCode::LEADER_NOT_AVAILABLE,
                message: format!("{topic}-{partition} has no leader now"),
            })?;
        self.connect_to(&broker.host, broker.port).await
    }
}

fn unknown(topic: &str) -> AdminError {
    AdminError::Broker {
        code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        message: format!(
            "topic {topic} does not exist; create it with `ottla topics --create --topic {topic}`"
        ),
    }
}

pub(crate) fn check(code: ErrorCode, about: impl FnOnce() -> String) -> Result<(), AdminError> {
    if code.is_ok() {
        Ok(())
    } else {
        Err(AdminError::Broker {
            code,
            message: about(),
        })
    }
}

fn split_address(address: &str) -> Result<(String, u16), AdminError> {
    let fault = |why| AdminError::Address {
        address: address.to_owned(),
        why,
    };
    if address.contains("://") {
        return Err(fault(
            "a bridge lets clients produce and nothing else; give a broker's host:port for this command",
        ));
    }
    let (host, port) = address
        .rsplit_once(':')
        .ok_or_else(|| fault("must be host:port"))?;
    let host = host
        .strip_prefix('[')
        .and_then(|h| h.strip_suffix(']'))
        .unwrap_or(host);
    let port = port
        .parse()
        .map_err(|_| fault("the port must be a number from 1 to 65535"))?;
    if host.is_empty() || port == 0 {
        Err(fault("must be host:port"))
    } else {
        Ok((host.to_owned(), port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(split_address("b:9092"), Ok(("b".to_owned(), 9092)));
        assert_eq!(split_address("[::1]:9092"), Ok(("::1".to_owned(), 9092)));
        for bad in ["b", "b:0", "b:x", ":1", "ws://b:1/k/main"] {
            assert!(split_address(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn nobody_at_the_address_says_so() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        drop(listener);
        let error = Admin::connect(AdminOptions::new(format!("127.0.0.1:{port}")))
            .await
            .err()
            .expect("nobody");
        assert!(matches!(&error, AdminError::NoCluster { .. }), "{error}");
        assert!(
            error.to_string().contains(&format!("127.0.0.1:{port}")),
            "{error}"
        );
    }
}
