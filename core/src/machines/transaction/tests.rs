//! Tests of the four machines.
