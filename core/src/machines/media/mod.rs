//! machines/media.
