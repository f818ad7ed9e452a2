//! The one driver of a producer, whatever the runtime: moves bytes between connections and the core, runs its timers
//! and the work that belongs off the lock. It takes no decision about the protocol.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use ottla_core::{ConnId, Input, Instant, Output};

use crate::backlog::{Backlog, Listeners};
use crate::shared::{Guard, Shared, Turn};
#[cfg(feature = "sasl")]
use crate::transport::Login;
use crate::transport::{ByteStream, Connect, Dial, Lost, Timers};

/// Pieces taken from one connection before the others get their turn.
const READS_PER_TURN: usize = 16;

/// What moves a producer: a future that runs until the producer is closed. Dropping it earlier fails what is not
/// delivered.
#[must_use = "a producer does nothing while its driver is not run"]
pub struct Driver<C: Connect, T: Timers> {
    shared: Arc<Shared>,
    connect: C,
    timers: T,
    links: Vec<Link<C>>,
    #[cfg(feature = "sasl")]
    logins: Vec<(ConnId, Login)>,
    sleep: Option<(Instant, T::Sleep)>,
    inputs: Vec<Input>,
    backlog: Backlog,
    _guard: Guard,
}

impl<C: Connect, T: Timers> fmt::Debug for Driver<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("links", &self.links.len())
            .finish_non_exhaustive()
    }
}

struct Link<C: Connect> {
    conn: ConnId,
    state: LinkState<C>,
}

enum LinkState<C: Connect> {
    Dialing(C::Dialing),
    Open {
        stream: C::Stream,
        queue: VecDeque<Bytes>,
        // Bytes that were transmitted and have not been reported as written.
        unwritten: usize,
    },
}

impl<C: Connect, T: Timers> Driver<C, T> {
    pub(crate) fn new(shared: Arc<Shared>, connect: C, timers: T, listeners: Listeners) -> Self {
        Self {
            _guard: Guard(shared.clone()),
            backlog: Backlog::new(shared.clone(), listeners),
            shared,
            connect,
            timers,
            links: Vec::new(),
            #[cfg(feature = "sasl")]
            logins: Vec::new(),
            sleep: None,
            inputs: Vec::new(),
        }
    }

    fn poll_links(&mut self, cx: &mut Context<'_>) {
        let inputs = &mut self.inputs;
        self.links.retain_mut(|link| match link.poll(cx, inputs) {
            Ok(()) => true,
            Err(lost) => {
                inputs.push(ended(link.conn, lost));
                false
            }
        });
        #[cfg(feature = "sasl")]
        self.logins
            .retain_mut(|(conn, login)| match login.as_mut().poll(cx) {
                Poll::Ready(given) => {
                    inputs.push(Input::Given { conn: *conn, given });
                    false
                }
                Poll::Pending => true,
            });
    }

    fn network(&mut self, output: Output) {
        match output {
            Output::Dial { conn, node, address } => {
                let dialing = self.connect.dial(Dial { node, address });
                let state = LinkState::Dialing(dialing);
                self.links.push(Link { conn, state });
            }
            Output::Transmit { conn, chunks } => {
                let link = self.links.iter_mut().find(|link| link.conn == conn);
                if let Some(LinkState::Open { queue, unwritten, .. }) = link.map(|link| &mut link.state) {
                    *unwritten += chunks.len();
                    queue.extend(chunks.into_iter().filter(|chunk| !chunk.is_empty()));
                }
            }
            Output::Hangup { conn } => {
                self.links.retain(|link| link.conn != conn);
                #[cfg(feature = "sasl")]
                self.logins.retain(|(other, _)| *other != conn);
            }
            #[cfg(feature = "sasl")]
            Output::Login { conn } => self.logins.push((conn, self.connect.login())),
            _ => {}
        }
    }

    /// Whether the timer has run out; it wakes the driver when not.
    fn poll_sleep(&mut self, until: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(until) = until else {
            self.sleep = None;
            return false;
        };
        // A timer that fires earlier than needed is kept: restarting it costs more than waking once for nothing.
        if self.sleep.as_ref().is_none_or(|(at, _)| *at > until) {
            let duration = until.saturating_since(self.shared.clock.now());
            self.sleep = Some((until, self.timers.sleep(duration)));
        }
        let fired = match &mut self.sleep {
            Some((_, sleep)) => Pin::new(sleep).poll(cx).is_ready(),
            None => false,
        };
        if fired {
            self.sleep = None;
        }
        fired
    }
}

impl<C: Connect, T: Timers> Future for Driver<C, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            ready!(this.backlog.poll(&mut this.inputs, cx));
            if this.backlog.closed() {
                return Poll::Ready(());
            }
            this.poll_links(cx);
            match this.shared.turn(&mut this.inputs, cx.waker()) {
                Turn::Work(mut work) => {
                    for output in work.network.drain(..) {
                        this.network(output);
                    }
                    this.backlog.take(work);
                }
                Turn::Sleep(until) => {
                    if !this.poll_sleep(until, cx) {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

fn ended(conn: ConnId, lost: Lost) -> Input {
    match lost {
        #[cfg(feature = "sasl")]
        Lost::Rejected(why) => Input::Rejected { conn, why },
        #[cfg(not(feature = "sasl"))]
        Lost::Rejected(why) => Input::Closed { conn, why },
        Lost::Broken(why) => Input::Closed { conn, why },
    }
}

impl<C: Connect> Link<C> {
    fn poll(&mut self, cx: &mut Context<'_>, inputs: &mut Vec<Input>) -> Result<(), Lost> {
        let conn = self.conn;
        if let LinkState::Dialing(dialing) = &mut self.state {
            match Pin::new(dialing).poll(cx) {
                Poll::Ready(Ok(stream)) => {
                    inputs.push(Input::Connected { conn });
                    self.state = LinkState::Open {
                        stream,
                        queue: VecDeque::new(),
                        unwritten: 0,
                    };
                }
                Poll::Ready(Err(why)) => return Err(why),
                Poll::Pending => return Ok(()),
            }
        }
        let LinkState::Open {
            stream,
            queue,
            unwritten,
        } = &mut self.state
        else {
            return Ok(());
        };
        while *unwritten > 0 {
            match stream.poll_transmit(cx, queue) {
                Poll::Ready(count) => {
                    let count = count?;
                    *unwritten = unwritten.saturating_sub(count);
                    inputs.push(Input::Written { conn, count });
                }
                Poll::Pending => break,
            }
        }
        for _ in 0..READS_PER_TURN {
            match stream.poll_receive(cx) {
                Poll::Ready(Ok(bytes)) => inputs.push(Input::Received { conn, bytes }),
                Poll::Ready(Err(why)) => return Err(why),
                Poll::Pending => return Ok(()),
            }
        }
        // There may be more: come back after the others.
        cx.waker().wake_by_ref();
        Ok(())
    }
}
