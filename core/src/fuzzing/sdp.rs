//! Fuzz bodies for sdp.
