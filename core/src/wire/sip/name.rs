//! Header names.

use core::fmt;

/// How often a header may stand in a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Once.
    One,
    /// Any number of fields, each a comma-separated list (RFC 3261, 7.3.1).
    List,
    /// Any number of fields, each one value: the exceptions of 7.3.1.
    Many,
}

macro_rules! names {
    ($($variant:ident $name:literal $kind:ident $rfc:literal $(compact $compact:literal)?;)*) => {
        /// The name of a header that an RFC describes, or `Other`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum HeaderName {
            $(
                #[doc = concat!("`", $name, "`, RFC ", stringify!($rfc), ".")]
                $variant,
            )*
            /// Any other header; see [`Message::other`](super::Message::other).
            Other,
        }

        impl HeaderName {
            /// Every name but `Other`.
            pub const ALL: &'static [HeaderName] = &[$(HeaderName::$variant),*];

            /// The name as the RFC writes it; `header` for `Other`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(HeaderName::$variant => $name,)*
                    HeaderName::Other => "header",
                }
            }

            /// The compact form (RFC 3261, 7.3.3), if it has one.
            pub const fn compact(self) -> Option<char> {
                match self {
                    $($(HeaderName::$variant => Some($compact),)?)*
                    _ => None,
                }
            }

            fn of_compact(letter: u8) -> HeaderName {
                match letter.to_ascii_lowercase() as char {
                    $($($compact => HeaderName::$variant,)?)*
                    _ => HeaderName::Other,
                }
            }

            const fn kind(self) -> Kind {
                match self {
                    $(HeaderName::$variant => Kind::$kind,)*
                    HeaderName::Other => Kind::Many,
                }
            }
        }
    };
}

names! {
    Accept "Accept" List 3261;
    AcceptContact "Accept-Contact" List 3841 compact 'a';
    AcceptEncoding "Accept-Encoding" List 3261;
    AcceptLanguage "Accept-Language" List 3261;
    AcceptResourcePriority "Accept-Resource-Priority" List 4412;
    AlertInfo "Alert-Info" List 3261;
    Allow "Allow" List 3261;
    AllowEvents "Allow-Events" List 6665 compact 'u';
    AnswerMode "Answer-Mode" One 5373;
    AuthenticationInfo "Authentication-Info" One 3261;
    Authorization "Authorization" Many 3261;
    CallId "Call-ID" One 3261 compact 'i';
    CallInfo "Call-Info" List 3261;
    Contact "Contact" List 3261 compact 'm';
    ContentDisposition "Content-Disposition" One 3261;
    ContentEncoding "Content-Encoding" List 3261 compact 'e';
    ContentId "Content-ID" One 8262;
    ContentLanguage "Content-Language" List 3261;
    ContentLength "Content-Length" One 3261 compact 'l';
    ContentTransferEncoding "Content-Transfer-Encoding" One 2045;
    ContentType "Content-Type" One 3261 compact 'c';
    CSeq "CSeq" One 3261;
    Date "Date" One 3261;
    Diversion "Diversion" List 5806;
    ErrorInfo "Error-Info" List 3261;
    Event "Event" One 6665 compact 'o';
    Expires "Expires" One 3261;
    FeatureCaps "Feature-Caps" List 6809;
    FlowTimer "Flow-Timer" One 5626;
    From "From" One 3261 compact 'f';
    Geolocation "Geolocation" List 6442;
    HistoryInfo "History-Info" List 7044;
    Identity "Identity" Many 8224 compact 'y';
    InfoPackage "Info-Package" One 6086;
    InReplyTo "In-Reply-To" List 3261;
    Join "Join" One 3911;
    MaxBreadth "Max-Breadth" One 5393;
    MaxForwards "Max-Forwards" One 3261;
    MimeVersion "MIME-Version" One 3261;
    MinExpires "Min-Expires" One 3261;
    MinSe "Min-SE" One 4028;
    Organization "Organization" One 3261;
    PAccessNetworkInfo "P-Access-Network-Info" List 7315;
    PAssertedIdentity "P-Asserted-Identity" List 3325;
    PAssociatedUri "P-Associated-URI" List 7315;
    PCalledPartyId "P-Called-Party-ID" One 7315;
    PPreferredIdentity "P-Preferred-Identity" List 3325;
    Path "Path" List 3327;
    Priority "Priority" One 3261;
    Privacy "Privacy" One 3323;
    ProxyAuthenticate "Proxy-Authenticate" Many 3261;
    ProxyAuthenticationInfo "Proxy-Authentication-Info" One 7615;
    ProxyAuthorization "Proxy-Authorization" Many 3261;
    ProxyRequire "Proxy-Require" List 3261;
    RAck "RAck" One 3262;
    Reason "Reason" List 3326;
    RecordRoute "Record-Route" List 3261;
    RecvInfo "Recv-Info" List 6086;
    ReferSub "Refer-Sub" One 4488;
    ReferTo "Refer-To" One 3515 compact 'r';
    ReferredBy "Referred-By" One 3892 compact 'b';
    RejectContact "Reject-Contact" List 3841 compact 'j';
    Replaces "Replaces" One 3891;
    ReplyTo "Reply-To" One 3261;
    RequestDisposition "Request-Disposition" List 3841 compact 'd';
    Require "Require" List 3261;
    ResourcePriority "Resource-Priority" List 4412;
    RetryAfter "Retry-After" One 3261;
    Route "Route" List 3261;
    RSeq "RSeq" One 3262;
    SecurityClient "Security-Client" List 3329;
    SecurityServer "Security-Server" List 3329;
    SecurityVerify "Security-Verify" List 3329;
    Server "Server" One 3261;
    ServiceRoute "Service-Route" List 3608;
    SessionExpires "Session-Expires" One 4028 compact 'x';
    SipETag "SIP-ETag" One 3903;
    SipIfMatch "SIP-If-Match" One 3903;
    Subject "Subject" One 3261 compact 's';
    SubscriptionState "Subscription-State" One 6665;
    Supported "Supported" List 3261 compact 'k';
    TargetDialog "Target-Dialog" One 4538;
    Timestamp "Timestamp" One 3261;
    To "To" One 3261 compact 't';
    Unsupported "Unsupported" List 3261;
    UserAgent "User-Agent" One 3261;
    UserToUser "User-to-User" List 7433;
    Via "Via" List 3261 compact 'v';
    Warning "Warning" List 3261;
    WwwAuthenticate "WWW-Authenticate" Many 3261;
}

/// Buckets of the table below: a power of two, so large that most names have a bucket of their own.
const BUCKETS: usize = 512;

/// Where a name's search begins: by its length and three of its letters, in lower case.
const fn bucket(name: &[u8]) -> usize {
    let length = name.len();
    if length == 0 {
        return 0;
    }
    let first = (name[0] | 0x20) as usize;
    let middle = (name[length / 2] | 0x20) as usize;
    let last = (name[length - 1] | 0x20) as usize;
    (length * 31 + first * 7 + middle * 57 + last * 5) % BUCKETS
}

/// Open addressing, filled when the crate is compiled: a name stands in its bucket or in the next free one.
static TABLE: [HeaderName; BUCKETS] = {
    let mut table = [HeaderName::Other; BUCKETS];
    let mut at = 0;
    while at < HeaderName::ALL.len() {
        let name = HeaderName::ALL[at];
        let mut slot = bucket(name.as_str().as_bytes());
        while !matches!(table[slot], HeaderName::Other) {
            slot = (slot + 1) % BUCKETS;
        }
        table[slot] = name;
        at += 1;
    }
    table
};

impl HeaderName {
    /// The header of this name: in any case, full or compact; `Other` if no RFC that this module follows has it.
    #[inline]
    pub fn parse(text: &str) -> HeaderName {
        HeaderName::of_bytes(text.as_bytes())
    }

    #[inline]
    pub(super) fn of_bytes(text: &[u8]) -> HeaderName {
        if let [letter] = text {
            return HeaderName::of_compact(*letter);
        }
        let mut slot = bucket(text);
        loop {
            match TABLE[slot] {
                HeaderName::Other => return HeaderName::Other,
                name if name.as_str().as_bytes().eq_ignore_ascii_case(text) => return name,
                _ => slot = (slot + 1) % BUCKETS,
            }
        }
    }

    /// Whether a field of this name is a comma-separated list.
    pub fn is_list(self) -> bool {
        self.kind() == Kind::List
    }

    /// Whether a message may hold one field of this name at most.
    pub fn is_single(self) -> bool {
        self.kind() == Kind::One
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn every_name_is_found_in_any_case_and_in_compact_form() {
        for &name in HeaderName::ALL {
            assert_eq!(HeaderName::parse(name.as_str()), name);
            assert_eq!(HeaderName::parse(&name.as_str().to_ascii_uppercase()), name);
            assert_eq!(HeaderName::parse(&name.as_str().to_ascii_lowercase()), name);
            if let Some(letter) = name.compact() {
                assert_eq!(HeaderName::parse(&letter.to_string()), name);
                assert_eq!(HeaderName::parse(&letter.to_ascii_uppercase().to_string()), name);
            }
        }
        for other in ["", "X-Via", "q", "Vi", "Content-Length2", "C%6Fntact"] {
            assert_eq!(HeaderName::parse(other), HeaderName::Other, "{other}");
        }
    }
}
