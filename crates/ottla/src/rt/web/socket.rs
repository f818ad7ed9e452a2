//! A WebSocket as a stream of bytes, straight on `web_sys::WebSocket`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

use super::WebSleep;
use crate::transport::{ByteStream, Connect, Dial, Lost, SUBPROTOCOL, next_message};

/// Bytes in the socket's own buffer beyond which nothing more is handed to it: they are the page's memory.
const BUFFERED: u32 = 1 << 20;

/// How often `bufferedAmount` is looked at while it falls; there is no event for it.
const LOOK_AGAIN: Duration = Duration::from_millis(4);

/// Answers that wait to be read. They are small, so this much means that something is wrong.
const UNREAD: usize = 64 << 20;

/// Connects to bridges with the runtime's `WebSocket`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebSockets;

impl Connect for WebSockets {
    type Stream = WebSocketStream;
    type Dialing = Opening;

    fn dial(&self, dial: Dial) -> Opening {
        let Some(url) = dial.url() else {
            return Opening(Err(
                "a page cannot open TCP connections; give the address of a bridge".to_owned(),
            ));
        };
        Opening(WebSocketStream::new(&url).map(Some))
    }
}

/// A WebSocket that is not open yet.
#[derive(Debug)]
pub struct Opening(Result<Option<WebSocketStream>, String>);

impl Future for Opening {
    type Output = Result<WebSocketStream, Lost>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let stream = match &mut self.0 {
            Ok(stream) => stream,
            Err(why) => return Poll::Ready(Err(std::mem::take(why).into())),
        };
        let Some(open) = stream else {
            return Poll::Ready(Err("the connection was already handed out".into()));
        };
        {
            let mut state = open.state.borrow_mut();
            if let Some(why) = &state.closed {
                return Poll::Ready(Err(why.clone().into()));
            }
            if !state.opened {
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        Poll::Ready(stream.take().ok_or_else(|| String::new().into()))
    }
}

#[derive(Default)]
struct State {
    opened: bool,
    closed: Option<String>,
    received: VecDeque<Bytes>,
    unread: usize,
    waker: Option<Waker>,
}

/// A connection through a bridge.
pub struct WebSocketStream {
    socket: WebSocket,
    state: Rc<RefCell<State>>,
    // Bytes given to the socket, and of those the ones reported as gone.
    handed: u64,
    reported: u64,
    look: Option<WebSleep>,
    _handlers: Handlers,
}

impl std::fmt::Debug for WebSocketStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebSocketStream").finish_non_exhaustive()
    }
}

// They are called by JavaScript as long as they live.
struct Handlers {
    _open: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
    _error: Closure<dyn FnMut()>,
}

impl WebSocketStream {
    fn new(url: &str) -> Result<Self, String> {
        let socket = WebSocket::new_with_str(url, SUBPROTOCOL).map_err(|error| {
            format!(
                "{url}: {}",
                said(&error).unwrap_or_else(|| "not a WebSocket address".to_owned())
            )
        })?;
        // Blobs would have to be read asynchronously; workerd's default is the Blob, too.
        socket.set_binary_type(BinaryType::Arraybuffer);
        let state = Rc::new(RefCell::new(State::default()));
        let handlers = Handlers::attach(&socket, &state);
        Ok(Self {
            socket,
            state,
            handed: 0,
            reported: 0,
            look: None,
            _handlers: handlers,
        })
    }
}

fn said(error: &JsValue) -> Option<String> {
    error
        .dyn_ref::<js_sys::Error>()
        .map(|error| String::from(error.message()))
}

fn change(state: &Rc<RefCell<State>>, what: impl FnOnce(&mut State)) {
    let waker = {
        let mut state = state.borrow_mut();
        what(&mut state);
        state.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Handlers {
    fn attach(socket: &WebSocket, state: &Rc<RefCell<State>>) -> Self {
        let open = Closure::new({
            let state = state.clone();
            move || change(&state, |state| state.opened = true)
        });
        let message = Closure::new({
            let state = state.clone();
            move |event: MessageEvent| change(&state, |state| state.receive(&event))
        });
        let close = Closure::new({
            let state = state.clone();
            move |event: CloseEvent| change(&state, |state| state.close(&event))
        });
        // A refused connection raises nothing else in workerd; elsewhere `close` follows with nothing more to say.
        let error = Closure::new({
            let state = state.clone();
            move || {
                change(&state, |state| {
                    state.fail("the WebSocket failed; is the bridge up, and this origin allowed?");
                });
            }
        });
        socket.set_onopen(Some(Closure::as_ref(&open).unchecked_ref()));
        socket.set_onmessage(Some(Closure::as_ref(&message).unchecked_ref()));
        socket.set_onclose(Some(Closure::as_ref(&close).unchecked_ref()));
        socket.set_onerror(Some(Closure::as_ref(&error).unchecked_ref()));
        Self {
            _open: open,
            _message: message,
            _close: close,
            _error: error,
        }
    }
}

impl State {
    fn receive(&mut self, event: &MessageEvent) {
        let Ok(buffer) = event.data().dyn_into::<js_sys::ArrayBuffer>() else {
            self.fail("the bridge sent text instead of bytes");
            return;
        };
        let bytes = Bytes::from(js_sys::Uint8Array::new(&buffer).to_vec());
        self.unread += bytes.len();
        if self.unread > UNREAD {
            self.fail("the bridge sent more than anybody could have asked for");
        } else if !bytes.is_empty() {
            self.received.push_back(bytes);
        }
    }

    fn close(&mut self, event: &CloseEvent) {
        let reason = event.reason();
        let colon = if reason.is_empty() { "" } else { ": " };
        let why = format!(
            "the bridge closed the connection with {}{colon}{reason}",
            event.code()
        );
        self.fail(&why);
    }

    fn fail(&mut self, why: &str) {
        if self.closed.is_none() {
            self.closed = Some(why.to_owned());
        }
    }
}

impl ByteStream for WebSocketStream {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, Lost>> {
        let mut state = self.state.borrow_mut();
        if let Some(bytes) = state.received.pop_front() {
            state.unread -= bytes.len();
            return Poll::Ready(Ok(bytes));
        }
        if let Some(why) = &state.closed {
            return Poll::Ready(Err(why.clone().into()));
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn poll_transmit(
        &mut self,
        cx: &mut Context<'_>,
        queue: &mut VecDeque<Bytes>,
    ) -> Poll<Result<usize, Lost>> {
        loop {
            while !queue.is_empty() && self.socket.buffered_amount() < BUFFERED {
                let message = next_message(queue);
                if let Err(error) = self.socket.send_with_u8_array(&message) {
                    let why = said(&error).unwrap_or_else(|| "the WebSocket takes no bytes".to_owned());
                    return Poll::Ready(Err(why.into()));
                }
                self.handed += message.len() as u64;
            }
            let gone = self
                .handed
                .saturating_sub(u64::from(self.socket.buffered_amount()));
            if gone > self.reported {
                let count = gone - self.reported;
                self.reported = gone;
                return Poll::Ready(Ok(usize::try_from(count).unwrap_or(usize::MAX)));
            }
            if self.handed == self.reported && queue.is_empty() {
                self.look = None;
                return Poll::Pending;
            }
            let look = self.look.get_or_insert_with(|| WebSleep::new(LOOK_AGAIN));
            if Pin::new(look).poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.look = None;
        }
    }
}

impl Drop for WebSocketStream {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.set_onerror(None);
        // Fails only for a wrong code, and this has none.
        let _ = self.socket.close();
    }
}
