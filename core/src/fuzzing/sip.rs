//! Fuzz bodies for sip.
