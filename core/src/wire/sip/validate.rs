//! What a message must be before anything acts on it (RFC 3261, 8.1.1, 8.1.3.3, 8.2).

use super::{
    CSeq, CallId, Contact, ContentLength, ContentType, Expires, From, Header, HeaderName, MaxForwards, Message, Method,
    ParseError, Place, RecordRoute, Route, StatusCode, To, UriRef, Via,
};

impl Message {
    /// Checks what every user agent relies on: From, To, CSeq, Call-ID and Via are there and can be read, no header
    /// that stands once stands twice, the method of CSeq is that of the start line, and what else an element acts on
    /// without being asked (Request-URI, Contact, Route, Record-Route, Max-Forwards, Content-Type, Content-Length,
    /// Expires) is written as its grammar has it.
    ///
    /// Not checked, because a header nobody needs shall not fail a message (8.2.2): every other header. Max-Forwards
    /// may be missing, as it is in requests of RFC 2543. That the scheme of a URI is one of SIP's is the user agent's
    /// question; see [`UriRef::require_sip`].
    ///
    /// # Errors
    /// The first thing that is wrong; [`ParseError::status`] is the status that answers it.
    pub fn validate(&self) -> Result<(), ParseError> {
        self.check_repeats()?;
        let cseq = self.check_mandatory()?;
        if let Some(method) = self.method() {
            let uri = UriRef::parse(self.uri()).map_err(|error| error.in_place(Place::RequestUri))?;
            if uri.headers().next().is_some() {
                return Err(ParseError::new(Place::RequestUri, "headers in it"));
            }
            if cseq.method != *method {
                let error = ParseError::header(HeaderName::CSeq, "not the method of the request");
                // RFC 4475, 3.1.2.18: of a method that nobody knows, nobody knows what its CSeq has to be.
                let unknown = matches!(method, Method::Other(_));
                return Err(if unknown { error.with_status(StatusCode::NOT_IMPLEMENTED) } else { error });
            }
        }
        self.check_all::<Via<'_>>()?;
        self.check_all::<Contact<'_>>()?;
        self.check_all::<Route<'_>>()?;
        self.check_all::<RecordRoute<'_>>()?;
        self.find::<MaxForwards>()?;
        self.find::<Expires>()?;
        self.find::<ContentLength>()?;
        self.find::<ContentType<'_>>()?;
        Ok(())
    }

    /// The headers that no message lacks (8.1.1).
    fn check_mandatory(&self) -> Result<CSeq, ParseError> {
        self.get::<Via<'_>>()?;
        self.get::<From<'_>>()?;
        self.get::<To<'_>>()?;
        self.get::<CallId<'_>>()?;
        self.get::<CSeq>()
    }

    /// 7.3.1: a header that is no list stands once.
    fn check_repeats(&self) -> Result<(), ParseError> {
        let mut seen = 0u128;
        for (_, name, _) in self.fields() {
            let bit = 1u128.checked_shl(name as u32).unwrap_or(0);
            if name.is_single() && seen & bit != 0 {
                return Err(ParseError::header(name, "more than one"));
            }
            seen |= bit;
        }
        Ok(())
    }

    fn check_all<'a, T: Header<'a>>(&'a self) -> Result<(), ParseError> {
        self.all::<T>().try_for_each(|value| value.map(|_| ()))
    }
}

// One bit a name in `check_repeats`.
const _: () = assert!(HeaderName::ALL.len() < 128);
