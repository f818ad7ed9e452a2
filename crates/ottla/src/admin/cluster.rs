//! The brokers of a cluster, and what each of them speaks.

use ottla_wire::error_code::ErrorCode;

use super::{Admin, AdminError, Connection};

/// A broker as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerDescription {
    /// Node id.
    pub id: i32,
    /// The host that it advertises.
    pub host: String,
    /// The port that it advertises.
    pub port: i32,
    /// `broker.rack`, if it has one.
    pub rack: Option<String>,
}

/// An API that a broker offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedApi {
    /// Its key.
    pub key: i16,
    /// The lowest version.
    pub min_version: i16,
    /// The highest version.
    pub max_version: i16,
}

impl Admin {
    /// The brokers that are up, in the order of their ids.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub async fn brokers(&mut self) -> Result<Vec<BrokerDescription>, AdminError> {
        let metadata = self.metadata(Some(&[])).await?;
        let brokers = metadata.brokers.into_iter().map(|broker| BrokerDescription {
            id: broker.node_id,
            host: broker.host,
            port: broker.port,
            rack: broker.rack,
        });
        let mut brokers: Vec<_> = brokers.collect();
        brokers.sort_by_key(|broker| broker.id);
        Ok(brokers)
    }

    /// What one broker offers, in the order of the keys.
    ///
    /// # Errors
    /// When it is not there or does not answer.
    pub async fn offered_apis(&mut self, broker: &BrokerDescription) -> Result<Vec<OfferedApi>, AdminError> {
        let connection = self.connect_to(&broker.host, broker.port).await?;
        let mut offered: Vec<_> = connection
            .versions()
            .iter()
            .map(|&(key, min_version, max_version)| OfferedApi {
                key,
                min_version,
                max_version,
            })
            .collect();
        offered.sort_by_key(|api| api.key);
        Ok(offered)
    }

    /// A connection to the broker with this id.
    pub(super) async fn broker(&mut self, id: i32) -> Result<Connection, AdminError> {
        let brokers = self.brokers().await?;
        let Some(broker) = brokers.iter().find(|broker| broker.id == id) else {
            let up: Vec<_> = brokers.iter().map(|broker| broker.id.to_string()).collect();
            return Err(AdminError::Broker {
                code: ErrorCode::BROKER_NOT_AVAILABLE,
                message: format!(
                    "there is no broker {id}, or it is down; up are: {}",
                    up.join(", ")
                ),
            });
        };
        let (host, port) = (broker.host.clone(), broker.port);
        self.connect_to(&host, port).await
    }

    /// A connection to an address that the cluster advertises.
    pub(super) async fn connect_to(&self, host: &str, port: i32) -> Result<Connection, AdminError> {
        let port = u16::try_from(port).map_err(|_| AdminError::Address {
            address: host.to_owned(),
            why: "advertises no valid port",
        })?;
        Connection::open(host, port, &self.options).await
    }
}
