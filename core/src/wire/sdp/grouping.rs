//! Names of streams, and groups of them (RFC 5888, RFC 4574).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::TypedAttribute;

text_attribute!(
    /// `a=mid` (RFC 5888 4): names a stream for [`Group`].
    Mid, "mid"
);
text_attribute!(
    /// `a=label` (RFC 4574): names a stream for protocols outside the description.
    Label, "label"
);

/// `a=group` (RFC 5888 5): streams that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// How they belong together, for example `BUNDLE` (RFC 9143) or `LS`.
    pub semantics: String,
    /// The [`Mid`]s of the streams.
    pub mids: Vec<String>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.semantics)?;
        self.mids.iter().try_for_each(|mid| write!(f, " {mid}"))
    }
}

impl TypedAttribute for Group {
    const NAME: &'static str = "group";

    fn parse(value: &str) -> Option<Group> {
        let mut words = value.split_ascii_whitespace();
        Some(Group { semantics: words.next()?.into(), mids: words.map(Into::into).collect() })
    }
}
