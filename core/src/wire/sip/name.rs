//! Header names.

use core::fmt;

/// How often a header may stand in a message.
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
            /// Any other header; see [`Fields::other`](super::Fields::other).
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

/// What a name is looked up by: its first and last eight octets in lower case (of shorter names four, two), and its
/// length. Setting the bit of lower case changes no other token character into a letter or a hyphen, so of names up to
/// sixteen octets the key says all.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    first: u64,
    last: u64,
    length: usize,
}

/// The longest name that its key says all of.
const KEYED: usize = 16;
const LOWER: u64 = 0x2020_2020_2020_2020;

impl Key {
    const NONE: Key = Key { first: 0, last: 0, length: 0 };

    #[inline]
    const fn of(name: &[u8]) -> Key {
        let length = name.len();
        if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            Key { first: u64::from_le_bytes(*first) | LOWER, last: u64::from_le_bytes(*last) | LOWER, length }
        } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            Key { first: first as u64 | LOWER, last: last as u64 | LOWER, length }
        } else if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            let (first, last) = (u16::from_le_bytes(*first), u16::from_le_bytes(*last));
            Key { first: first as u64 | LOWER, last: last as u64 | LOWER, length }
        } else {
            Key::NONE
        }
    }

    /// Where its search begins.
    #[inline]
    const fn bucket(self) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(23)).wrapping_add(self.length as u64);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 55) as usize
    }
}

/// Buckets of the table below: so many that most names have one of their own. [`Key::bucket`] gives nine bits.
const BUCKETS: usize = 512;

/// Open addressing, filled when the crate is compiled: a name stands in its bucket or in the next free one.
static TABLE: [(Key, HeaderName); BUCKETS] = {
    let mut table = [(Key::NONE, HeaderName::Other); BUCKETS];
    let mut at = 0;
    while at < HeaderName::ALL.len() {
        let name = HeaderName::ALL[at];
        let key = Key::of(name.as_str().as_bytes());
        let mut slot = key.bucket();
        while !matches!(table[slot].1, HeaderName::Other) {
            slot = (slot + 1) % BUCKETS;
        }
        table[slot] = (key, name);
        at += 1;
    }
    table
};

impl HeaderName {
    /// The header of this name: in any case, full or compact; `Other` if no RFC that this module follows has it.
    pub fn parse(text: &str) -> HeaderName {
        if super::chars::is_token(text) { HeaderName::of_token(text.as_bytes()) } else { HeaderName::Other }
    }

    /// As [`HeaderName::parse`], of a text that is known to be a token.
    #[inline]
    pub(super) fn of_token(text: &[u8]) -> HeaderName {
        if let [letter] = text {
            return HeaderName::of_compact(*letter);
        }
        let wanted = Key::of(text);
        let mut slot = wanted.bucket();
        loop {
            let (key, name) = TABLE[slot % BUCKETS];
            if matches!(name, HeaderName::Other) {
                return HeaderName::Other;
            }
            if key == wanted && (text.len() <= KEYED || name.as_str().as_bytes().eq_ignore_ascii_case(text)) {
                return name;
            }
            slot += 1;
        }
    }

    /// Whether a field of this name is a comma-separated list.
    pub const fn is_list(self) -> bool {
        matches!(self.kind(), Kind::List)
    }

    /// Whether a message may hold one field of this name at most.
    pub const fn is_single(self) -> bool {
        matches!(self.kind(), Kind::One)
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
        for other in ["", "X-Via", "q", "Vi", "Content-Length2", "C%6Fntact", "Call\rID", "Proxy-XXthenticate", "CSeqq"]
        {
            assert_eq!(HeaderName::parse(other), HeaderName::Other, "{other}");
        }
    }
}
