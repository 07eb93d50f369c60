//! What the machine gives a SIP user agent and no async runtime is needed for.
//!
//! The core (`sansip-core`) has no clock, no chance, no files and no sound card of its own. This crate has them, in a
//! form that every runtime adapter shares: a [`clock`] that counts suspend, [`entropy`] for the agent's seed, the local
//! [`addresses`], [`wav`] files at any rate, a [`resample`]r, and the [`sound`] card. With these the [`driver`] runs an agent
//! on any async runtime.
//!
//! It has no sockets, timers or tasks of its own: those belong to the adapters, which hand them to the driver.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod addresses;
pub mod clock;
pub mod driver;
pub mod entropy;
pub mod resample;
pub mod sound;
pub mod wav;
