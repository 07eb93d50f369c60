//! Digest authentication as a client (RFC 3261 22, RFC 7616, RFC 8760).
//!
//! An [`Authenticator`] eats the challenges of 401 and 407 responses, remembers for each realm the one it will answer,
//! and writes `Authorization` and `Proxy-Authorization` into the requests that follow: at once into the one that was
//! challenged, and unasked into later ones as long as the server keeps the nonce alive.
//!
//! It does not send anything again: who owns the request gives it a new CSeq and branch, calls
//! [`Authenticator::authorize`] and sends it. It is not for servers, and it does not check `rspauth`, by which a server
//! may prove in return that it knows the password.

mod authenticator;
mod challenge;
mod credentials;
mod digest;
mod error;
mod realm;
#[cfg(test)]
mod tests;

pub use authenticator::Authenticator;
pub use credentials::{Credentials, Secret};
pub use digest::{Algorithm, Hash, Qop};
pub use error::AuthError;
