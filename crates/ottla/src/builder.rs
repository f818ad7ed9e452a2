//! From options to a running producer.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use ottla_core::Instant;
use ottla_core::config::{Config, Notice, Platform};
use ottla_core::trace::{Envelope, Event, Level};

#[cfg(feature = "hooks")]
use crate::around::Listener;
use crate::around::Wanted;
use crate::backlog::Listeners;
use crate::driver::Driver;
use crate::error::StartError;
use crate::hooks::{MaybeSend, TraceSink};
#[cfg(feature = "hooks")]
use crate::hot_partition::HotPartition;
#[cfg(feature = "hooks")]
use crate::interceptor::Interceptor;
#[cfg(feature = "hooks")]
use crate::partitioner::Partitioner;
use crate::producer::Producer;
use crate::rt::{Clock, seed};
use crate::shared::Shared;
use crate::transport::{Connect, Timers};

/// A producer that is being configured.
pub struct Builder {
    platform: Platform,
    options: Vec<(String, String)>,
    #[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
    origin: Option<String>,
    #[cfg(all(feature = "sasl", not(target_arch = "wasm32")))]
    tokens: Option<crate::rt::tokio::TokenCallback>,
    trace: Option<(Level, TraceSink)>,
    around: Wanted,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            platform: if cfg!(target_arch = "wasm32") {
                Platform::Browser
            } else {
                Platform::Native
            },
            options: Vec::new(),
            #[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
            origin: None,
            #[cfg(all(feature = "sasl", not(target_arch = "wasm32")))]
            tokens: None,
            trace: None,
            around: Wanted::default(),
        }
    }

    /// `bootstrap.servers`: `host:port,host:port`, or bridges as `wss://host/k/cluster`.
    #[must_use]
    pub fn bootstrap_servers(self, servers: impl Into<String>) -> Self {
        self.set("bootstrap.servers", servers)
    }

    /// Sets an option by Kafka's name. Mistakes are all reported by `start`.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }

    /// Sets an option whatever it was set to.
    #[cfg(all(feature = "spool", not(target_arch = "wasm32")))]
    pub(crate) fn replace(mut self, name: &str, value: String) -> Self {
        self.options.retain(|(other, _)| other != name);
        self.set(name, value)
    }

    /// Sets many options.
    #[must_use]
    pub fn set_all<N: Into<String>, V: Into<String>>(
        mut self,
        options: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.options.extend(
            options
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        self
    }

    /// The platform, where it is not evident from the build.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// The `Origin` that bridges see. Browsers send their own; a bridge refuses a WebSocket without one.
    #[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Gives the token of `sasl.mechanism=OAUTHBEARER`. Called for each login: when a connection opens, and again before
    /// its session ends (KIP-368). The error is one line for people, and fails what waits.
    #[cfg(all(feature = "sasl", not(target_arch = "wasm32")))]
    #[must_use]
    pub fn oauth_token<F, T>(mut self, provide: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<ottla_core::sasl::Token, String>> + Send + 'static,
    {
        self.tokens = Some(crate::rt::tokio::TokenCallback::new(provide));
        self
    }

    /// Writes a trace to a sink, which runs on the driver's task and should be quick.
    #[must_use]
    pub fn trace(mut self, level: Level, sink: impl FnMut(Envelope) + MaybeSend + 'static) -> Self {
        self.trace = Some((level, Box::new(sink)));
        self
    }

    /// Sets the options of a `.properties` file, one call after the other: the last value of an option holds.
    ///
    /// # Errors
    /// When the file cannot be read. Mistakes in it are reported by `start`.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn properties_file(self, path: impl AsRef<std::path::Path>) -> Result<Self, StartError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|error| StartError::File {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
        Ok(self.set_all(crate::sources::properties(&text)))
    }

    /// Sets the options that are in the environment: `OTTLA_PRODUCER_LINGER_MS` is `linger.ms`. A variable that begins
    /// like this and is no option is refused by `start`, as any unknown option is.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn environment(self) -> Self {
        self.environment_with(crate::sources::ENVIRONMENT_PREFIX)
    }

    /// As [`environment`](Self::environment), with another prefix. A value that is not Unicode is passed over.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn environment_with(self, prefix: &str) -> Self {
        let variables = std::env::vars_os();
        let text =
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        self.set_all(crate::sources::environment(prefix, text))
    }

    /// Adds an interceptor behind those that are there: it sees every record before it is sent, and hears of its fate.
    #[cfg(feature = "hooks")]
    #[must_use]
    pub fn interceptor(mut self, interceptor: impl Interceptor + 'static) -> Self {
        self.around.interceptors.add(Box::new(interceptor));
        self
    }

    /// Lets the application choose the partitions of records that name none.
    #[cfg(feature = "hooks")]
    #[must_use]
    pub fn partitioner(mut self, partitioner: impl Partitioner + 'static) -> Self {
        self.around.partitioner = Some(Box::new(partitioner));
        self
    }

    /// Calls back when one partition of a topic gets far more than its share; [`HotPartition`] has the thresholds. The
    /// callback runs on the driver's task.
    #[cfg(feature = "hooks")]
    #[must_use]
    pub fn on_hot_partition(mut self, listener: impl FnMut(&HotPartition) + MaybeSend + 'static) -> Self {
        self.around.listener = Listener(Some(Box::new(listener)));
        self
    }

    /// Checks the configuration without starting anything.
    ///
    /// # Errors
    /// Every mistake that is in it.
    pub fn check(&self) -> Result<Config, StartError> {
        let mut config = Config::parse_for(
            self.platform,
            self.options.iter().map(|(name, value)| (name, value)),
        )
        .map_err(StartError::Config)?;
        if config.client_id().is_empty() {
            static NUMBER: AtomicU32 = AtomicU32::new(1);
            config.set_client_id(format!("producer-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        }
        Ok(config)
    }

    /// The producer and what its driver needs.
    pub(crate) fn assemble(self) -> Result<Parts, StartError> {
        let config = self.check()?;
        let notices: Vec<Notice> = config.notices().to_vec();
        let clock = Clock::new();
        let (hooks, around, interceptors, hot_partitions) = self.around.parts(&config);
        let mut core = ottla_core::Producer::with_extensions(config.clone(), seed(), hooks);
        let trace = self.trace.map(|(level, sink)| {
            core.set_trace(clock.now(), level);
            dated(sink, clock.wall_millis(Instant::ZERO))
        });
        let shared = Shared::new(core, clock, around, interceptors, trace.is_some());
        let shared = std::sync::Arc::new(shared);
        Ok(Parts {
            producer: Producer::new(shared.clone(), notices),
            shared,
            config,
            listeners: Listeners {
                trace,
                hot_partitions,
            },
        })
    }

    /// A producer on another network or runtime, and its driver: a future that the caller runs until it is ready.
    ///
    /// # Errors
    /// Every mistake of the configuration.
    pub fn start_with<C: Connect, T: Timers>(
        self,
        connect: C,
        timers: T,
    ) -> Result<(Producer, Driver<C, T>), StartError> {
        let parts = self.assemble()?;
        Ok((
            parts.producer,
            Driver::new(parts.shared, connect, timers, parts.listeners),
        ))
    }

    /// Starts the producer on the tokio runtime of the caller. Connects when the first record is sent.
    ///
    /// # Errors
    /// Every mistake of the configuration, or that there is no runtime.
    #[cfg(all(feature = "tokio", not(target_arch = "wasm32")))]
    pub fn start(self) -> Result<Producer, StartError> {
        use crate::rt::tokio::{Network, TokioTimers};

        let runtime = tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let origin = self.origin.clone();
        #[cfg(feature = "sasl")]
        let tokens = self.tokens.clone();
        let parts = self.assemble()?;
        let refused = |error| StartError::Config(vec![error]);
        let mut network = Network::new(&parts.config).map_err(refused)?;
        network.origin = origin;
        #[cfg(feature = "sasl")]
        network.set_token_callback(tokens).map_err(refused)?;
        runtime.spawn(Driver::new(parts.shared, network, TokioTimers, parts.listeners));
        Ok(parts.producer)
    }

    /// Starts the producer in a page or worker. Connects when the first record is sent.
    ///
    /// # Errors
    /// Every mistake of the configuration.
    #[cfg(all(feature = "web", target_arch = "wasm32"))]
    pub fn start(self) -> Result<Producer, StartError> {
        use crate::rt::web::{WebSockets, WebTimers};

        let (producer, driver) = self.start_with(WebSockets, WebTimers)?;
        wasm_bindgen_futures::spawn_local(driver);
        Ok(producer)
    }
}

/// Tells the trace what the wall clock said at its zero, which the core cannot know.
fn dated(mut sink: TraceSink, zero: i64) -> TraceSink {
    Box::new(move |mut envelope| {
        if let Event::Started { epoch_ms, .. } = &mut envelope.event {
            epoch_ms.get_or_insert(zero);
        }
        sink(envelope);
    })
}

pub(crate) struct Parts {
    pub(crate) producer: Producer,
    pub(crate) shared: std::sync::Arc<Shared>,
    #[cfg_attr(
        not(feature = "tokio"),
        expect(dead_code, reason = "sockets of other runtimes have no options")
    )]
    pub(crate) config: Config,
    pub(crate) listeners: Listeners,
}
