//! The program `sansip`.
fn main() {}
