//! The simulated cluster behind real TCP listeners on loopback, within the test's own runtime.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ottla_broker::{ConnId, Endpoint, Micros, NewTopic, NodeId, Settings};
use ottla_sim::{Cluster, ClusterSetup, Delays, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

type Command = Box<dyn FnOnce(&mut Cluster, Micros) + Send>;

enum Event {
    Accepted(NodeId, TcpStream),
    Received(ConnId, Bytes),
    Gone(ConnId),
    Command(Command),
}

/// A running cluster; it stops when the test's runtime does.
pub struct TestCluster {
    events: mpsc::UnboundedSender<Event>,
    /// `host:port` of every broker.
    pub bootstrap: String,
}

impl TestCluster {
    /// Brokers 1 to `brokers`, with settings to taste.
    pub async fn start(brokers: NodeId, settle: impl FnOnce(&mut Settings)) -> Self {
        let (events, inbox) = mpsc::unbounded_channel();
        let mut endpoints = BTreeMap::new();
        let mut addresses = Vec::new();
        for node in 1..=brokers {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
            let port = listener.local_addr().expect("a bound listener has an address").port();
            addresses.push(format!("127.0.0.1:{port}"));
            endpoints.insert(
                node,
                Endpoint {
                    host: "127.0.0.1".to_owned(),
                    port: i32::from(port),
                    rack: None,
                },
            );
            tokio::spawn(accept(node, listener, events.clone()));
        }
        let mut settings = Settings::default();
        settle(&mut settings);
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let cluster = Cluster::new(ClusterSetup {
            seed: 1,
            cluster_id: "test".to_owned(),
            brokers: endpoints,
            settings,
            delays: Delays::default(),
            epoch_ms: i64::try_from(epoch.as_millis()).expect("before the year 292278994"),
            observe: false,
        });
        tokio::spawn(run(cluster, inbox, events.clone()));
        Self {
            events,
            bootstrap: addresses.join(","),
        }
    }

    /// Does something to the cluster.
    pub async fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Cluster, Micros) -> T + Send + 'static,
    ) -> T {
        let (answer, answered) = oneshot::channel();
        let command: Command = Box::new(move |cluster, now| {
            let _ = answer.send(act(cluster, now));
        });
        assert!(self.events.send(Event::Command(command)).is_ok(), "the cluster runs");
        answered.await.expect("the cluster answers")
    }

    /// Creates a topic.
    pub async fn topic(&self, name: &str, partitions: i32, replication_factor: i16) {
        let topic = NewTopic {
            name: name.to_owned(),
            partitions,
            replication_factor,
            assignments: Vec::new(),
            configs: Vec::new(),
        };
        let outcome = self.with(move |cluster, now| cluster.create_topic(now, &topic)).await;
        assert!(outcome.error.is_ok(), "{outcome:?}");
    }
}

async fn accept(node: NodeId, listener: TcpListener, events: mpsc::UnboundedSender<Event>) {
    while let Ok((stream, _)) = listener.accept().await {
        if events.send(Event::Accepted(node, stream)).is_err() {
            return;
        }
    }
}

async fn run(mut cluster: Cluster, mut inbox: mpsc::UnboundedReceiver<Event>, events: mpsc::UnboundedSender<Event>) {
    let start = Instant::now();
    let now = || start.elapsed().as_micros() as Micros;
    let mut writers: HashMap<ConnId, mpsc::UnboundedSender<Bytes>> = HashMap::new();
    loop {
        let at = loop {
            match cluster.poll(now()) {
                Output::Send { conn, bytes } => {
                    if let Some(writer) = writers.get(&conn) {
                        let _ = writer.send(bytes);
                    }
                }
                Output::Close { conn, .. } => drop(writers.remove(&conn)),
                Output::Wait { at } => break at,
            }
        };
        let pause = Duration::from_micros(at.saturating_sub(now()).min(1_000_000));
        let event = tokio::select! {
            event = inbox.recv() => event,
            () = tokio::time::sleep(pause) => continue,
        };
        match event {
            Some(Event::Accepted(node, stream)) => {
                if let Some(conn) = cluster.connect(node) {
                    let (writer, queue) = mpsc::unbounded_channel();
                    writers.insert(conn, writer);
                    tokio::spawn(serve(conn, stream, queue, events.clone()));
                }
            }
            Some(Event::Received(conn, bytes)) => cluster.receive(now(), conn, bytes),
            Some(Event::Gone(conn)) => {
                writers.remove(&conn);
                cluster.disconnect(conn);
            }
            Some(Event::Command(command)) => command(&mut cluster, now()),
            None => return,
        }
    }
}

async fn serve(
    conn: ConnId,
    stream: TcpStream,
    mut queue: mpsc::UnboundedReceiver<Bytes>,
    events: mpsc::UnboundedSender<Event>,
) {
    let (mut reader, mut writer) = stream.into_split();
    let reading = async {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = reader.read(&mut buffer).await {
            let bytes = Bytes::copy_from_slice(&buffer[..count]);
            if events.send(Event::Received(conn, bytes)).is_err() {
                return;
            }
        }
    };
    let writing = async {
        while let Some(bytes) = queue.recv().await {
            if writer.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    // The cluster ends a connection by dropping its queue, the client by closing.
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
    let _ = events.send(Event::Gone(conn));
}
