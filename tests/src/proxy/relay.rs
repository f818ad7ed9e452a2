//! Moves frames between a client and its broker, and asks at each whether to cut here.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::{Moment, Seen, Shared, State, frames};

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
    // Correlation ids whose answers must not arrive.
    let doomed = Arc::new(Mutex::new(Vec::new()));
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
    let for_requests = Arc::clone(&doomed);
    std::thread::spawn(move || requests.pump(|state, frame| admit(state, frame, number, &for_requests)));
    std::thread::spawn(move || answers.pump(|state, frame| deliver(state, frame, &doomed)));
    Ok(())
}

/// One direction of a connection.
struct Side {
    from: TcpStream,
    to: TcpStream,
    shared: Arc<Shared>,
}

impl Side {
    /// Passes frames on while `passes` says so; then both sockets close.
    fn pump(mut self, mut passes: impl FnMut(&mut State, &[u8]) -> bool) {
        while let Ok(Some(frame)) = frames::read(&mut self.from) {
            if !passes(&mut self.shared.lock(), &frame) || self.to.write_all(&frame).is_err() {
                break;
            }
        }
        close(&self.from);
        close(&self.to);
        self.shared.changed.notify_all();
    }
}

/// A request arrived: false when its connection is cut before the broker sees it.
fn admit(state: &mut State, frame: &[u8], connection: usize, doomed: &Mutex<Vec<i32>>) -> bool {
    let Some(head) = frames::request_head(frame) else {
        return false;
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
    let mut passes = true;
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
                passes = false;
                state.cuts_made += 1;
            }
            Moment::BeforeAnswer => doomed.lock().expect("a push cannot panic").push(correlation_id),
        }
        false
    });
    passes
}

/// An answer arrived: false when its connection is cut before the client sees it.
fn deliver(state: &mut State, frame: &[u8], doomed: &Mutex<Vec<i32>>) -> bool {
    let Some(correlation_id) = frames::answered(frame) else {
        return false;
    };
    let is_doomed = doomed
        .lock()
        .expect("a push cannot panic")
        .contains(&correlation_id);
    state.cuts_made += usize::from(is_doomed);
    !is_doomed
}

/// Ends a connection in both directions; one that ended already is fine.
pub(super) fn close(socket: &TcpStream) {
    let _ = socket.shutdown(Shutdown::Both);
}
