//! The simulator: whole agents on a made-up network, under a clock that jumps.
//!
//! Everything is drawn from one seed, so that a run repeats byte for byte: [`World::trace`] is the witness. An
//! application can put its own logic on top of an agent here and test it without sockets, sound card or waiting.
//!
//! - [`World`]: the clock, the network, the hosts and the peers; [`World::step`] jumps to the next event.
//! - [`Host`]: a [`UserAgent`](crate::agent::UserAgent) with the machine it runs on: sockets, names, a disk, sound.
//! - [`ScriptedPeer`], [`ScriptedCall`]: an endpoint without an agent, which says what the test tells it to say.
//! - [`Network`], [`Link`], [`Burst`]: latency, jitter, loss, duplication, reordering, partitions; datagrams and
//!   streams.
//! - [`Pair`]: two agents ready to call each other.
//!
//! It is for tests: it panics when a test uses it wrongly (an id of another world) and when an agent misbehaves (an
//! endless loop of outputs), and it keeps what it saw in memory.

mod audio;
mod disk;
mod host;
mod log;
mod network;
mod pair;
mod peer;
mod script;
mod story;
mod stream;
mod world;

pub use audio::AudioSource;
pub use disk::Disk;
pub use host::{Host, HostId};
pub use log::{LogEntry, LogLine};
pub use network::{Burst, Link, Network, NetworkCounts};
pub use pair::{Pair, Side};
pub use peer::{Path, PeerId, Received, ReceivedMedia, ScriptedPeer, Wire};
pub use script::{ScriptedCall, rtp_packet};
pub use story::tell;
pub use stream::{End, StreamId};
pub use world::{Timeout, World};
