//! Drives [`sansip_core`] with tokio: sockets, name lookups, files, the clock and sound.
//!
//! No protocol rule lives here. The crate carries out what the core asks for and hands in what happens; applications get
//! handles that can be cloned and sent to any thread:
//!
//! - [`Agent`]: a running user agent. Dropping its last handle ends its calls and closes its sockets.
//! - [`Session`]: one call. Commands return at once; [`Session::established`], [`Session::ended`] and [`Session::next`]
//!   wait.
//! - [`Notifications`]: everything the agent tells, in order.
//! - [`AudioSource`], [`AudioSink`], [`AudioChannel`]: what a call says and where its sound goes: the sound card, a tone,
//!   a WAV file, or the application's own samples.
//!
//! ```no_run
//! use sansip_tokio::sansip_core::agent::Account;
//! use sansip_tokio::{Agent, AgentOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let mut options = AgentOptions::default();
//! options.accounts.push(Account::new("alice@example.com")?);
//! let (agent, _notifications) = Agent::start(options).await?;
//! let session = agent.call("sip:bob@example.com")?;
//! session.established().await?;
//! session.ended().await;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod agent;
mod audio;
mod failure;
mod files;
mod net;
mod notifications;
mod queue;
mod record;
mod session;
mod shared;

pub use agent::{Agent, AgentOptions, DriverStatistics, StartError};
pub use audio::{AudioChannel, AudioSink, AudioSource, ChannelClosed, PlayError, Samples, SoundDefaults};
pub use notifications::Notifications;
pub use session::{Ended, Session, SessionFailure};

// Their types appear in this crate's interface.
pub use sansip_core;
pub use sansip_host;

/// The examples of the README are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
