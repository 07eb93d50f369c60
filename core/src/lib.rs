//! A SIP user agent as a pure state machine.
//!
//! Nothing here opens a socket, reads a clock, starts a thread or touches a file: the crate is `no_std` and the
//! compiler proves it. A [`agent::UserAgent`] eats datagrams, stream bytes, replies and time, and gives back bytes to
//! send, requests to the machine it runs on, and notifications.
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod agent;
pub mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod ids;
pub mod io;
pub mod limits;
pub mod machines;
pub mod middleware;
pub mod rng;
#[cfg(feature = "sim")]
pub mod sim;
pub mod time;
pub mod timers;
pub mod trace;
pub mod wire;
