//! machines/auth.
