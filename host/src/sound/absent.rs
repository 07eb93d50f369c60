//! The sound system of a program that was built without one: it has no devices, and says why.

use std::convert::Infallible;

use super::device::{Device, Direction};
use super::notice::SoundTrouble;
use super::ring::Port;
use super::watch::{Found, SoundSystem};

/// No sound cards.
pub(crate) struct Cards;

impl Cards {
    pub(crate) fn new() -> Cards {
        Cards
    }

    pub(crate) fn devices(&mut self) -> Result<Vec<Device>, SoundTrouble> {
        Err(SoundTrouble::NotBuilt)
    }
}

impl SoundSystem for Cards {
    type Device = Infallible;
    type Stream = Infallible;

    fn default_id(&mut self, _direction: Direction) -> Option<String> {
        None
    }

    fn find(&mut self, _direction: Direction, _wanted: Option<&str>) -> Result<Found<Infallible>, SoundTrouble> {
        Err(SoundTrouble::NotBuilt)
    }

    fn start(
        &mut self,
        found: &Found<Infallible>,
        _port: &mut dyn FnMut() -> Result<Port, SoundTrouble>,
    ) -> Result<Infallible, SoundTrouble> {
        match found.device {}
    }
}
