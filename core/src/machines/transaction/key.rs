//! What a message is matched to its transaction by (RFC 3261 17.1.3, 17.2.3, 8.2.2.2).

use alloc::format;
use alloc::string::String;

use bytestring::ByteString;

use crate::wire::sip::{Message, Method};

/// The branch prefix of RFC 3261 (8.1.1.7): without it, the branch says nothing.
const MAGIC_COOKIE: &str = "z9hG4bK";

/// What a request is matched to a server transaction by (17.2.3). A copy: slices of the request would keep all of it as
/// long as the transaction lasts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ServerKey {
    /// The branch and sent-by, or what stands for them.
    identity: ByteString,
    method: Method,
}

impl ServerKey {
    /// The key of a request; an ACK has that of the INVITE it acknowledges.
    pub(super) fn of(request: &Message) -> Option<ServerKey> {
        let method = match request.method()? {
            Method::Ack => Method::Invite,
            method => method.clone(),
        };
        ServerKey::with_method(request, method)
    }

    /// The key of the INVITE that a CANCEL is about (9.2). Only INVITEs are worth cancelling.
    pub(super) fn of_cancelled(cancel: &Message) -> Option<ServerKey> {
        ServerKey::with_method(cancel, Method::Invite)
    }

    fn with_method(request: &Message, method: Method) -> Option<ServerKey> {
        let via = request.via().ok()?;
        let identity = match via.branch() {
            Some(branch) if starts_with_cookie(branch) && branch.len() > MAGIC_COOKIE.len() => {
                format!("{branch} {}", via.sent_by())
            }
            _ => rfc2543_identity(request)?,
        };
        Some(ServerKey { identity: ByteString::from(identity), method })
    }
}

fn starts_with_cookie(branch: &str) -> bool {
    branch.get(..MAGIC_COOKIE.len()).is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
}

/// 17.2.3's rule for peers of RFC 2543, less the To tag, which an ACK has and its INVITE has not.
fn rfc2543_identity(request: &Message) -> Option<String> {
    let from = request.from().ok()?;
    let cseq = request.cseq().ok()?;
    let via = request.via().ok()?;
    Some(format!(
        "{} {} {} {} {} {}",
        request.call_id().ok()?,
        from.tag().unwrap_or(""),
        cseq.number,
        via.branch().unwrap_or(""),
        via.sent_by(),
        request.uri(),
    ))
}

/// What tells that a request came twice by different paths (8.2.2.2). A copy, as [`ServerKey`] is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct MergeKey {
    /// The Call-ID and the From tag.
    identity: ByteString,
    cseq: u32,
    method: Method,
}

impl MergeKey {
    /// The key of a request outside a dialog; `None` for one with a To tag.
    pub(super) fn of(request: &Message) -> Option<MergeKey> {
        if request.to().ok()?.tag().is_some() {
            return None;
        }
        let cseq = request.cseq().ok()?;
        if matches!(cseq.method, Method::Ack | Method::Cancel) {
            return None;
        }
        let from = request.from().ok()?;
        Some(MergeKey {
            identity: ByteString::from(format!("{} {}", request.call_id().ok()?, from.tag().unwrap_or(""))),
            cseq: cseq.number,
            method: cseq.method,
        })
    }
}
