//! Audio: what happens between samples and packets. No socket, no sound card, no file, no clock.
//!
//! [`stream::AudioStream`] is what a session owns; the other modules are its parts, and useful on their own: codecs,
//! jitter buffer, concealment, DTMF, reports, mixer, recorder, tones and measures. Sound is 16-bit mono throughout.
//!
//! A packet's way in: latch (is it the peer's?), source (sequence, loss), jitter buffer (when?), decoder with
//! concealment, the caller's buffer. The way out: samples gathered to a packet, encoder, header, protection.

pub mod codec;
pub mod comfort;
pub mod dtmf;
pub mod g711;
pub mod jitter;
pub mod latch;
pub mod level;
pub mod measure;
pub mod mixer;
pub mod playout;
pub mod plc;
pub mod protection;
pub mod recorder;
pub mod rtcp_session;
pub mod source;
pub mod stream;
pub mod stretch;
pub mod tone;
pub mod wav;
