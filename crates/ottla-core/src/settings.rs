//! The configuration as the hot paths want it: plain numbers.

use alloc::sync::Arc;
use core::time::Duration;

use ottla_wire::codec::Codec;

use crate::backoff::Backoff;
use crate::config::{Acks, Ambiguity, Compression, Config, PartitionerClass, Platform, RecoveryStrategy};

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) client_id: Arc<str>,
    pub(crate) acks: Acks,
    pub(crate) retries: u32,
    pub(crate) max_in_flight: usize,
    pub(crate) linger: Duration,
    pub(crate) batch_size: usize,
    pub(crate) max_request_size: usize,
    pub(crate) buffer_memory: usize,
    pub(crate) max_block: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) delivery_timeout: Duration,
    pub(crate) codec: Codec,
    pub(crate) level: Option<i32>,
    pub(crate) round_robin: bool,
    pub(crate) ignore_keys: bool,
    pub(crate) adaptive: bool,
    /// `None`: partitions of brokers that take nothing are not avoided.
    pub(crate) availability_timeout: Option<Duration>,
    pub(crate) retry_backoff: Backoff,
    pub(crate) reconnect_backoff: Backoff,
    pub(crate) setup_timeout: Backoff,
    pub(crate) max_idle: Option<Duration>,
    pub(crate) metadata_max_age: Duration,
    pub(crate) metadata_max_idle: Duration,
    /// How long metadata may fail before the bootstrap addresses are tried again; `None` for never.
    pub(crate) rebootstrap_after: Option<Duration>,
    pub(crate) fail_ambiguous: bool,
    /// Who logs in to brokers, if anybody.
    #[cfg(feature = "sasl")]
    pub(crate) credentials: Option<crate::sasl::Credentials>,
    /// Bytes that may be handed to a connection and not be written yet.
    pub(crate) write_allowance: u64,
}

/// A page's WebSocket buffers whatever it is given in the page's own memory.
const BROWSER_ALLOWANCE: u64 = 1 << 20;
const NATIVE_ALLOWANCE: u64 = 4 << 20;

impl Settings {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            client_id: config.client_id().into(),
            acks: config.acks(),
            retries: config.retries(),
            max_in_flight: config.max_in_flight(),
            linger: config.linger(),
            batch_size: config.batch_size().max(1),
            max_request_size: config.max_request_size(),
            buffer_memory: config.buffer_memory(),
            max_block: config.max_block(),
            request_timeout: config.request_timeout(),
            delivery_timeout: config.delivery_timeout(),
            codec: match config.compression() {
                Compression::None => Codec::None,
                Compression::Gzip => Codec::Gzip,
                Compression::Snappy => Codec::Snappy,
                Compression::Lz4 => Codec::Lz4,
                Compression::Zstd => Codec::Zstd,
            },
            level: config.compression_level(),
            round_robin: config.partitioner() == PartitionerClass::RoundRobin,
            ignore_keys: config.ignore_keys(),
            adaptive: config.adaptive_partitioning(),
            availability_timeout: config.availability_timeout(),
            retry_backoff: Backoff::new(config.retry_backoff(), config.retry_backoff_max()),
            reconnect_backoff: Backoff::new(config.reconnect_backoff(), config.reconnect_backoff_max()),
            setup_timeout: Backoff::new(
                config.connection_setup_timeout(),
                config.connection_setup_timeout_max(),
            ),
            max_idle: config.connections_max_idle(),
            metadata_max_age: config.metadata_max_age(),
            metadata_max_idle: config.metadata_max_idle(),
            rebootstrap_after: match config.recovery_strategy() {
                RecoveryStrategy::Rebootstrap => Some(config.rebootstrap_trigger()),
                RecoveryStrategy::None => None,
            },
            fail_ambiguous: config.ambiguity() == Ambiguity::Fail,
            #[cfg(feature = "sasl")]
            credentials: config.credentials(),
            write_allowance: match config.platform() {
                Platform::Native => NATIVE_ALLOWANCE,
                Platform::Browser | Platform::Edge => BROWSER_ALLOWANCE,
            },
        }
    }
}
