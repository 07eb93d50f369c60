//! User names and passwords.

use alloc::string::String;
use core::fmt;
use core::hint;

use bytestring::ByteString;

/// A password. It does not show in `Debug`, and its octets are overwritten when it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a password.
    pub fn new(password: impl Into<String>) -> Secret {
        Secret(password.into())
    }

    /// The password in clear.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut octets = core::mem::take(&mut self.0).into_bytes();
        octets.fill(0);
        hint::black_box(&octets);
    }
}

/// A user name and password, and the realm they are for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    /// The user name, in clear and unquoted.
    pub username: ByteString,
    /// The password.
    pub password: Secret,
    /// The realm that they are for, exactly as servers spell it; `None`: any realm. With `None` whoever challenges gets
    /// an answer, from which weak passwords can be guessed.
    pub realm: Option<ByteString>,
}

impl Credentials {
    /// The ones for `realm`: those that name it before those that are for any.
    pub(super) fn for_realm<'a>(all: &'a [Credentials], realm: &str) -> Option<&'a Credentials> {
        let named = all.iter().find(|c| c.realm.as_ref().is_some_and(|r| *r == *realm));
        named.or_else(|| all.iter().find(|c| c.realm.is_none()))
    }

    /// True if both prove the same identity.
    pub(super) fn same_login(&self, other: &Credentials) -> bool {
        self.username == other.username && self.password == other.password
    }
}
