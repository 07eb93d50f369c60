//! wire/sdp.
