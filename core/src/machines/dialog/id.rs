//! Which dialog a message belongs to (RFC 3261 12).

use bytestring::ByteString;

use crate::wire::sip::Message;

/// The name of a dialog at one of its two ends. At the other end the tags change places.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DialogId {
    /// The Call-ID, compared octet by octet.
    pub call_id: ByteString,
    /// The tag that we gave.
    pub local_tag: ByteString,
    /// The tag that the peer gave; empty for a peer of RFC 2543 that gave none.
    pub remote_tag: ByteString,
}

/// The dialog that a received request belongs to: the To tag is ours. `None` for a request outside of dialogs, which
/// has no To tag, and for one whose From, To or Call-ID is unreadable.
pub fn id_of_request(request: &Message) -> Option<DialogId> {
    Some(DialogId {
        call_id: request.call_id().ok()?.into(),
        local_tag: request.to().ok()?.tag()?.into(),
        remote_tag: request.from().ok()?.tag().unwrap_or("").into(),
    })
}

/// The dialog that a received response belongs to: the From tag is ours. A response without To tag has an empty remote
/// tag. `None` if From, To or Call-ID is unreadable.
pub fn id_of_response(response: &Message) -> Option<DialogId> {
    Some(DialogId {
        call_id: response.call_id().ok()?.into(),
        local_tag: response.from().ok()?.tag().unwrap_or("").into(),
        remote_tag: response.to().ok()?.tag().unwrap_or("").into(),
    })
}
