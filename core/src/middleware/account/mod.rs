//! Accounts: who the agent speaks for. Registration, settings and events of accounts have their place here.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use bytestring::ByteString;

use crate::error::Misuse;
use crate::machines::auth::{Credentials, Secret};
use crate::wire::sip::{Scheme, UriRef, quote};

/// An account: an address of record, and what proves it is ours.
#[derive(Clone, Debug)]
pub struct Account {
    id: ByteString,
    user_len: usize,
    display_name: Option<ByteString>,
    credentials: Option<Credentials>,
}

impl Account {
    /// The account `user@domain`. The error is [`Misuse::BadUri`].
    pub fn new(id: &str) -> Result<Account, Misuse> {
        let bad = |reason: String| Misuse::BadUri { uri: id.to_string(), reason };
        let uri = format!("sip:{id}");
        let view = UriRef::parse(&uri).map_err(|error| bad(error.to_string()))?;
        let user = view.user().ok_or_else(|| bad("an account is user@domain".into()))?;
        let plain = view.scheme() == Scheme::Sip && view.port().is_none() && !id.contains([';', '?', ':']);
        if !plain {
            return Err(bad("an account is user@domain, without port and parameters".into()));
        }
        Ok(Account { id: ByteString::from(id), user_len: user.len(), display_name: None, credentials: None })
    }

    /// The same account, with the name that peers show.
    pub fn with_display_name(self, name: impl Into<ByteString>) -> Account {
        Account { display_name: Some(name.into()), ..self }
    }

    /// The same account, with the password that answers challenges; the user name is the account's own.
    pub fn with_password(self, password: &str) -> Account {
        let username = ByteString::from(self.user());
        self.with_credentials(Credentials { username, password: Secret::new(password), realm: None })
    }

    /// The same account, with these credentials.
    pub fn with_credentials(self, credentials: Credentials) -> Account {
        Account { credentials: Some(credentials), ..self }
    }

    /// `user@domain`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The part before the `@`.
    pub fn user(&self) -> &str {
        &self.id[..self.user_len]
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.id.get(self.user_len + 1..).unwrap_or("")
    }

    /// The name that peers show, if there is one.
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// The account's URI.
    pub fn uri(&self) -> String {
        format!("sip:{}", self.id)
    }

    pub(crate) fn contact_user(&self) -> ByteString {
        ByteString::from(self.user())
    }

    pub(crate) fn credentials(&self) -> Vec<Credentials> {
        self.credentials.as_ref().map_or_else(Vec::new, |credentials| vec![credentials.clone()])
    }

    /// The value of From, without a tag.
    pub(crate) fn name_addr(&self) -> String {
        match &self.display_name {
            Some(name) => format!("{} <{}>", quote(name), self.uri()),
            None => format!("<{}>", self.uri()),
        }
    }
}
