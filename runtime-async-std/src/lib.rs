//! async-std adapter.
