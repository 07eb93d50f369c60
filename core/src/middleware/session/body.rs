//! Message bodies: the session description in a message, and the header fields every message of ours carries.

use alloc::string::ToString;

use bytes::Bytes;

use crate::machines::offer_answer::OfferAnswerError;
use crate::wire::sdp::SessionDescription;
use crate::wire::sip::{HeaderName, Message, StatusCode, multipart};

/// The media type of a session description.
pub(crate) const SDP: &str = "application/sdp";

/// The methods we take; for Allow.
pub(crate) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO";

/// What is in a message's body, as far as a session is concerned.
#[derive(Debug)]
pub(super) enum Body {
    /// Nothing.
    None,
    /// A session description.
    Sdp(SessionDescription),
    /// Something that cannot be used, with the status that says so (RFC 3261 8.2.3).
    Unusable(StatusCode, &'static str),
}

/// Finds the session description in a message, also inside a multipart body.
pub(super) fn description(message: &Message) -> Body {
    if message.body().is_empty() {
        return Body::None;
    }
    let encoded = message.header(HeaderName::ContentEncoding).is_some_and(|e| !e.eq_ignore_ascii_case("identity"));
    if encoded {
        return Body::Unusable(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is not understood");
    }
    let Some(bytes) = find_sdp(message) else {
        return Body::Unusable(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is no session description");
    };
    match SessionDescription::parse(&bytes) {
        Ok(description) => Body::Sdp(description),
        Err(_) => Body::Unusable(StatusCode::BAD_REQUEST, "the session description cannot be read"),
    }
}

/// The octets of the session description: the body, or the first such part of a multipart body.
fn find_sdp(message: &Message) -> Option<Bytes> {
    let content_type = message.content_type().ok()??;
    if content_type.is("application", "sdp") {
        return Some(message.body().clone());
    }
    let parts = multipart::parse(&content_type, message.body()).ok()?;
    parts.iter().find_map(|part| part.find_type("application", "sdp")).map(|part| part.body.clone())
}

/// A session description as a body.
pub(super) fn sdp_bytes(description: &SessionDescription) -> Bytes {
    Bytes::from(description.to_string())
}

/// Adds the header fields that say who we are and what we can do.
pub(super) fn identify(message: &mut Message, user_agent: &str) {
    let name = if message.is_request() { HeaderName::UserAgent } else { HeaderName::Server };
    message.set(name, user_agent);
}

/// Adds a Warning (RFC 3261 20.43) that says why a request was refused.
pub(crate) fn warn(response: &mut Message, code: u16, text: &str) {
    response.push(HeaderName::Warning, alloc::format!("{code} sansip {}", crate::wire::sip::quote(text)));
}

/// The refusal of an offer: 488 with a Warning (RFC 3261 13.3.1.3, 20.43).
pub(super) fn refusal(request: &Message, error: &OfferAnswerError) -> Message {
    let mut response = request.reply(status_of(error));
    explain(&mut response, error);
    response
}

/// The status that refuses an offer; 500 where the fault is ours.
pub(super) fn status_of(error: &OfferAnswerError) -> StatusCode {
    error.sip_status().and_then(StatusCode::new).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR)
}

/// Adds the Warning that goes with the refusal of an offer.
pub(super) fn explain(response: &mut Message, error: &OfferAnswerError) {
    if let Some((code, text)) = error.warning() {
        warn(response, code, &text);
    }
}

/// The reason of a failure response: its reason phrase, with the text of its Warning if there is one.
pub(super) fn reason_of(response: &Message) -> alloc::string::String {
    let mut reason = response.reason().to_string();
    if let Some(warning) = response.values(HeaderName::Warning).next()
        && let Some((_, text)) = warning.split_once('"')
    {
        reason.push_str(" (");
        reason.push_str(text.trim_end_matches('"'));
        reason.push(')');
    }
    reason
}
