//! WebSocket to Kafka, safe by default.
//!
//! A WebSocket carries the byte stream of Kafka's protocol to one broker. The client never names an address: it asks
//! for `/k/{cluster}/{node}`, or `/any` to find the brokers, with subprotocol [`SUBPROTOCOL`]. The bridge reads every
//! request completely and authorises it before a byte of it reaches a broker; answers lose every broker address.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let config = ottla_bridge::Config::from_file("bridge.toml")?;
//! eprintln!("{}", config.check());
//! let bridge = ottla_bridge::Bridge::bind(config).await?;
//! eprintln!("listening on {:?}", bridge.local_addrs());
//! bridge.run(async { tokio::signal::ctrl_c().await.unwrap_or(()) }).await;
//! # Ok(())
//! # }
//! ```

mod admin;
mod admission;
mod budget;
mod close;
mod cluster;
pub mod config;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gateway;
mod metrics;
mod policy;
mod server;
mod session;
mod socket;
mod upgrade;
mod workers;
mod ws;

pub use close::CloseCode;
pub use config::{Config, ConfigError, ConfigErrors};
pub use server::{BindError, BoundBridge, Bridge};
pub use upgrade::SUBPROTOCOL;
