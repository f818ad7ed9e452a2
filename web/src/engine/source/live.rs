//! The production client in this tab, through a bridge, to a real cluster.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};

use ottla::{DeliveryResult, KafkaError, Producer};
use ottla_scene::history::{History, Inbox};
use ottla_trace::{Envelope, Level, event::RecordId};

use crate::run::{Message, Refusal, pour};

/// Events that wait for a frame. A hidden tab gets no frames: it must not hoard, and says what it did not keep.
const MOST_WAITING: usize = 400_000;

/// Time of the trace between two looks at the page's clock (microseconds).
const LOOK_US: u64 = 1_000;

/// Failures that are remembered: only the last message is spoken of, and a few after it may overtake.
const FAILURES: usize = 64;

/// How the connection stands, for the bar beside the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum LiveState {
    /// Nothing was asked for.
    #[default]
    Off,
    /// The producer runs: it connects to ask for metadata, and again whenever it has something to send.
    On,
    /// It could not start.
    Refused(Refusal),
}

/// A producer and its trace.
pub(crate) struct Live {
    pub(crate) state: LiveState,
    pub(crate) url: String,
    pub(crate) acks: String,
    producer: Option<Producer>,
    waiting: Rc<RefCell<Inbox>>,
    /// The page's clock at `t` = 0 of the trace, as near as it can be known (milliseconds).
    zero: Rc<Cell<Option<f64>>>,
    accepted: Rc<Cell<RecordId>>,
    /// What the client said of the last messages of the form that failed.
    failures: Rc<RefCell<VecDeque<(RecordId, Refusal)>>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            state: LiveState::default(),
            url: String::new(),
            acks: String::new(),
            producer: None,
            waiting: Rc::new(RefCell::new(Inbox::new(MOST_WAITING))),
            zero: Rc::default(),
            accepted: Rc::default(),
            failures: Rc::default(),
        }
    }
}

fn refusal(error: &KafkaError) -> Refusal {
    Refusal {
        code: error.code().to_owned(),
        message: error.message().to_owned(),
    }
}

fn page_clock() -> f64 {
    web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now())
}

impl Live {
    /// Starts a producer. Its errors are typed: every mistake of the configuration, in one line.
    pub(crate) fn connect(&mut self, url: &str, options: &[(String, String)]) {
        self.disconnect();
        self.url = url.to_owned();
        let acks = options.iter().rev().find(|(name, _)| name == "acks");
        self.acks = acks.map_or_else(|| "all".to_owned(), |(_, value)| value.clone());
        let waiting = Rc::new(RefCell::new(Inbox::new(MOST_WAITING)));
        let zero = Rc::new(Cell::new(None::<f64>));
        let (sink, first) = (waiting.clone(), zero.clone());
        let mut next_look = 0;
        let started = Producer::builder()
            .bootstrap_servers(url)
            .set_all(options.iter().cloned())
            .trace(Level::Record, move |envelope: Envelope| {
                // Events come in bursts; the first of each is as near to its time as any.
                if envelope.t >= next_look {
                    next_look = envelope.t + LOOK_US;
                    let begun = page_clock() - envelope.t as f64 / 1_000.0;
                    first.set(Some(first.get().map_or(begun, |old| old.min(begun))));
                }
                sink.borrow_mut().push(envelope);
            })
            .start();
        match started {
            Ok(producer) => {
                // The cluster is looked at before the first message, so that there is something to see. Who cannot be
                // reached is told by the first send.
                let lookup = producer.partitions_for(crate::prefs::live_topic());
                wasm_bindgen_futures::spawn_local(async move {
                    let _ = lookup.await;
                });
                self.producer = Some(producer);
                self.waiting = waiting;
                self.zero = zero;
                self.accepted = Rc::default();
                self.failures = Rc::default();
                self.state = LiveState::On;
            }
            Err(error) => {
                self.state = LiveState::Refused(Refusal {
                    code: error.code().to_owned(),
                    message: error.to_string(),
                });
            }
        }
    }

    /// Closes the producer; what it accepted is still sent.
    pub(crate) fn disconnect(&mut self) {
        self.state = LiveState::Off;
        if let Some(producer) = self.producer.take() {
            wasm_bindgen_futures::spawn_local(async move {
                // Its records tell their own failures in the trace.
                let _ = producer.close(Duration::from_secs(10)).await;
            });
        }
    }

    pub(crate) fn connected(&self) -> bool {
        self.producer.is_some()
    }

    /// The running producer, for loads that do not go through the form.
    pub(crate) fn producer(&self) -> Option<Producer> {
        self.producer.clone()
    }

    pub(crate) fn now(&self) -> Option<u64> {
        let zero = self.zero.get()?;
        Some(((page_clock() - zero).max(0.0) * 1_000.0) as u64)
    }

    /// Takes events into the run; true when there was no time for all of them.
    pub(crate) fn pump(&mut self, history: &mut History) -> bool {
        pour(&mut self.waiting.borrow_mut(), history, page_clock)
    }

    /// Sends without waiting for room.
    pub(crate) fn send(&mut self, message: &Message) -> Result<Option<RecordId>, Refusal> {
        let Some(producer) = &self.producer else {
            return Ok(None);
        };
        // The core numbers records in the order of acceptance; its trace will tell about this one with the next frame.
        let id = self.accepted.get();
        let failures = self.failures.clone();
        let told = move |result: DeliveryResult| {
            if let Err(error) = result {
                let mut failures = failures.borrow_mut();
                failures.push_back((id, refusal(&error)));
                if failures.len() > FAILURES {
                    failures.pop_front();
                }
            }
        };
        let sent = producer.try_send_with(message.record(), told);
        sent.map_err(|error| refusal(&error))?;
        self.accepted.set(id + 1);
        Ok(Some(id))
    }

    /// Why a message of the form failed, in the client's words.
    pub(crate) fn failure(&self, id: RecordId) -> Option<Refusal> {
        let failures = self.failures.borrow();
        failures
            .iter()
            .find(|(failed, _)| *failed == id)
            .map(|(_, why)| why.clone())
    }

    /// Counts records that were accepted beside the form.
    pub(crate) fn counter(&self) -> Rc<Cell<RecordId>> {
        self.accepted.clone()
    }
}
