//! Requests, sorted as RFC 3261 8.2 says: what belongs to a session goes there, what begins one begins one, the rest is
//! answered.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use super::{Phase, UserAgent, cx};
use crate::ids::{AccountId, TransactionId};
use crate::limits;
use crate::machines::Hop;
use crate::machines::dialog::id_of_request;
use crate::machines::locate::{Asker, Route};
use crate::middleware::session::{ALLOW, SDP, begins_session, warn};
use crate::wire::sip::{HeaderName, Message, Method, Scheme, StatusCode, UriRef};

/// Extensions that a Require may name (8.2.2.3). None yet.
const EXTENSIONS: &[&str] = &[];

impl UserAgent {
    /// A new request, in its transaction.
    pub(super) fn on_request(&mut self, id: TransactionId, request: &Message, hop: Hop) {
        if request.method() == Some(&Method::Cancel) {
            return self.on_cancel(id, request);
        }
        if request.to().is_ok_and(|to| to.tag().is_some()) {
            return self.on_request_in_dialog(id, request);
        }
        if let Err(response) = self.inspect(id, request) {
            return self.refuse(id, *response);
        }
        match request.method() {
            Some(Method::Invite) if begins_session(request) => self.on_invite(id, request, hop),
            Some(Method::Options) => self.on_options(id, request),
            // BYE, INFO and the like need a dialog.
            _ => self.refuse(id, request.reply(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST)),
        }
    }

    /// 9.2. The To tag is that of the responses to the INVITE.
    fn on_cancel(&mut self, id: TransactionId, request: &Message) {
        let Some(cancelled) = self.transactions.cancelled_by(request) else {
            return self.refuse(id, request.reply(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST));
        };
        let mut response = request.reply(StatusCode::OK);
        if let Some(tag) = self.transactions.to_tag(cancelled)
            && response.to().is_ok_and(|to| to.tag().is_none())
        {
            let tagged = format!("{};tag={tag}", response.header(HeaderName::To).unwrap_or(""));
            response.set(HeaderName::To, tagged);
        }
        self.refuse(id, response);
        let session = self.sessions.iter().find(|(_, entry)| entry.session.is_cancelled_by(cancelled));
        if let Some((&session, _)) = session {
            self.with_session(session, |session, cx| session.on_cancel(cx));
        }
    }

    fn on_request_in_dialog(&mut self, id: TransactionId, request: &Message) {
        let session = id_of_request(request).and_then(|dialog| self.dialogs.get(&dialog)).copied();
        let Some(session) = session else {
            return self.refuse(id, request.reply(StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST));
        };
        if let Some(unsupported) = unsupported(request) {
            let mut response = request.reply(StatusCode::BAD_EXTENSION);
            response.push(HeaderName::Unsupported, unsupported);
            return self.refuse(id, response);
        }
        self.with_session(session, |session, cx| session.on_request(cx, id, request));
    }

    /// 8.2.1 and 8.2.2, in the order given there.
    fn inspect(&self, id: TransactionId, request: &Message) -> Result<(), alloc::boxed::Box<Message>> {
        let known = [Method::Invite, Method::Bye, Method::Options, Method::Info];
        if !request.method().is_some_and(|method| known.contains(method)) {
            let mut response = request.reply(StatusCode::METHOD_NOT_ALLOWED);
            response.push(HeaderName::Allow, ALLOW);
            return Err(response.into());
        }
        match UriRef::parse(request.uri()).map(|uri| uri.scheme()) {
            Ok(Scheme::Sip | Scheme::Sips) => {}
            _ => return Err(request.reply(StatusCode::UNSUPPORTED_URI_SCHEME).into()),
        }
        if self.transactions.is_merged(id, request) {
            return Err(request.reply(StatusCode::LOOP_DETECTED).into());
        }
        if let Some(unsupported) = unsupported(request) {
            let mut response = request.reply(StatusCode::BAD_EXTENSION);
            response.push(HeaderName::Unsupported, unsupported);
            return Err(response.into());
        }
        if request.method() == Some(&Method::Invite) && !accepts_sdp(request) {
            let mut response = request.reply(StatusCode::NOT_ACCEPTABLE);
            warn(&mut response, 399, "a call can only be answered with application/sdp");
            return Err(response.into());
        }
        Ok(())
    }

    fn on_invite(&mut self, id: TransactionId, request: &Message, hop: Hop) {
        let Some(account) = self.account_for(request) else {
            return self.refuse(id, request.reply(StatusCode::NOT_FOUND));
        };
        if self.phase != Phase::Running || self.sessions.len() >= limits::SESSIONS {
            return self.refuse(id, request.reply(StatusCode::SERVICE_UNAVAILABLE));
        }
        let trying = request.reply(StatusCode::TRYING);
        self.transactions.respond(cx!(self, transport), id, &trying);
        let Some(session) = self.make_session(account) else { return };
        self.with_session(session, |session, _| session.incoming(id, request.clone()));
        let back = Route::new(hop.remote.ip().to_string(), hop.remote.port(), hop.transport);
        self.locator.locate(cx!(self, transport), Asker::Session(session), vec![back]);
    }

    /// The account that a request is for (`SPEC` 3, find_account): the one it names, else one with that user, else the
    /// default one if the settings say so.
    fn account_for(&self, request: &Message) -> Option<AccountId> {
        let uri = UriRef::parse(request.uri()).ok()?;
        let user = uri.user_unescaped().unwrap_or_default();
        let host = uri.host().to_string();
        let named = |exact: bool| {
            self.accounts
                .iter()
                .find(|(_, account)| account.user() == user && (!exact || account.domain().eq_ignore_ascii_case(&host)))
                .map(|(&id, _)| id)
        };
        let fallback = self.default_account.filter(|_| self.settings.answer_unknown_users);
        named(true).or_else(|| named(false)).or(fallback)
    }

    /// 11.2: what an INVITE would be told, without ringing.
    fn on_options(&mut self, id: TransactionId, request: &Message) {
        let wants_user = UriRef::parse(request.uri()).is_ok_and(|uri| uri.user().is_some());
        if wants_user && self.account_for(request).is_none() {
            return self.refuse(id, request.reply(StatusCode::NOT_FOUND));
        }
        let mut response = request.reply(StatusCode::OK);
        response.push(HeaderName::Allow, ALLOW);
        response.push(HeaderName::Accept, SDP);
        response.push(HeaderName::AcceptEncoding, "identity");
        response.push(HeaderName::Supported, "");
        self.refuse(id, response);
    }

    /// Answers a request that belongs to no session.
    fn refuse(&mut self, id: TransactionId, mut response: Message) {
        use core::fmt::Write as _;
        if response.to().is_ok_and(|to| to.tag().is_none()) {
            let mut to = String::from(response.header(HeaderName::To).unwrap_or(""));
            let _ = write!(to, ";tag={}", self.chance.transport.token(16));
            response.set(HeaderName::To, to);
        }
        response.set(HeaderName::Server, self.settings.user_agent.as_str());
        self.transactions.respond(cx!(self, transport), id, &response);
    }
}

/// True if our answer may be a session description (20.1: without an Accept it may).
fn accepts_sdp(request: &Message) -> bool {
    let mut ranges = request.values(HeaderName::Accept);
    request.header(HeaderName::Accept).is_none()
        || ranges.any(|range| {
            let range = range.split(';').next().unwrap_or("").trim();
            ["application/sdp", "application/*", "*/*"].iter().any(|known| range.eq_ignore_ascii_case(known))
        })
}

/// The extensions in Require that we have not got.
fn unsupported(request: &Message) -> Option<String> {
    let mut list = String::new();
    let required = request.values(HeaderName::Require).map(str::trim).filter(|tag| !tag.is_empty());
    for tag in required.filter(|tag| !EXTENSIONS.iter().any(|known| tag.eq_ignore_ascii_case(known))) {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(tag);
    }
    (!list.is_empty()).then_some(list)
}
