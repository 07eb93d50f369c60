//! [`sansip_core`] on tokio: an agent with sockets, timers, files and sound.
//!
//! No protocol rule lives here, and nothing that another runtime could share: the driver of an agent is
//! [`sansip_host::driver`], and this crate lends it tokio's tasks, timers and sockets ([`Tokio`]). Applications get handles
//! that can be cloned and sent to any thread:
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

mod net;
mod runtime;
mod timer;

pub use runtime::Tokio;

/// A running user agent on tokio: [`sansip_host::driver::Agent`], with all of its methods.
pub type Agent = sansip_host::driver::Agent<Tokio>;

#[doc(inline)]
pub use sansip_host::driver::{
    AgentOptions, AudioChannel, AudioSink, AudioSource, ChannelClosed, DriverStatistics, Ended, Notifications,
    PlayError, Samples, Session, SessionFailure, SoundDefaults, StartError,
};

// Their types appear in this crate's interface.
pub use sansip_core;
pub use sansip_host;

/// The examples of both READMEs are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../README.md")]
struct Readme;
