//! Fuzz bodies for rtp.
