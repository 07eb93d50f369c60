//! wire/sip.
