//! machines/transport.
