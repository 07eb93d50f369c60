//! The shapes that many attributes share: one text, a list of words, one number.

/// An attribute whose value is one text.
macro_rules! text_attribute {
    ($(#[$doc:meta])* $type:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(pub alloc::string::String);

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $crate::wire::sdp::TypedAttribute for $type {
            const NAME: &'static str = $name;

            fn parse(value: &str) -> Option<Self> {
                let value = value.trim();
                (!value.is_empty()).then(|| $type(value.into()))
            }
        }
    };
}

/// An attribute whose value is a list of words parted by blanks.
macro_rules! list_attribute {
    ($(#[$doc:meta])* $type:ident, $name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(pub alloc::vec::Vec<alloc::string::String>);

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&self.0.join(" "))
            }
        }

        impl $crate::wire::sdp::TypedAttribute for $type {
            const NAME: &'static str = $name;

            fn parse(value: &str) -> Option<Self> {
                let words: alloc::vec::Vec<_> = value.split_ascii_whitespace().map(Into::into).collect();
                (!words.is_empty()).then_some($type(words))
            }
        }
    };
}

/// An attribute whose value is one whole number.
macro_rules! number_attribute {
    ($(#[$doc:meta])* $type:ident, $name:literal, $number:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $type(pub $number);

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }

        impl $crate::wire::sdp::TypedAttribute for $type {
            const NAME: &'static str = $name;

            fn parse(value: &str) -> Option<Self> {
                // RFC 8866 6.4 allows "20.5"; no codec has such frames, the whole part is what is meant.
                let whole = value.trim().split('.').next()?;
                $crate::wire::sdp::digits(whole).map($type)
            }
        }
    };
}
