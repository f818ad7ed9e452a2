//! Connections and the requests on them.

use ottla_trace::event::{BatchId, ConnId, NodeId};

/// A connection from its dialling on.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its number.
    pub id: ConnId,
    /// The broker at the other end; a bootstrap connection learns it from the first bytes under way.
    pub node: Option<NodeId>,
    /// What was dialled.
    pub address: String,
    /// Its state.
    pub phase: ConnPhase,
    /// When the state began.
    pub since: u64,
}

/// The state of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnPhase {
    /// Asked for.
    Dialing,
    /// Open; versions are being agreed.
    Connected,
    /// Requests may go out.
    Ready,
    /// Gone while the client needed it: it took requests with it, or was never opened.
    Lost {
        /// Why.
        because: String,
    },
    /// Gone without harm.
    Closed,
}

/// A request that is not finished.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The connection.
    pub conn: ConnId,
    /// Its number on the connection.
    pub correlation: i32,
    /// Kafka's name of the API.
    pub api: String,
    /// Bytes with the length prefix.
    pub bytes: u32,
    /// Batches in it.
    pub batches: Vec<BatchId>,
    /// When it was handed to the connection.
    pub queued: u64,
    /// When its last byte left the process.
    pub written: Option<u64>,
    /// Its way to the broker, where a simulation tells.
    pub out: Option<Travel>,
    /// Its answer's way back, where a simulation tells.
    pub back: Option<Travel>,
    /// What a simulated broker refused, and which it will answer.
    pub refused: Option<String>,
    /// When the client was done with it; it is kept a little longer for the broker's events.
    pub done: Option<u64>,
}

/// Bytes under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Travel {
    /// When they left.
    pub left: u64,
    /// When they arrive.
    pub arrives: u64,
}

impl Travel {
    /// How far they are at `t`, from 0 to 1: linear, at the speed of the simulated clock.
    pub fn progress(&self, t: u64) -> f32 {
        if t >= self.arrives {
            return 1.0;
        }
        let whole = self.arrives.saturating_sub(self.left).max(1);
        t.saturating_sub(self.left) as f32 / whole as f32
    }
}

/// Where a request is at some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Position {
    /// On its way to the broker, from 0 to 1.
    Out(f32),
    /// At the broker, which has not answered.
    AtBroker,
    /// Its answer is on the way, from 0 (broker) to 1 (client).
    Back(f32),
    /// Under way, and nobody can see where.
    Unobserved,
}

impl Request {
    /// Where it is at `t`.
    pub fn position(&self, t: u64) -> Position {
        match (self.out, self.back) {
            (_, Some(back)) if t >= back.left => Position::Back(back.progress(t)),
            (Some(out), _) if t < out.arrives => Position::Out(out.progress(t)),
            (Some(_), _) => Position::AtBroker,
            (None, _) => Position::Unobserved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_is_linear_in_time_and_ends_at_its_ends() {
        let mut request = Request {
            conn: 1,
            correlation: 1,
            api: "Produce".into(),
            bytes: 10,
            batches: vec![],
            queued: 100,
            written: None,
            out: None,
            back: None,
            refused: None,
            done: None,
        };
        assert_eq!(request.position(150), Position::Unobserved);
        request.out = Some(Travel {
            left: 100,
            arrives: 300,
        });
        assert_eq!(request.position(100), Position::Out(0.0));
        assert_eq!(request.position(200), Position::Out(0.5));
        assert_eq!(request.position(300), Position::AtBroker);
        request.back = Some(Travel {
            left: 400,
            arrives: 500,
        });
        assert_eq!(request.position(399), Position::AtBroker);
        assert_eq!(request.position(425), Position::Back(0.25));
        assert_eq!(request.position(900), Position::Back(1.0));
    }
}
