//! wire/rtp.
