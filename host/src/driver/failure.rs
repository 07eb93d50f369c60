//! The machine's errors in the core's words.

use std::io::{Error, ErrorKind};

use sansip_core::io::{IoFailure, IoFailureKind, Reply};

/// An error of the machine as the core wants it.
pub(crate) fn failure(error: &Error) -> IoFailure {
    IoFailure::new(kind(error.kind()), error.to_string())
}

/// An error of the machine as the answer to a request.
pub(crate) fn failed(error: &Error) -> Reply {
    Reply::Failed(failure(error))
}

fn kind(kind: ErrorKind) -> IoFailureKind {
    match kind {
        ErrorKind::AddrInUse => IoFailureKind::AddressInUse,
        ErrorKind::AlreadyExists => IoFailureKind::AlreadyExists,
        ErrorKind::AddrNotAvailable => IoFailureKind::AddressNotAvailable,
        ErrorKind::NotFound | ErrorKind::NotADirectory => IoFailureKind::NotFound,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => IoFailureKind::PermissionDenied,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => IoFailureKind::NoSpace,
        ErrorKind::ConnectionRefused => IoFailureKind::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            IoFailureKind::Unreachable
        }
        ErrorKind::TimedOut => IoFailureKind::TimedOut,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => IoFailureKind::Reset,
        _ => IoFailureKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_machine_keep_their_kind_and_words() {
        let full = failure(&Error::new(ErrorKind::StorageFull, "no space left on device"));
        assert_eq!(full, IoFailure::new(IoFailureKind::NoSpace, "no space left on device"));
        let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let error = std::net::UdpSocket::bind(taken.local_addr().unwrap()).unwrap_err();
        assert_eq!(failure(&error).kind, IoFailureKind::AddressInUse);
        assert_eq!(kind(ErrorKind::InvalidData), IoFailureKind::Other);
    }
}
