//! What both clusters have in common.

use std::net::SocketAddr;

use ottla_tests::dev_cluster::DevCluster;
use ottla_tests::kafka::Kafka;

/// Three brokers, with node ids from 1.
pub(crate) trait Cluster: Send {
    /// Where the nodes listen, by id.
    fn addresses(&self) -> Vec<SocketAddr>;
    /// SIGKILL.
    fn kill(&mut self, node: i32);
    /// Starts a killed node.
    fn restart(&mut self, node: i32);
}

impl Cluster for Kafka {
    fn addresses(&self) -> Vec<SocketAddr> {
        parse(self.bootstrap())
    }

    fn kill(&mut self, node: i32) {
        self.node_mut(node).kill();
    }

    fn restart(&mut self, node: i32) {
        self.node_mut(node).restart();
    }
}

impl Cluster for DevCluster {
    fn addresses(&self) -> Vec<SocketAddr> {
        parse(self.bootstrap())
    }

    fn kill(&mut self, node: i32) {
        self.command(&format!("kill {node}"));
    }

    fn restart(&mut self, node: i32) {
        self.command(&format!("restart {node}"));
    }
}

fn parse(bootstrap: &str) -> Vec<SocketAddr> {
    let addresses = bootstrap.split(',').map(str::parse);
    addresses
        .collect::<Result<_, _>>()
        .expect("both listen on loopback addresses")
}
