//! What can be done to a world while it runs.

use std::{fmt, sync::Arc, time::Duration};

use ottla_broker::{ErrorCode, Fault, Micros, NewTopic, NodeId, PlannedFault};
use ottla_core::Record;

use super::World;

/// Something done to the world. Every fault can happen to a real cluster over TCP.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Kill a broker (SIGKILL).
    Kill(NodeId),
    /// Stop a broker in order (SIGTERM).
    Stop(NodeId),
    /// Start a dead broker.
    Restart(NodeId),
    /// Stop a broker's process without ending it (SIGSTOP).
    Pause(NodeId),
    /// Let it go on (SIGCONT).
    Resume(NodeId),
    /// Cut the client's connections to a broker; what is under way on them is gone.
    Cut(NodeId),
    /// Cut the connection when the next Produce request has arrived, before it is appended.
    CutBeforeAppend(NodeId),
    /// Cut the connection when the next Produce request has been appended, before it is answered.
    CutAfterAppend(NodeId),
    /// Let nothing pass between client and broker, until `Thaw`; TCP keeps what is sent meanwhile.
    Freeze(NodeId),
    /// Let it pass again.
    Thaw(NodeId),
    /// Let everything between client and broker take so much longer, each way.
    Delay {
        /// The broker.
        node: NodeId,
        /// Microseconds.
        extra: Micros,
    },
    /// Answer the next Produce request with an error.
    Answer {
        /// The broker.
        node: NodeId,
        /// The error.
        error: ErrorCode,
        /// Whether the batches are appended all the same.
        append: bool,
        /// Topic and partition that the error is for; all of the next request when `None`.
        partition: Option<(Arc<str>, i32)>,
    },
    /// Make a broker slow to fetch what it follows.
    SlowFollower {
        /// The broker.
        node: NodeId,
        /// Microseconds.
        extra: Micros,
    },
    /// Make a broker slow to hear from the controller.
    SlowController {
        /// The broker.
        node: NodeId,
        /// Microseconds.
        extra: Micros,
    },
    /// Create a topic.
    CreateTopic(NewTopic),
    /// Delete a topic.
    #[cfg(feature = "full")]
    DeleteTopic(String),
    /// Give a topic so many partitions in all.
    #[cfg(feature = "full")]
    GrowTopic {
        /// The topic.
        topic: String,
        /// Its partitions.
        partitions: i32,
    },
    /// Change a setting while the cluster runs: of a topic, or of every broker (quotas too).
    #[cfg(feature = "full")]
    SetConfig {
        /// The topic; the brokers if `None`.
        topic: Option<String>,
        /// Kafka's name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Set a wall clock forwards or backwards.
    #[cfg(feature = "full")]
    ClockJump {
        /// The broker; the client if `None`.
        node: Option<NodeId>,
        /// Milliseconds.
        by_ms: i64,
    },
    /// Give leaderships back to the first replicas.
    ElectPreferred,
    /// The application hands a record over; it waits its turn when the producer is full.
    Publish(Record<'static>),
    /// The application flushes.
    Flush,
    /// The application closes the producer, waiting at most so long.
    Close(Option<Duration>),
    /// The client's process is frozen, until `Resumed`: it hears nothing and does nothing.
    Suspended,
    /// The process runs again.
    Resumed,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(node) => write!(f, "kill broker {node}"),
            Self::Stop(node) => write!(f, "stop broker {node} in order"),
            Self::Restart(node) => write!(f, "start broker {node}"),
            Self::Pause(node) => write!(f, "pause broker {node}"),
            Self::Resume(node) => write!(f, "resume broker {node}"),
            Self::Cut(node) => write!(f, "cut the connection to broker {node}"),
            Self::CutBeforeAppend(node) => write!(f, "broker {node}: cut before the next append"),
            Self::CutAfterAppend(node) => write!(f, "broker {node}: cut after the next append"),
            Self::Freeze(node) => write!(f, "freeze the network to broker {node}"),
            Self::Thaw(node) => write!(f, "thaw the network to broker {node}"),
            Self::Delay { node, extra } => write!(f, "delay the network to broker {node} by {extra} us"),
            Self::Answer {
                node, error, append, ..
            } => {
                let after = if *append { " after the append" } else { "" };
                write!(
                    f,
                    "broker {node}: answer the next request with {}{after}",
                    error.name()
                )
            }
            Self::SlowFollower { node, extra } => write!(f, "broker {node} fetches {extra} us later"),
            Self::SlowController { node, extra } => {
                write!(f, "broker {node} hears from the controller {extra} us later")
            }
            Self::CreateTopic(topic) => write!(f, "create topic {}", topic.name),
            #[cfg(feature = "full")]
            Self::DeleteTopic(topic) => write!(f, "delete topic {topic}"),
            #[cfg(feature = "full")]
            Self::GrowTopic { topic, partitions } => write!(f, "topic {topic}: {partitions} partitions"),
            #[cfg(feature = "full")]
            Self::SetConfig { topic, name, value } => {
                let whom = topic.as_deref().unwrap_or("brokers");
                write!(f, "{whom}: {name}={value}")
            }
            #[cfg(feature = "full")]
            Self::ClockJump { node, by_ms } => match node {
                Some(node) => write!(f, "broker {node}: the clock jumps by {by_ms} ms"),
                None => write!(f, "client: the clock jumps by {by_ms} ms"),
            },
            Self::ElectPreferred => write!(f, "elect preferred leaders"),
            Self::Publish(record) => write!(f, "send to {}", record.topic),
            Self::Flush => write!(f, "flush"),
            Self::Close(_) => write!(f, "close"),
            Self::Suspended => write!(f, "suspend the process"),
            Self::Resumed => write!(f, "resume the process"),
        }
    }
}

impl Command {
    /// Whether the application does it, not fate.
    #[must_use]
    pub fn is_by_application(&self) -> bool {
        matches!(
            self,
            Self::Publish(_) | Self::Flush | Self::Close(_) | Self::CreateTopic(_)
        )
    }
}

impl Command {
    /// What kind of fault or change it is, for a count of them; `None` for what ends one and what the application does.
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        Some(match self {
            Self::Kill(_) => "kill",
            Self::Stop(_) => "stop",
            Self::Pause(_) => "pause",
            Self::Cut(_) => "cut",
            Self::CutBeforeAppend(_) => "cut before append",
            Self::CutAfterAppend(_) => "cut after append",
            Self::Freeze(_) => "freeze",
            Self::Delay { extra, .. } if *extra > 0 => "delay",
            Self::SlowFollower { extra, .. } if *extra > 0 => "slow follower",
            Self::SlowController { extra, .. } if *extra > 0 => "slow controller",
            Self::Answer { append: false, .. } => "error answer",
            Self::Answer { append: true, .. } => "error answer after append",
            Self::ElectPreferred => "preferred election",
            Self::Suspended => "client suspended",
            #[cfg(feature = "full")]
            Self::DeleteTopic(_) => "topic deleted",
            #[cfg(feature = "full")]
            Self::GrowTopic { .. } => "topic grown",
            #[cfg(feature = "full")]
            Self::SetConfig { name, .. } if name == "producer_byte_rate" => "throttle",
            #[cfg(feature = "full")]
            Self::SetConfig { .. } => "configuration changed",
            #[cfg(feature = "full")]
            Self::ClockJump { node: None, .. } => "client's clock jumped",
            #[cfg(feature = "full")]
            Self::ClockJump { .. } => "broker's clock jumped",
            _ => return None,
        })
    }
}

impl World {
    /// Does it now. `false` if it is not possible in this state: nothing has changed then.
    pub fn command(&mut self, command: Command) -> bool {
        let words = (!command.is_by_application()).then(|| command.to_string());
        self.checkers.command(&command);
        let kind = command.kind();
        let done = self.obey(command);
        if let Some(kind) = kind.filter(|_| done && crate::FULL) {
            *self.injected.entry(kind).or_default() += 1;
        }
        if let Some(words) = words.filter(|_| done) {
            self.trace.fault(self.now, words);
        }
        self.settle();
        done
    }

    fn obey(&mut self, command: Command) -> bool {
        let now = self.now;
        match command {
            Command::Kill(node) => self.cluster.kill(now, node),
            Command::Stop(node) => self.cluster.stop(now, node),
            Command::Restart(node) => self.cluster.restart(now, node),
            Command::Pause(node) => self.cluster.pause(now, node),
            Command::Resume(node) => {
                let done = self.cluster.resume(now, node);
                self.network.drain_window(now, node);
                done
            }
            Command::Cut(node) => self.cut(node),
            Command::CutBeforeAppend(node) => self.plan(node, Fault::CutBeforeAppend, None),
            Command::CutAfterAppend(node) => self.plan(node, Fault::CutAfterAppend, None),
            Command::Answer {
                node,
                error,
                append,
                partition,
            } => self.plan(node, Fault::Answer { error, append }, partition),
            Command::Freeze(node) => self.network.freeze(node),
            Command::Thaw(node) => self.network.thaw(now, node),
            Command::Delay { node, extra } => self.network.delay(node, extra),
            Command::SlowFollower { node, extra } => {
                self.cluster.delay_replication(node, extra);
                self.cluster.state(node).is_some()
            }
            Command::SlowController { node, extra } => {
                self.cluster.delay_controller(node, extra);
                self.cluster.state(node).is_some()
            }
            Command::CreateTopic(topic) => self.cluster.create_topic(now, &topic).error.is_ok(),
            #[cfg(feature = "full")]
            Command::DeleteTopic(topic) => self.cluster.delete_topic(now, &topic).error.is_ok(),
            #[cfg(feature = "full")]
            Command::GrowTopic { topic, partitions } => {
                self.cluster.grow_topic(now, &topic, partitions).error.is_ok()
            }
            #[cfg(feature = "full")]
            Command::SetConfig { topic, name, value } => match topic {
                Some(topic) => {
                    let changes = vec![(name, Some(value))];
                    self.cluster.configure_topic(now, &topic, changes).error.is_ok()
                }
                None => self.cluster.configure(now, &name, &value).is_ok(),
            },
            #[cfg(feature = "full")]
            Command::ClockJump { node, by_ms } => match node {
                Some(node) => self.cluster.shift_clock(node, by_ms),
                None => {
                    self.epoch_ms = self.epoch_ms.saturating_add(by_ms);
                    true
                }
            },
            Command::ElectPreferred => {
                self.cluster.elect_preferred(now);
                true
            }
            application => self.apply(application),
        }
    }

    fn plan(&mut self, node: NodeId, fault: Fault, partition: Option<(Arc<str>, i32)>) -> bool {
        let runs = self.cluster.listens(node);
        if runs {
            self.cluster.plan_fault(node, PlannedFault { fault, partition });
        }
        runs
    }
}
