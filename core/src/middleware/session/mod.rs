//! middleware/session.
