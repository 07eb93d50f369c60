//! machines/transaction.
