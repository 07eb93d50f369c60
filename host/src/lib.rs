//! What the machine gives.
