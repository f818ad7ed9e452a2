//! The production core in a simulated world.
//!
//! The world runs a little ahead of what is shown: playing at [`Speed::Auto`](ottla_scene::playback::Speed) needs to
//! know when the next visible thing happens. Whoever acts does so at what is shown, so the world goes back there first:
//! to an earlier copy of itself, from which the orders given since are executed again. Equal orders at equal times make
//! equal worlds, so nothing that was shown changes; what was only looked ahead at, or undone, is forgotten.

use ottla_core::{Instant, SendError};
use ottla_scene::{history::History, playback::Cursor};
use ottla_sim::{Command, Setup, World};
use ottla_trace::{
    Level,
    event::{BrokerState, NodeId, RecordId},
};

use super::{Ahead, Message, Refusal};

/// Small enough that a few records fill a batch, and a few batches the buffer.
const PRESET: [(&str, &str); 2] = [("batch.size", "160"), ("buffer.memory", "2048")];
/// The topic of the sandbox.
const TOPIC: &str = "orders";
/// Simulated time that is looked ahead for something to show, when nothing is expected.
const QUIET_US: u64 = 3_000_000;
/// The same while a record is not answered or a broker is not well: past every timeout of the client.
const BUSY_US: u64 = 200_000_000;
/// Earlier worlds that are kept.
const MOST_KEPT: usize = 64;

/// Between two records of a burst.
const BURST_US: u64 = 700;
/// The client knows the topic by then, in any world without faults.
const READY_US: u64 = 1_000_000;

/// What the reader ordered.
#[derive(Clone)]
enum Order {
    Send(Message),
    Burst(Vec<Message>),
    Kill(NodeId),
    Restart(NodeId),
}

/// A world as it was.
struct Kept {
    t: u64,
    events: usize,
    orders: usize,
    world: World,
}

/// A world, its past, and its orders.
pub(crate) struct Sandbox {
    acks: String,
    world: World,
    kept: Vec<Kept>,
    orders: Vec<(u64, Order)>,
    /// Nothing more will happen until somebody acts.
    quiet: bool,
}

impl Sandbox {
    /// A world with one topic on three brokers; its first events are pushed.
    pub(crate) fn new(acks: &str, history: &mut History) -> Result<Self, Refusal> {
        let mut setup = Setup {
            seed: 42,
            trace: Level::Record,
            ..Setup::default()
        }
        .topic(TOPIC, 3, 3, &[])
        .with("client.id", "shop")
        .with("acks", acks);
        for (name, value) in PRESET {
            setup = setup.with(name, value);
        }
        let world = World::new(&setup).map_err(|errors| Refusal {
            code: "INVALID_CONFIG".to_owned(),
            message: errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        })?;
        let mut sandbox = Self {
            acks: acks.to_owned(),
            world,
            kept: Vec::new(),
            orders: Vec::new(),
            quiet: false,
        };
        // A page that is opened has not sent anything, but its client has looked around.
        sandbox.world.want(TOPIC).map_err(|why| Refusal {
            code: why.code().to_owned(),
            message: why.to_string(),
        })?;
        sandbox.take(history);
        while history.tip().belief.is_empty() && sandbox.world.now().as_micros() < READY_US {
            sandbox.world.step();
            sandbox.take(history);
        }
        sandbox.keep(history);
        Ok(sandbox)
    }

    pub(crate) fn acks(&self) -> &str {
        &self.acks
    }

    fn take(&mut self, history: &mut History) {
        for envelope in self.world.drain_trace() {
            history.push(envelope);
        }
    }

    /// Remembers the world as it is. Older ones are thinned out, the first one stays.
    fn keep(&mut self, history: &History) {
        let (t, events) = (self.world.now().as_micros(), history.len());
        if self
            .kept
            .last()
            .is_some_and(|last| (last.t, last.events) == (t, events))
        {
            return;
        }
        self.kept.push(Kept {
            t,
            events,
            orders: self.orders.len(),
            world: self.world.clone(),
        });
        if self.kept.len() > MOST_KEPT {
            let mut n = 0;
            self.kept.retain(|_| {
                n += 1;
                n % 2 == 1 || n > MOST_KEPT / 2
            });
        }
    }

    /// Brings the world to `t`: forwards, or back to a copy and forwards from there.
    fn go_to(&mut self, t: u64, history: &mut History) {
        if self.world.now().as_micros() > t {
            let at = self.kept.iter().rposition(|kept| kept.t <= t).unwrap_or(0);
            self.kept.truncate(at + 1);
            let Some(kept) = self.kept.last() else { return };
            self.world = kept.world.clone();
            history.truncate(kept.events);
            let again = self.orders.split_off(kept.orders);
            for (when, order) in again.into_iter().filter(|(when, _)| *when <= t) {
                self.world.run_until(Instant::from_micros(when));
                // It was possible then, so it is now.
                let _ = self.obey(&order);
                self.orders.push((when, order));
            }
        }
        self.world.run_until(Instant::from_micros(t));
        self.take(history);
    }

    fn obey(&mut self, order: &Order) -> Result<Option<RecordId>, Refusal> {
        match order {
            Order::Send(message) => match self.world.send(message.record()) {
                Ok(id) => Ok(Some(id.0)),
                Err(error) => Err(refusal(&error)),
            },
            Order::Burst(messages) => {
                let now = self.world.now().as_micros();
                for (n, message) in (0..).zip(messages) {
                    let at = Instant::from_micros(now + n * BURST_US);
                    let publish = Command::Publish(message.record().into_owned());
                    self.world.schedule(at, publish);
                }
                Ok(None)
            }
            Order::Kill(node) => {
                self.world.command(Command::Kill(*node));
                Ok(None)
            }
            Order::Restart(node) => {
                self.world.command(Command::Restart(*node));
                Ok(None)
            }
        }
    }

    fn order(
        &mut self,
        order: Order,
        cursor: Cursor,
        history: &mut History,
    ) -> Result<Option<RecordId>, Refusal> {
        self.go_to(cursor.t, history);
        self.quiet = false;
        let done = self.obey(&order);
        self.orders.push((cursor.t, order));
        self.take(history);
        done
    }

    pub(crate) fn send(
        &mut self,
        message: &Message,
        cursor: Cursor,
        history: &mut History,
    ) -> Result<Option<RecordId>, Refusal> {
        self.order(Order::Send(message.clone()), cursor, history)
    }

    /// Sends many, one shortly after the other; each waits its turn when the buffer is full.
    pub(crate) fn burst(&mut self, messages: &[Message], cursor: Cursor, history: &mut History) {
        // A plan cannot be refused; its records tell their own failures.
        let _ = self.order(Order::Burst(messages.to_vec()), cursor, history);
    }

    pub(crate) fn kill(&mut self, node: NodeId, kill: bool, cursor: Cursor, history: &mut History) {
        let order = if kill {
            Order::Kill(node)
        } else {
            Order::Restart(node)
        };
        // Neither can be refused: at worst there is nobody to kill.
        let _ = self.order(order, cursor, history);
    }

    /// Runs the world until there is something to play towards, or it is known that nothing will come.
    pub(crate) fn look_ahead(&mut self, history: &mut History, until: Ahead) {
        let known = |history: &History| match until {
            Ahead::Step(seen) => history.index().next_step(seen).is_some(),
            Ahead::Time(t) => history.index().steps.last().is_some_and(|step| step.t > t),
        };
        if self.quiet || known(history) {
            return;
        }
        self.keep(history);
        let events = history.len();
        let begun = self.world.now().as_micros();
        while !known(history) {
            let tip = history.tip();
            let unwell = |state: Option<BrokerState>| state.is_some_and(|it| it != BrokerState::Up);
            let expected = tip.busy() || tip.brokers.values().any(|it| unwell(it.state));
            let patience = if expected { BUSY_US } else { QUIET_US };
            if self.world.now().as_micros().saturating_sub(begun) > patience {
                self.quiet = true;
                break;
            }
            self.world.step();
            self.take(history);
        }
        if self.quiet
            && let Some(kept) = self.kept.last()
        {
            // What happened in the silence is nothing to see, and time has not passed for the reader.
            self.world = kept.world.clone();
            history.truncate(events);
        }
    }
}

fn refusal(error: &SendError) -> Refusal {
    let text = error.to_string();
    let (code, message) = match ottla_sorted::split_once(&text, ": ") {
        Some((code, message)) => (code.to_owned(), message.to_owned()),
        None => ("REFUSED".to_owned(), text),
    };
    Refusal { code, message }
}
