//! The protocols' state machines, one concern each. They hold state and read time and chance from what is handed to them;
//! what they want done goes into the sink they are handed.

pub mod auth;
pub mod dialog;
pub mod media;
pub mod offer_answer;
pub mod transaction;
pub mod transport;
pub mod uac;
