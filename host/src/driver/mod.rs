//! The driver of an agent: carries out what the core asks for and hands in what happens, on any async runtime.
//!
//! All of it but the runtime is here, written once for every adapter: the turns that the core takes ([`Agent`]), sessions
//! ([`Session`]), notifications, sound, files, and the rules by which sockets are read and written. What only a runtime
//! has comes from an adapter's [`Runtime`]: tasks, threads for what blocks, timers, sockets. The futures wait with wakers
//! alone, and so run wherever they are polled.
//!
//! Applications use an adapter (`sansip-tokio`, `sansip-async-std`), which gives all of this under its own name. Who has
//! another runtime implements [`Runtime`] for it, and uses `Agent<ThatRuntime>`.
//!
//! No protocol rule lives here.

mod agent;
mod audio;
mod failure;
mod files;
mod net;
mod notifications;
mod promise;
mod queue;
mod record;
mod runtime;
mod session;
mod shared;
mod task;
mod watched;

pub use agent::{Agent, AgentOptions, DriverStatistics, StartError};
pub use audio::{AudioChannel, AudioSink, AudioSource, ChannelClosed, PlayError, Samples, SoundDefaults};
pub use notifications::Notifications;
pub use runtime::{Connecting, Datagrams, Listener, Runtime, Stream, Timer, Work};
pub use session::{Ended, Session, SessionFailure};
