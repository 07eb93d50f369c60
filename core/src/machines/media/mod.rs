//! Audio: what happens between samples and packets.

pub mod codec;
pub mod g711;
pub mod level;
pub mod measure;
pub mod mixer;
pub mod plc;
pub mod tone;
pub mod wav;
pub mod jitter;
pub mod latch;
pub mod source;
pub mod stretch;
pub mod comfort;
pub mod dtmf;
pub mod playout;
