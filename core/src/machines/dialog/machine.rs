//! A dialog's state, and the messages that change it.

use alloc::vec::Vec;

use bytestring::ByteString;

use super::address;
use super::error::{DialogError, DialogRejection};
use super::id::DialogId;
use crate::limits;
use crate::wire::sip::{HeaderName, Message, Method, ParseError, UriRef};

/// Whether the dialog is certain yet (RFC 3261 12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DialogState {
    /// A provisional response made it. It ends if no 2xx follows.
    Early,
    /// A 2xx response made or confirmed it.
    Confirmed,
}

/// Who sent the request that made the dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    Uac,
    Uas,
}

/// One end of a dialog (RFC 3261 12).
///
/// ```text
///   UAC: from_response(1xx) --> Early --- confirm(2xx) ---------> Confirmed
///        from_response(2xx) ------------------------------------> Confirmed
///   UAS: from_request ---------> Early --- reply(2xx to INVITE) -> Confirmed
/// ```
///
/// In any state: [`request`](Dialog::request) and [`ack`](Dialog::ack) build what is sent,
/// [`on_request`](Dialog::on_request) and [`on_response`](Dialog::on_response) take what came,
/// [`reply`](Dialog::reply) builds the answers. Building a request counts: what is built must be sent.
#[derive(Clone, Debug)]
pub struct Dialog {
    pub(super) id: DialogId,
    pub(super) role: Role,
    pub(super) state: DialogState,
    /// `None` until we have sent a request (12.1.1).
    pub(super) local_seq: Option<u32>,
    /// `None` until the peer has sent a request (12.1.2).
    pub(super) remote_seq: Option<u32>,
    /// From and To values without parameters. 12.2.1.1 wants the URI; display names are kept with it.
    pub(super) local_uri: ByteString,
    pub(super) remote_uri: ByteString,
    pub(super) remote_target: ByteString,
    /// The peer has not told its Contact yet.
    target_assumed: bool,
    /// While a target refresh of the peer is unanswered: its CSeq number and the target before it.
    pub(super) target_before: Option<(u32, ByteString)>,
    /// name-addr values in the order in which requests travel.
    pub(super) route_set: Vec<ByteString>,
    secure: bool,
}

impl Dialog {
    /// The UAC's dialog, from the request as it was sent and a response from 101 to 299 (RFC 3261 12.1.2). Each To tag
    /// is a dialog of its own; a missing one is empty (12.1.2, RFC 2543). `secure` is set for a SIPS Request-URI.
    ///
    /// A response must have a Contact, but some peers' provisional ones have none. The Request-URI is the target then,
    /// until a Contact comes.
    ///
    /// # Errors
    /// If the response does not establish a dialog, if From, To, Call-ID, CSeq, Contact or Record-Route are unreadable,
    /// and if the route set is too long.
    pub fn from_response(request: &Message, response: &Message) -> Result<Dialog, DialogError> {
        let status = response.status().filter(|status| (101..=299).contains(&status.code()));
        let status = status.ok_or(DialogError::NotEstablishing)?;
        let id = DialogId {
            call_id: request.call_id()?.into(),
            local_tag: request.from()?.tag().unwrap_or("").into(),
            remote_tag: response.to()?.tag().unwrap_or("").into(),
        };
        let mut route_set = record_route(response)?;
        route_set.reverse();
        let target = contact(response)?;
        Ok(Dialog {
            id,
            role: Role::Uac,
            state: if status.is_success() { DialogState::Confirmed } else { DialogState::Early },
            local_seq: Some(request.cseq()?.number),
            remote_seq: None,
            local_uri: party(request, HeaderName::From)?,
            remote_uri: party(response, HeaderName::To)?,
            target_assumed: target.is_none(),
            remote_target: target.unwrap_or_else(|| ByteString::from(&*address::request_uri(request.uri()))),
            target_before: None,
            route_set,
            secure: is_sips(request.uri()),
        })
    }

    /// The UAS's dialog, from the request that sets it up and the tag that the responses to it will have (RFC 3261
    /// 12.1.1). It is early until [`reply`](Dialog::reply) builds a 2xx. `secure` is set for a SIPS Request-URI.
    ///
    /// # Errors
    /// If From, To, Call-ID, CSeq or Record-Route are unreadable, if Contact is missing or unreadable, and if the route
    /// set is too long. [`DialogError::status`] answers the request.
    pub fn from_request(request: &Message, local_tag: &str) -> Result<Dialog, DialogError> {
        let id = DialogId {
            call_id: request.call_id()?.into(),
            local_tag: local_tag.into(),
            remote_tag: request.from()?.tag().unwrap_or("").into(),
        };
        let remote_target = match contact(request)? {
            Some(target) => target,
            // A peer of RFC 2543, which shows by its From without a tag, need not say where it is: requests go to whom
            // its From names.
            None if id.remote_tag.is_empty() => request.from()?.uri.as_str().into(),
            None => return Err(ParseError::missing(HeaderName::Contact).into()),
        };
        Ok(Dialog {
            id,
            role: Role::Uas,
            state: DialogState::Early,
            local_seq: None,
            remote_seq: Some(request.cseq()?.number),
            local_uri: party(request, HeaderName::To)?,
            remote_uri: party(request, HeaderName::From)?,
            remote_target,
            target_assumed: false,
            target_before: None,
            route_set: record_route(request)?,
            secure: is_sips(request.uri()),
        })
    }

    /// Takes a 2xx to the request that made the dialog. As UAC this confirms it, computes the route set anew, because
    /// provisional responses need not have Record-Route (RFC 3261 13.2.2.4), and takes the Contact as target. Sequence
    /// numbers stay. A confirmed dialog is left alone: 2xx responses are retransmitted, also after a target refresh.
    ///
    /// # Errors
    /// If the response is no 2xx, or its Contact or Record-Route is unreadable or too long. After the latter the dialog
    /// is confirmed with the route set and target of before, so that the 2xx can be acknowledged and the call ended.
    pub fn confirm(&mut self, response: &Message) -> Result<(), DialogError> {
        if !response.status().is_some_and(|status| status.is_success()) {
            return Err(DialogError::NotEstablishing);
        }
        if self.state == DialogState::Confirmed {
            return Ok(());
        }
        self.state = DialogState::Confirmed;
        if self.role == Role::Uas {
            return Ok(());
        }
        let mut route_set = record_route(response)?;
        route_set.reverse();
        self.refresh_target(response)?;
        self.route_set = route_set;
        Ok(())
    }

    /// Takes a request of the peer within the dialog (RFC 3261 12.2.2): checks and notes its CSeq number, and takes the
    /// Contact of a target refresh request as remote target. ACK and CANCEL have the number of another request and
    /// change nothing. Numbers may have gaps; an equal number is left to the transactions, which know retransmissions.
    ///
    /// A target refresh counts at once. It is taken back when [`reply`](Dialog::reply) builds a failure response before
    /// a request went to the new target (RFC 6141 4.6).
    ///
    /// # Errors
    /// The rejection says which status answers the request. The dialog has not changed.
    pub fn on_request(&mut self, request: &Message) -> Result<(), DialogRejection> {
        let Some(method) = request.method() else { return Ok(()) };
        if matches!(method, Method::Ack | Method::Cancel) {
            return Ok(());
        }
        let number = request.cseq()?.number;
        if let Some(newest) = self.remote_seq.filter(|newest| number < *newest) {
            return Err(DialogRejection::OutOfOrder { number, newest });
        }
        if refreshes_target(method) {
            if let Some(target) = contact(request)? {
                let before = core::mem::replace(&mut self.remote_target, target);
                self.target_before = Some((number, before));
                self.target_assumed = false;
            }
        } else if *method == Method::Prack {
            // It answers a reliable provisional response, which made the refresh final (RFC 6141 4.6).
            self.target_before = None;
        }
        self.remote_seq = Some(number);
        Ok(())
    }

    /// Takes a response to a request that we sent within the dialog: a 2xx to a target refresh request may bring a new
    /// remote target (RFC 3261 12.2.1.2, RFC 6141 4.7). A provisional response brings one only if the peer had not told
    /// any. The route set never changes.
    ///
    /// # Errors
    /// If Contact is unreadable. The target stays as it was.
    pub fn on_response(&mut self, request_method: &Method, response: &Message) -> Result<(), DialogError> {
        let Some(status) = response.status().filter(|_| refreshes_target(request_method)) else { return Ok(()) };
        let tells_first = self.target_assumed && (101..=199).contains(&status.code());
        if status.is_success() || tells_first { self.refresh_target(response) } else { Ok(()) }
    }

    fn refresh_target(&mut self, response: &Message) -> Result<(), DialogError> {
        if let Some(target) = contact(response)? {
            self.remote_target = target;
            self.target_assumed = false;
        }
        Ok(())
    }

    /// Takes the next CSeq number (12.2.1.1), for a request that is sent once more.
    pub fn next_cseq(&mut self) -> u32 {
        let next = self.local_seq.map_or(1, |seq| seq.saturating_add(1));
        self.local_seq = Some(next);
        next
    }

    /// Its name.
    pub fn id(&self) -> &DialogId {
        &self.id
    }

    /// Whether it is confirmed.
    pub fn state(&self) -> DialogState {
        self.state
    }

    /// The CSeq number of our last request; `None` before the first.
    pub fn local_seq(&self) -> Option<u32> {
        self.local_seq
    }

    /// The CSeq number of the peer's last request; `None` before the first.
    pub fn remote_seq(&self) -> Option<u32> {
        self.remote_seq
    }

    /// Our address as From has it in our requests, without tag.
    pub fn local_uri(&self) -> &str {
        &self.local_uri
    }

    /// The peer's address as To has it in our requests, without tag.
    pub fn remote_uri(&self) -> &str {
        &self.remote_uri
    }

    /// The URI of the peer's Contact.
    pub fn remote_target(&self) -> &str {
        &self.remote_target
    }

    /// The route set: name-addr values in the order in which requests travel.
    pub fn route_set(&self) -> &[ByteString] {
        &self.route_set
    }

    /// True if the request that made the dialog went to a SIPS URI: our Contact must be SIPS too (RFC 3261 12.2.1.1).
    pub fn is_secure(&self) -> bool {
        self.secure
    }
}

/// True for the methods whose Contact updates the peer's idea of where we are: RFC 3261 12.2, 3311 5.1, 6665 3.1 and
/// 3.2; a REFER makes a subscription, so its Contact is one as well (RFC 3515 2.2).
pub(super) fn refreshes_target(method: &Method) -> bool {
    matches!(method, Method::Invite | Method::Update | Method::Subscribe | Method::Notify | Method::Refer)
}

/// True for the methods that make dialogs.
pub(super) fn makes_dialog(method: &Method) -> bool {
    matches!(method, Method::Invite | Method::Subscribe | Method::Refer)
}

fn party(message: &Message, name: HeaderName) -> Result<ByteString, DialogError> {
    let value = message.header(name).ok_or_else(|| ParseError::missing(name))?;
    Ok(ByteString::from(address::address(value)))
}

/// The URI of the first Contact, as a Request-URI can have it.
fn contact(message: &Message) -> Result<Option<ByteString>, ParseError> {
    let Some(value) = message.values(HeaderName::Contact).find(|value| !value.is_empty()) else { return Ok(None) };
    let uri = address::uri(value);
    UriRef::parse(uri).map_err(|error| error.at(HeaderName::Contact))?;
    Ok(Some(ByteString::from(&*address::request_uri(uri))))
}

/// The Record-Route values in the order of the message. One without `<>`, which the grammar wants, is meant as a URI:
/// its `lr` would be lost as a header parameter.
fn record_route(message: &Message) -> Result<Vec<ByteString>, DialogError> {
    let mut routes = Vec::new();
    for value in message.values(HeaderName::RecordRoute).filter(|value| !value.is_empty()) {
        if routes.len() >= limits::ROUTE_SET {
            return Err(DialogError::TooManyRoutes);
        }
        let value = address::bracketed(value);
        UriRef::parse(address::uri(&value)).map_err(|error| error.at(HeaderName::RecordRoute))?;
        routes.push(ByteString::from(&*value));
    }
    Ok(routes)
}

fn is_sips(uri: &str) -> bool {
    uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("sips:"))
}
