//! What a dialog sends: requests, ACKs and replies.

use alloc::borrow::Cow;
use alloc::format;

use bytestring::ByteString;

use super::address;
use super::machine::{Dialog, DialogState, makes_dialog, refreshes_target};
use crate::wire::sip::{HeaderName, Message, Method, StatusCode, UriRef};

/// RFC 3261 8.1.1.6.
const MAX_FORWARDS: u8 = 70;

/// The first CSeq number of an end that has sent nothing yet. RFC 3261 8.1.1.5 leaves it free below 2^31.
const FIRST_SEQ: u32 = 1;

impl Dialog {
    /// A request within the dialog (RFC 3261 12.2.1.1): the next CSeq number, tags, Call-ID, Max-Forwards, Route and
    /// Request-URI from the route set and the remote target. Via and body are for others to add.
    ///
    /// Target refresh requests get `local_contact`, a URI or a whole Contact value. The CSeq number of ACK and CANCEL
    /// is that of our last request; the ACK to a 2xx is built by [`ack`](Dialog::ack).
    pub fn request(&mut self, method: Method, local_contact: &str) -> Message {
        let number = match (self.local_seq, &method) {
            (Some(last), Method::Ack | Method::Cancel) => last,
            (Some(last), _) => last.saturating_add(1),
            (None, _) => FIRST_SEQ,
        };
        self.local_seq = Some(number);
        // A request to the new target makes a refresh final (RFC 6141 4.6).
        self.target_before = None;
        let contact = refreshes_target(&method).then(|| address::bracketed(local_contact));
        let mut request = self.compose(method, number);
        if let Some(contact) = contact {
            request.push(HeaderName::Contact, contact);
        }
        request
    }

    /// The ACK to a 2xx (RFC 3261 13.2.2.4): as any request of the dialog, but with the CSeq number of the INVITE. It
    /// must get the Authorization and Proxy-Authorization fields of the INVITE (22.1), and the answer if the 2xx made
    /// an offer. It is built anew, or sent again, for each retransmission of the 2xx.
    pub fn ack(&self, invite_cseq: u32) -> Message {
        self.compose(Method::Ack, invite_cseq)
    }

    fn compose(&self, method: Method, number: u32) -> Message {
        let cseq = format!("{number} {method}");
        let strict = self.route_set.first().filter(|first| !is_loose(first));
        let mut request = match strict {
            Some(first) => Message::request(method, &address::request_uri(address::uri(first))),
            None => Message::request(method, &self.remote_target),
        };
        for route in self.route_set.iter().skip(usize::from(strict.is_some())) {
            request.push(HeaderName::Route, route);
        }
        if strict.is_some() {
            request.push(HeaderName::Route, format_args!("<{}>", self.remote_target));
        }
        request.push(HeaderName::MaxForwards, MAX_FORWARDS);
        request.push(HeaderName::From, tagged(&self.local_uri, &self.id.local_tag));
        request.push(HeaderName::To, tagged(&self.remote_uri, &self.id.remote_tag));
        request.push(HeaderName::CallId, &self.id.call_id);
        request.push(HeaderName::CSeq, cseq);
        request
    }

    /// The URI that a request of this dialog is to be sent to (RFC 3261 8.1.2): that of the first route, loose or
    /// strict, or the remote target if there is none.
    pub fn next_hop(&self) -> ByteString {
        match self.route_set.first() {
            Some(first) => ByteString::from(address::uri(first)),
            None => self.remote_target.clone(),
        }
    }

    /// A reply to a request of this dialog, the one that makes it included (RFC 3261 8.2.6.2, 12.1.1): as
    /// [`Message::reply`], with our tag in To (but for 100), with Record-Route copied into those from 101 to 299 to
    /// methods that make dialogs, and with `contact`, a URI or a whole Contact value, if given.
    ///
    /// A 2xx to the request that made the dialog confirms it. A failure response takes back the target refresh of its
    /// request (RFC 6141 4.6).
    pub fn reply(&mut self, request: &Message, status: StatusCode, contact: Option<&str>) -> Message {
        let makes_dialog = request.method().is_some_and(makes_dialog);
        let tagless = request.to().is_ok_and(|to| to.tag().is_none());
        self.settle(request, status, makes_dialog && tagless);
        let mut response = request.reply(status);
        if status != StatusCode::TRYING {
            response.set_to_tag(&self.id.local_tag);
        }
        if makes_dialog && (101..=299).contains(&status.code()) {
            response.copy_from(request, HeaderName::RecordRoute);
        }
        if let Some(contact) = contact {
            response.push(HeaderName::Contact, address::bracketed(contact));
        }
        response
    }

    fn settle(&mut self, request: &Message, status: StatusCode, made_the_dialog: bool) {
        if !status.is_final() {
            return;
        }
        if status.is_success() && made_the_dialog {
            self.state = DialogState::Confirmed;
        }
        let number = request.cseq().ok().map(|cseq| cseq.number);
        let refresh = self.target_before.take_if(|(refresh, _)| Some(*refresh) == number);
        if let Some((_, before)) = refresh.filter(|_| !status.is_success()) {
            self.remote_target = before;
        }
    }
}

fn is_loose(route: &str) -> bool {
    UriRef::parse(address::uri(route)).is_ok_and(|uri| uri.is_lr())
}

fn tagged<'a>(address: &'a str, tag: &str) -> Cow<'a, str> {
    if tag.is_empty() { Cow::Borrowed(address) } else { Cow::Owned(format!("{address};tag={tag}")) }
}
