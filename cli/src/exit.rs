//! How the program ends: one clear line on standard error, and an exit code that scripts can rely on.

use std::fmt;

/// What `--help` says about exit codes.
pub(crate) const HELP: &str = "\
Exit codes:
  0    the call was established (call), the program ended in order (answer, devices), the sound came through (demo)
  1    the call failed, or the sound did not come through
  2    the command line is wrong
  3    this machine is in the way: a port in use, a file, disk or sound device that cannot be used
  130  left at once, at the second Ctrl-C";

/// Why the program ends without success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Failure {
    /// The call failed, or the demo's sound did not come through.
    Call(String),
    /// The command line asks for something that cannot be.
    Usage(String),
    /// A port, a file, a device of this machine.
    Local(String),
    /// The second Ctrl-C.
    AtOnce,
}

impl Failure {
    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Call(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Local(_) => 3,
            Failure::AtOnce => 130,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Call(text) | Failure::Usage(text) | Failure::Local(text) => f.write_str(text),
            Failure::AtOnce => f.write_str("left without saying goodbye"),
        }
    }
}

/// What a person can do about a call that failed with this status; nothing where only the peer can.
pub(crate) fn advice(code: u16) -> Option<&'static str> {
    Some(match code {
        401 | 403 | 407 => "check --username and --password-file (or SANSIP_PASSWORD)",
        404 | 484 | 604 => "check the name in the address",
        408 => "check the address and the network, or wait longer with --timeout",
        415 | 488 | 606 => "the two sides have no audio codec in common; try --codec",
        480 | 486 | 600 | 603 => "try again later",
        503 => "check that the host exists and that a SIP program listens there",
        _ => return None,
    })
}
