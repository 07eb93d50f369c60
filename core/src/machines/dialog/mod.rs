//! Dialogs (RFC 3261 12): what two user agents must remember to send each other requests.
//!
//! A [`Dialog`] is made from the request and the response that set it up, and then builds the requests and replies
//! within it: route set, tags, sequence numbers, remote target. It has no time and sends nothing. Sessions and
//! subscriptions, the usages that live in a dialog (RFC 5057), are not its matter; [`Impact`] only tells what a failure
//! response means for them.

mod address;
mod error;
mod id;
mod impact;
mod machine;
mod request;
#[cfg(test)]
mod tests;

pub use error::{DialogError, DialogRejection};
pub use id::{DialogId, id_of_request, id_of_response};
pub use impact::Impact;
pub use machine::{Dialog, DialogState};
