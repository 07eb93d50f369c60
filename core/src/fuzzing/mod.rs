//! Bodies of the fuzz targets. Each takes any bytes, must not panic, and asserts what the parser promises.

pub mod rtp;
pub mod sdp;
pub mod sip;
