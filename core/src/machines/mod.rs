//! The protocols' state machines, one concern each. They hold state and read time and chance from what is handed to them;
//! what they want done goes into the sink they are handed, and is carried out where machines meet
//! ([`agent`](crate::agent)).

use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::ids::Ids;
use crate::io::Channel;
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::Timers;
use crate::wire::sip::Transport;

pub mod auth;
pub mod dialog;
pub mod locate;
pub mod media;
pub mod offer_answer;
pub mod transaction;
pub mod transport;
pub mod uac;

/// What a machine is handed with every event: the time, chance, the timers, and the sink for what it wants done.
pub struct Cx<'a, E> {
    /// The moment of the event.
    pub now: Instant,
    /// The machine's own stream of chance.
    pub rng: &'a mut Rng,
    /// Gives new ids.
    pub ids: &'a mut Ids,
    /// The agent's timers.
    pub timers: &'a mut Timers,
    /// Where effects go, in the order in which they are to be carried out.
    pub out: &'a mut dyn Sink<E>,
}

/// Takes what a machine wants done.
pub trait Sink<E> {
    /// Adds one effect behind those before.
    fn put(&mut self, effect: E);
}

impl<E> Sink<E> for Vec<E> {
    fn put(&mut self, effect: E) {
        self.push(effect);
    }
}

/// The next element on a message's way, as far as the transport layer needs it: by what, and where to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hop {
    /// The transport protocol.
    pub transport: Transport,
    /// The socket or connection.
    pub channel: Channel,
    /// The peer's address.
    pub remote: SocketAddr,
}
