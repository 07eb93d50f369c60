//! middleware/settings.
