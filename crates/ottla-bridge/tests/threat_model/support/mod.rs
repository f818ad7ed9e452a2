//! A bridge, brokers and clients for the tests.

pub(crate) mod broker;
pub(crate) mod client;

use std::net::SocketAddr;

use ottla_bridge::{Bridge, Config};
use ottla_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use broker::FakeCluster;
pub(crate) use client::Client;

pub(crate) const ORIGIN: &str = "https://shop.example.com";

/// A running bridge; stops when dropped.
pub(crate) struct TestBridge {
    /// For web pages of [`ORIGIN`].
    pub(crate) browser: SocketAddr,
    /// For programs.
    pub(crate) server: SocketAddr,
    pub(crate) admin: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl TestBridge {
    /// A bridge to `cluster` that allows `clicks` and `shop-*`.
    pub(crate) async fn start(cluster: &FakeCluster) -> Self {
        Self::with_limits(cluster, "").await
    }

    pub(crate) async fn with_limits(cluster: &FakeCluster, limits: &str) -> Self {
        Self::custom(
            &cluster.bootstrap(),
            r#"topics = ["clicks", "shop-*"]"#,
            "",
            limits,
        )
        .await
    }

    pub(crate) async fn custom(bootstrap: &[String], topics: &str, listener: &str, limits: &str) -> Self {
        let text = format!(
            r#"
            [[listener]]
            bind = "127.0.0.1:0"
            class = "browser"
            origins = ["{ORIGIN}"]
            {listener}
            [[listener]]
            bind = "127.0.0.1:0"
            class = "server"
            {listener}
            [[cluster]]
            name = "main"
            bootstrap = {bootstrap:?}
            {topics}
            [admin]
            bind = "127.0.0.1:0"
            [limits]
            {limits}
            "#
        );
        let config = Config::from_toml_str(&text).unwrap_or_else(|errors| panic!("{errors}"));
        let bound = Bridge::bind(config).await.unwrap();
        let (browser, server) = (bound.local_addrs()[0], bound.local_addrs()[1]);
        let admin = bound.admin_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(bound.run(async { stopped.await.unwrap_or(()) }));
        Self {
            browser,
            server,
            admin,
            stop: Some(stop),
            running: Some(running),
        }
    }

    /// Asks it to shut down, without waiting.
    pub(crate) fn shut_down(&mut self) {
        self.stop.take();
    }

    /// Waits until it has shut down.
    pub(crate) async fn finished(mut self) {
        self.running.take().unwrap().await.unwrap();
    }

    /// A connection as a program makes it.
    pub(crate) async fn connect(&self, node: &str) -> Client {
        Client::connect(self.server, &format!("/k/main/{node}"), None)
            .await
            .unwrap()
    }

    /// A connection that has got an answer, so the bridge has dialled the broker.
    pub(crate) async fn open(&self, node: &str) -> Client {
        let mut client = self.connect(node).await;
        client
            .ask::<_, ApiVersionsResponse>(3, &ApiVersionsRequest::default())
            .await
            .unwrap();
        client
    }

    /// One line of the metrics page.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        client::metric(self.admin, name).await
    }

    /// Waits until a metric is as wanted.
    pub(crate) async fn until_metric(&self, name: &str, wanted: impl Fn(f64) -> bool) {
        let waits = async {
            while !wanted(self.metric(name).await) {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(client::PATIENCE, waits).await.is_err() {
            panic!(
                "{name} is not as wanted in
{}",
                client::get(self.admin, "/metrics").await
            );
        }
    }
}
