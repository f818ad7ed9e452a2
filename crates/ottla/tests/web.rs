//! The client as a page runs it: WebSockets, timers and events of JavaScript, in front of simulated brokers that live
//! in the same module. The `WebSocket` is a stand-in, so that the tests run in Node as well.
#![cfg(all(feature = "web", target_arch = "wasm32"))]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use ottla::{Builder, ErrorKind, Producer, Record};
use ottla_broker::{ConnId, Endpoint, NewTopic, Settings};
use ottla_sim::{Cluster, ClusterSetup, Delays, Output};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

/// Buffers what is sent for a moment, as a real one does; `peers` decides what happens then.
const STAND_IN: &str = r#"
globalThis.sockets = [];
globalThis.WebSocket = class {
  constructor(url, protocol) {
    Object.assign(this, { url, protocol, bufferedAmount: 0, binaryType: 'blob', largest: 0 });
    this.id = sockets.push(this) - 1;
    setTimeout(() => globalThis.dialled(this.id, url));
  }
  send(bytes) {
    if (this.binaryType !== 'arraybuffer') throw new Error('blobs were asked for');
    const copy = bytes.slice();
    this.bufferedAmount += copy.length;
    this.largest = Math.max(this.largest, this.bufferedAmount);
    setTimeout(() => { this.bufferedAmount -= copy.length; globalThis.arrived(this.id, copy) }, 2);
  }
  close() { this.gone = true; globalThis.left(this.id) }
};
"#;

#[wasm_bindgen]
extern "C" {
    type StandIn;
    #[wasm_bindgen(method, getter)]
    fn url(this: &StandIn) -> String;
    #[wasm_bindgen(method, getter)]
    fn protocol(this: &StandIn) -> String;
    #[wasm_bindgen(method, getter)]
    fn largest(this: &StandIn) -> f64;
}

fn socket(id: u32) -> StandIn {
    let sockets =
        js_sys::Reflect::get(&js_sys::global(), &"sockets".into()).expect("the stand-in is installed");
    js_sys::Array::from(&sockets).get(id).unchecked_into()
}

fn sockets() -> Vec<StandIn> {
    let sockets =
        js_sys::Reflect::get(&js_sys::global(), &"sockets".into()).expect("the stand-in is installed");
    js_sys::Array::from(&sockets)
        .iter()
        .map(JsCast::unchecked_into)
        .collect()
}

/// Calls a handler of a socket with an event of these fields.
fn raise(id: u32, handler: &str, fields: &[(&str, JsValue)]) {
    let event = js_sys::Object::new();
    for (name, value) in fields {
        js_sys::Reflect::set(&event, &(*name).into(), value).expect("a plain object takes fields");
    }
    let handler = js_sys::Reflect::get(socket(id).as_ref(), &handler.into()).expect("sockets have handlers");
    if let Ok(handler) = handler.dyn_into::<js_sys::Function>() {
        handler
            .call1(&JsValue::NULL, &event)
            .expect("a handler does not throw");
    }
}

struct Peers {
    cluster: Cluster,
    conns: BTreeMap<u32, ConnId>,
    refuse: bool,
}

impl Peers {
    fn now() -> u64 {
        (js_sys::Date::now() * 1000.0) as u64
    }

    fn dialled(&mut self, id: u32, url: &str) {
        if self.refuse {
            return raise(id, "onerror", &[]);
        }
        let node = url
            .rsplit('/')
            .next()
            .and_then(|node| node.parse().ok())
            .unwrap_or(1);
        let conn = self.cluster.connect(node).expect("the broker is up");
        self.conns.insert(id, conn);
        raise(id, "onopen", &[]);
    }

    /// Answers in pieces of seven bytes, because messages of a bridge are pieces of a stream.
    fn answers(&mut self) -> Vec<(u32, Bytes)> {
        let mut answers = Vec::new();
        loop {
            match self.cluster.poll(Self::now()) {
                Output::Send { conn, bytes } => {
                    let id = self
                        .conns
                        .iter()
                        .find(|(_, other)| **other == conn)
                        .map(|(id, _)| *id);
                    let pieces = bytes.chunks(7).map(Bytes::copy_from_slice);
                    answers.extend(
                        id.into_iter()
                            .flat_map(|id| pieces.clone().map(move |piece| (id, piece))),
                    );
                }
                Output::Close { .. } => {}
                Output::Wait { .. } => return answers,
            }
        }
    }
}

fn deliver(answers: Vec<(u32, Bytes)>) {
    for (id, bytes) in answers {
        let data = js_sys::Uint8Array::from(&bytes[..]).buffer();
        raise(id, "onmessage", &[("data", data.into())]);
    }
}

/// Installs the stand-in, and brokers behind it.
fn install() -> Rc<RefCell<Peers>> {
    js_sys::eval(STAND_IN).expect("the stand-in is valid JavaScript");
    let endpoint = |port| Endpoint {
        host: "unreachable.invalid".to_owned(),
        port,
        rack: None,
    };
    let mut cluster = Cluster::new(ClusterSetup {
        seed: 1,
        cluster_id: "web".to_owned(),
        brokers: (1..=2).map(|node| (node, endpoint(9092))).collect(),
        settings: Settings::default(),
        delays: Delays::default(),
        epoch_ms: 0,
        observe: false,
    });
    let topic = NewTopic {
        name: "t".to_owned(),
        partitions: 4,
        replication_factor: 1,
        assignments: Vec::new(),
        configs: Vec::new(),
    };
    assert!(cluster.create_topic(Peers::now(), &topic).error.is_ok());
    let peers = Rc::new(RefCell::new(Peers {
        cluster,
        conns: BTreeMap::new(),
        refuse: false,
    }));
    let global = |name: &str, function: JsValue| {
        js_sys::Reflect::set(&js_sys::global(), &name.into(), &function).expect("globals can be set");
    };
    let own = peers.clone();
    let dialled =
        Closure::<dyn FnMut(u32, String)>::new(move |id, url: String| own.borrow_mut().dialled(id, &url));
    global("dialled", dialled.into_js_value());
    let own = peers.clone();
    let arrived = Closure::<dyn FnMut(u32, Vec<u8>)>::new(move |id, bytes: Vec<u8>| {
        let answers = {
            let mut peers = own.borrow_mut();
            if let Some(conn) = peers.conns.get(&id).copied() {
                peers.cluster.receive(Peers::now(), conn, bytes.into());
            }
            peers.answers()
        };
        deliver(answers);
    });
    global("arrived", arrived.into_js_value());
    let own = peers.clone();
    let left = Closure::<dyn FnMut(u32)>::new(move |id| {
        let mut peers = own.borrow_mut();
        if let Some(conn) = peers.conns.remove(&id) {
            peers.cluster.disconnect(conn);
        }
    });
    global("left", left.into_js_value());
    peers
}

fn builder() -> Builder {
    Producer::builder().bootstrap_servers("wss://bridge.invalid/k/main")
}

#[wasm_bindgen_test]
async fn records_arrive_and_the_page_buffers_little() {
    let peers = install();
    let producer = builder()
        .set("compression.type", "lz4")
        .start()
        .expect("a valid configuration");
    let mut deliveries = Vec::new();
    for number in 0..400u32 {
        // Not compressible, so that there is something to buffer.
        let value: Vec<u8> = (0..8000u32)
            .map(|i| (i.wrapping_mul(number.wrapping_add(i)) >> 3) as u8)
            .collect();
        let key = number.to_string();
        deliveries.push(
            producer
                .send(Record::to("t").key(&key).value(value))
                .await
                .expect("there is room"),
        );
    }
    for delivery in deliveries {
        assert!(delivery.await.expect("it is delivered").offset >= 0);
    }
    producer
        .close(Duration::from_secs(5))
        .await
        .expect("everything is delivered");
    let stored: i64 = (0..4)
        .map(|partition| {
            let peers = peers.borrow();
            let logs = [1, 2].map(|node| peers.cluster.high_watermark(node, "t", partition));
            logs.into_iter()
                .flatten()
                .max()
                .expect("the partition has a leader")
        })
        .sum();
    assert_eq!(stored, 400);
    for socket in sockets() {
        assert_eq!(socket.protocol(), "kafka.v1");
        let path = socket.url();
        assert!(
            ["any", "1", "2"]
                .iter()
                .any(|node| path == format!("wss://bridge.invalid/k/main/{node}")),
            "{path}"
        );
        assert!(
            socket.largest() < (1 << 20) as f64 + 65_536.0,
            "{}",
            socket.largest()
        );
    }
}

#[wasm_bindgen_test]
async fn a_bridge_that_refuses_is_named() {
    install().borrow_mut().refuse = true;
    let producer = builder()
        .set("max.block.ms", "100")
        .start()
        .expect("a valid configuration");
    let delivery = producer
        .send(Record::to("t").value("v"))
        .await
        .expect("there is room");
    let error = delivery.await.expect_err("nobody answers");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(
        error
            .message()
            .contains("is the bridge up, and this origin allowed"),
        "{error}"
    );
}

#[wasm_bindgen_test]
async fn a_close_code_is_passed_on() {
    install();
    let lines = Rc::new(RefCell::new(String::new()));
    let sink = {
        let lines = lines.clone();
        move |envelope: ottla::trace::Envelope| {
            let line = format!("{:?}\n", envelope.event);
            lines.borrow_mut().push_str(&line);
        }
    };
    let producer = builder()
        .trace(ottla::trace::Level::Batch, sink)
        .start()
        .expect("a valid configuration");
    let delivery = producer
        .send(Record::to("t").value("v"))
        .await
        .expect("there is room");
    delivery.await.expect("it is delivered");
    for id in 0..sockets().len() as u32 {
        raise(
            id,
            "onclose",
            &[("code", 4408.into()), ("reason", "too slow".into())],
        );
    }
    let delivery = producer
        .send(Record::to("t").value("v"))
        .await
        .expect("there is room");
    delivery.await.expect("a new connection takes it");
    assert!(
        lines
            .borrow()
            .contains("closed the connection with 4408: too slow"),
        "{}",
        lines.borrow()
    );
    producer
        .close(Duration::from_secs(5))
        .await
        .expect("everything is delivered");
}

/// A page's timers, frames and events get their turn between two tasks, never between two microtasks.
#[wasm_bindgen_test]
async fn who_sends_without_end_lets_the_page_have_its_turn() {
    const MEMORY: usize = 256 << 20;
    install();
    let producer = builder()
        .set("buffer.memory", MEMORY.to_string())
        .set("linger.ms", "60000")
        .start()
        .expect("a valid configuration");
    let turns = Rc::new(RefCell::new(0));
    let counted = turns.clone();
    let tick = gloo::timers::callback::Interval::new(1, move || *counted.borrow_mut() += 1);
    while *turns.borrow() < 3 {
        // A sender that waits for room gives way in any case.
        assert!(producer.memory_used() < MEMORY / 2, "nothing else ran meanwhile");
        let sent = producer.send(Record::to("t").value(vec![b'x'; 1000])).await;
        drop(sent.expect("there is room"));
    }
    drop(tick);
    producer
        .close(Duration::ZERO)
        .await
        .expect_err("nothing was delivered in no time");
}

#[wasm_bindgen_test]
async fn a_page_has_no_tcp() {
    let error = Producer::builder()
        .bootstrap_servers("localhost:9092")
        .start()
        .expect_err("no TCP in a page");
    assert!(error.to_string().contains("web page"), "{error}");
}
