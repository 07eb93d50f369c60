//! middleware/account.
