//! One WebSocket and its broker connection, from the upgrade to the end.
//!
//! Nothing is queued but what is counted: a direction reads only when what it read before has been written, so a peer
//! that does not read stops the other one through TCP itself.

mod closing;
mod downlink;
mod line;
mod oversized;
mod uplink;

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::budget::Reserved;
use crate::close::{Close, CloseCode};
use crate::cluster::{Dialled, Directory, Target};
use crate::config::Listener;
use crate::gateway::Gateway;
use crate::policy::{ApiTable, Expect, Rules};
use crate::ws::Incoming;
use closing::Outgoing;
use downlink::Downlink;
use line::Line;
use uplink::Uplink;

/// Who is connected to whom, by which rules.
pub(crate) struct Session {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) listener: Arc<Listener>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) target: Target,
}

/// An answer that the client waits for, in the order of its requests.
#[derive(Debug)]
enum Pending {
    /// The bridge's own; large ones hold bytes of the budget.
    Answer(bytes::Bytes, Reserved),
    /// The broker's; what the bridge adds to it may hold bytes of the budget as well.
    Broker(Expect, Reserved),
}

/// Why a session ends.
#[derive(Debug)]
enum End {
    /// The client sent a Close frame.
    ClientClosed,
    /// The client's socket ended without one.
    ClientGone,
    /// The broker closed its connection.
    BrokerClosed,
    /// The bridge shuts down and every answer has been given.
    Drained,
    /// The bridge ends it.
    Close(Close),
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl Session {
    fn rules<'a>(&'a self, apis: &'a ApiTable) -> Rules<'a> {
        Rules {
            topics: &self.directory.cluster().topics,
            codecs: self.listener.codecs,
            limits: &self.gateway.limits,
            apis,
        }
    }

    /// Serves an upgraded connection until it ends. `already_read` are bytes that came after the upgrade request.
    pub(crate) async fn run(self, mut client: TcpStream, already_read: &[u8]) {
        let mut outgoing = Outgoing::default();
        let incoming = Incoming::new(already_read);
        let (end, broker) = match self.directory.dial(self.target).await {
            Ok(Dialled { mut stream, apis }) => {
                let end = self
                    .relay(&mut client, incoming, &mut stream, &mut outgoing, &apis)
                    .await;
                (end, Some(stream))
            }
            Err(close) => {
                self.gateway.metrics.dial_failures.inc();
                (End::Close(close), None)
            }
        };
        let close = self.close_for(&end);
        let code = close.as_ref().map_or(0, |close| close.code.number());
        let reason = close
            .as_ref()
            .map_or("the client's socket ended", |close| close.reason.as_str());
        let cluster = &self.directory.cluster().name;
        tracing::info!(%cluster, target = %self.target, code, reason, "connection ended");
        self.gateway.metrics.closed(code);
        let patience = self.gateway.limits.stall_timeout();
        tokio::join!(
            closing::close_client(client, outgoing, close.as_ref(), patience),
            closing::close_broker(broker, &end)
        );
    }

    async fn relay(
        &self,
        client: &mut TcpStream,
        incoming: Incoming,
        broker: &mut TcpStream,
        outgoing: &mut Outgoing,
        apis: &ApiTable,
    ) -> End {
        let limits = &self.gateway.limits;
        let (from_client, to_client) = client.split();
        let (from_broker, to_broker) = broker.split();
        let in_flight = usize::try_from(limits.in_flight).unwrap_or(usize::MAX);
        let (pending, answers) = mpsc::channel(in_flight);
        let line = Line::default();
        let uplink = Uplink::new(self, apis, &line, incoming, from_client, to_broker, pending);
        let downlink = Downlink::new(self, apis, &line, from_broker, to_client, answers, outgoing);
        let mut up = std::pin::pin!(uplink.run());
        let mut down = std::pin::pin!(downlink.run());
        tokio::select! {
            up = &mut up => match up {
                // No request will follow; what is in flight may still be answered.
                Ok(()) => match timeout(limits.drain_timeout(), &mut down).await {
                    Ok(Err(end)) => end,
                    Ok(Ok(())) | Err(_) => End::Drained,
                },
                Err(end) => end,
            },
            down = &mut down => down.err().unwrap_or(End::Drained),
        }
    }

    fn close_for(&self, end: &End) -> Option<Close> {
        Some(match end {
            End::ClientGone => return None,
            End::ClientClosed => Close::new(CloseCode::Normal, ""),
            End::BrokerClosed => Close::new(
                CloseCode::GoingAway,
                format!("{} closed the connection", self.target),
            ),
            End::Drained => Close::new(CloseCode::GoingAway, "the bridge is shutting down"),
            End::Close(close) => close.clone(),
        })
    }
}
