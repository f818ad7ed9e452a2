//! Moves frames between a client and its broker, and asks at each whether to cut here.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{INIT_PRODUCER_ID, Moment, Seen, Shared, State, frames};

pub(super) fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let number = shared.lock().connections;
        let upstream = shared.lock().upstream.clone();
        shared.lock().connections += 1;
        let broker = upstream.and_then(|address| TcpStream::connect(address).ok());
        if let Some(broker) = broker {
            // A failure here closes the connection, which is what the client then sees.
            let _ = relay(client, broker, number, shared);
        }
    }
}

fn relay(client: TcpStream, broker: TcpStream, number: usize, shared: &Arc<Shared>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    shared
        .lock()
        .sockets
        .extend([client.try_clone()?, broker.try_clone()?]);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let requests = Side {
        from: client.try_clone()?,
        to: broker.try_clone()?,
        shared: Arc::clone(shared),
    };
    let answers = Side {
        from: broker,
        to: client,
        shared: Arc::clone(shared),
    };
    let for_requests = Arc::clone(&asked);
    std::thread::spawn(move || requests.pump(|state, frame| admit(state, frame, number, &for_requests)));
    let mut silent = false;
    std::thread::spawn(move || {
        answers.pump(|state, frame| deliver(state, frame, &asked, &mut silent));
    });
    Ok(())
}

/// A request whose answer is looked at when it comes.
struct Asked {
    correlation_id: i32,
    about: About,
}

enum About {
    /// It must not arrive.
    Doomed(Moment),
    /// An InitProducerId of this version.
    Identity(i16),
}

/// What becomes of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Pass,
    /// It passes so much later, and what follows it as well.
    After(Duration),
    /// It passes when answers are no longer held.
    WhenReleased,
    /// It vanishes and the connection stays.
    Vanish,
    /// Both sockets close.
    Cut,
}

/// One direction of a connection.
struct Side {
    from: TcpStream,
    to: TcpStream,
    shared: Arc<Shared>,
}

impl Side {
    /// Does with each frame what `judge` says; at the end both sockets close.
    fn pump(mut self, mut judge: impl FnMut(&mut State, &[u8]) -> Fate) {
        while let Ok(Some(frame)) = frames::read(&mut self.from) {
            let fate = judge(&mut self.shared.lock(), &frame);
            let passes = match fate {
                Fate::Pass => true,
                Fate::After(delay) => {
                    // What a slow network does, not a wait for anything.
                    std::thread::sleep(delay);
                    true
                }
                Fate::WhenReleased => {
                    self.shared.wait_while_held();
                    true
                }
                Fate::Vanish | Fate::Cut => {
                    self.shared.changed.notify_all();
                    false
                }
            };
            if fate == Fate::Cut || (passes && self.to.write_all(&frame).is_err()) {
                break;
            }
        }
        close(&self.from);
        close(&self.to);
        self.shared.changed.notify_all();
    }
}

/// A request arrived: its connection may be cut before the broker sees it.
fn admit(state: &mut State, frame: &[u8], connection: usize, asked: &Mutex<Vec<Asked>>) -> Fate {
    let Some(head) = frames::request_head(frame) else {
        return Fate::Cut;
    };
    let frames::RequestHead {
        api_key,
        api_version,
        correlation_id,
    } = head;
    state.seen.push(Seen {
        connection,
        api_key,
        api_version,
        length: frame.len() - 4,
    });
    let ask = |about| {
        let mut asked = asked.lock().expect("a push cannot panic");
        asked.push(Asked {
            correlation_id,
            about,
        });
    };
    if api_key == INIT_PRODUCER_ID {
        ask(About::Identity(api_version));
    }
    let mut fate = Fate::Pass;
    state.planned.retain_mut(|cut| {
        if cut.api_key != api_key {
            return true;
        }
        if cut.to_pass > 0 {
            cut.to_pass -= 1;
            return true;
        }
        match cut.moment {
            Moment::BeforeRequest => {
                fate = Fate::Cut;
                state.cuts_made += 1;
            }
            moment => ask(About::Doomed(moment)),
        }
        false
    });
    fate
}

/// An answer arrived: its connection may be cut before the client sees it, or be `silent` from now on.
fn deliver(state: &mut State, frame: &[u8], asked: &Mutex<Vec<Asked>>, silent: &mut bool) -> Fate {
    let Some(correlation_id) = frames::answered(frame) else {
        return Fate::Cut;
    };
    let mut fate = match state.delay {
        _ if *silent => Fate::Vanish,
        _ if state.held => Fate::WhenReleased,
        Duration::ZERO => Fate::Pass,
        delay => Fate::After(delay),
    };
    asked
        .lock()
        .expect("what follows cannot panic")
        .retain(|question| {
            if question.correlation_id != correlation_id {
                return true;
            }
            match question.about {
                About::Identity(version) => state.identities.extend(frames::identity_error(frame, version)),
                About::Doomed(moment) => {
                    *silent |= moment == Moment::Never;
                    fate = if *silent { Fate::Vanish } else { Fate::Cut };
                    state.cuts_made += 1;
                }
            }
            false
        });
    state.withheld += usize::from(fate == Fate::Vanish);
    fate
}

/// Ends a connection in both directions; one that ended already is fine.
pub(super) fn close(socket: &TcpStream) {
    let _ = socket.shutdown(Shutdown::Both);
}
