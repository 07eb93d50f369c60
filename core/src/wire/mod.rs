//! Bytes to values and back. No state, no time, no chance.
//!
//! The promises of this floor: no input panics; what can be built can be written, and what is written parses back equal;
//! what is not understood is kept as it came.

pub mod rtp;
pub mod sdp;
pub mod sip;
