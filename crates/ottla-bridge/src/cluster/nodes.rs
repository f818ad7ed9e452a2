//! What is known about the brokers of a cluster.

use std::collections::BTreeMap;

use crate::config::HostPort;

/// No cluster has more brokers than this; what is beyond is not learned.
const MAX_NODES: usize = 10_000;

/// The addresses of a cluster's brokers by node id. An address stays known when its broker leaves Metadata: it is
/// probably restarting.
#[derive(Debug, Default)]
pub(crate) struct KnownNodes {
    addresses: BTreeMap<i32, HostPort>,
    bootstrap_hosts: Vec<String>,
}

impl KnownNodes {
    pub(crate) fn new(bootstrap: &[HostPort]) -> Self {
        let bootstrap_hosts = bootstrap.iter().map(|address| address.host.clone()).collect();
        Self {
            addresses: BTreeMap::new(),
            bootstrap_hosts,
        }
    }

    /// Takes over what a broker said; an impossible port is not an address.
    pub(crate) fn learn(&mut self, node_id: i32, host: String, port: i32) {
        let Ok(port @ 1..) = u16::try_from(port) else {
            return;
        };
        if host.is_empty() || (self.addresses.len() >= MAX_NODES && !self.addresses.contains_key(&node_id)) {
            return;
        }
        self.addresses.insert(node_id, HostPort { host, port });
    }

    pub(crate) fn get(&self, node_id: i32) -> Option<&HostPort> {
        self.addresses.get(&node_id)
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = &HostPort> {
        self.addresses.values()
    }

    /// Whether a text names the host of a broker.
    pub(crate) fn mentioned_in(&self, text: &str) -> bool {
        let mut hosts = self
            .addresses
            .values()
            .map(|address| &address.host)
            .chain(&self.bootstrap_hosts);
        hosts.any(|host| text.contains(host.as_str()))
    }
}
