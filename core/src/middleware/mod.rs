//! What an application sees: sessions, accounts, settings and notifications.

pub mod account;
pub mod notification;
pub mod session;
pub mod settings;
