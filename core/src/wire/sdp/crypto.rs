//! `a=crypto`: keys of SRTP in the description (SDES, RFC 4568).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{TypedAttribute, digits};

/// One `a=crypto` line. A stream may offer several, of which the answer takes one by its tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Names the line within its stream; the answer repeats it.
    pub tag: u32,
    /// The suite, for example `AES_CM_128_HMAC_SHA1_80`.
    pub suite: String,
    /// Keys; several differ in their master key index.
    pub keys: Vec<CryptoKey>,
    /// Session parameters, for example `KDR=1` or `UNENCRYPTED_SRTCP`.
    pub session_parameters: Vec<String>,
}

/// Does not show the keys: this gets into logs.
impl fmt::Debug for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crypto")
            .field("tag", &self.tag)
            .field("suite", &self.suite)
            .field("keys", &self.keys.len())
            .field("session_parameters", &self.session_parameters)
            .finish()
    }
}

impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.tag, self.suite)?;
        for (index, key) in self.keys.iter().enumerate() {
            let separator = if index == 0 { "" } else { ";" };
            write!(f, "{separator}{}:{}", key.method, key.info)?;
        }
        self.session_parameters.iter().try_for_each(|parameter| write!(f, " {parameter}"))
    }
}

impl TypedAttribute for Crypto {
    const NAME: &'static str = "crypto";

    // RFC 4568 9.1.
    fn parse(value: &str) -> Option<Crypto> {
        let mut words = value.split_ascii_whitespace();
        let tag = digits(words.next()?)?;
        let suite = words.next()?.into();
        let keys: Option<Vec<CryptoKey>> = words.next()?.split(';').map(CryptoKey::parse).collect();
        Some(Crypto { tag, suite, keys: keys?, session_parameters: words.map(Into::into).collect() })
    }
}

/// One key parameter: `<method>:<info>`.
#[derive(Clone, PartialEq, Eq)]
pub struct CryptoKey {
    /// `inline`, the only one that RFC 4568 knows.
    pub method: String,
    /// The key and what belongs to it, as it came.
    pub info: String,
}

impl CryptoKey {
    /// An inline key.
    pub fn inline(key: &SrtpKey) -> CryptoKey {
        CryptoKey { method: "inline".into(), info: alloc::format!("{}", Written(key)) }
    }

    fn parse(text: &str) -> Option<CryptoKey> {
        let (method, info) = text.split_once(':')?;
        Some(CryptoKey { method: method.into(), info: info.into() })
    }

    /// The key of an `inline` parameter, if it makes sense.
    pub fn srtp(&self) -> Option<SrtpKey> {
        if self.method.eq_ignore_ascii_case("inline") { SrtpKey::parse(&self.info) } else { None }
    }
}

/// Does not show the key.
impl fmt::Debug for CryptoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:…", self.method)
    }
}

/// A key as RFC 4568 6.1 writes it.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey {
    /// Master key and salt, one after the other, in base64. Their length is the suite's affair.
    pub key_salt: String,
    /// How many packets the key may protect.
    pub lifetime: Option<u64>,
    /// The master key index.
    pub mki: Option<MasterKeyIndex>,
}

/// The master key index (MKI) that packets carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MasterKeyIndex {
    /// Its value.
    pub value: u64,
    /// Its length in packets, in octets, 1 to 128.
    pub length: u8,
}

impl SrtpKey {
    /// Reads `<key||salt>["|" lifetime]["|" mki ":" length]`. A lifetime that 64 bits do not hold makes no sense.
    fn parse(info: &str) -> Option<SrtpKey> {
        let mut parts = info.split('|');
        let key_salt = parts.next().filter(|key| !key.is_empty())?.into();
        let (mut lifetime, mut mki) = (None, None);
        for part in parts {
            match part.split_once(':') {
                Some((value, length)) if mki.is_none() => {
                    let length = digits::<u8>(length).filter(|length| (1..=128).contains(length))?;
                    mki = Some(MasterKeyIndex { value: digits(value)?, length });
                }
                // The lifetime stands before the index.
                None if lifetime.is_none() && mki.is_none() => lifetime = Some(packets(part)?),
                _ => return None,
            }
        }
        Some(SrtpKey { key_salt, lifetime, mki })
    }
}

/// Does not show the key.
impl fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKey").field("lifetime", &self.lifetime).field("mki", &self.mki).finish_non_exhaustive()
    }
}

/// A lifetime: `2^20` or `1048576`.
fn packets(text: &str) -> Option<u64> {
    match text.strip_prefix("2^") {
        Some(power) => 1u64.checked_shl(digits(power)?),
        None => digits(text),
    }
}

/// A key in the form of [`SrtpKey::parse`].
struct Written<'a>(&'a SrtpKey);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.key_salt)?;
        match self.0.lifetime {
            Some(packets) if packets.is_power_of_two() => write!(f, "|2^{}", packets.trailing_zeros())?,
            Some(packets) => write!(f, "|{packets}")?,
            None => {}
        }
        match self.0.mki {
            Some(mki) => write!(f, "|{}:{}", mki.value, mki.length),
            None => Ok(()),
        }
    }
}
