//! middleware/notification.
