//! Names for the things an agent has: plain numbers that never repeat within one agent.

use core::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $shown:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id with this number. Ids are the agent's to give; this is for tests and for storing them.
            pub const fn from_number(number: u64) -> Self {
                $name(number)
            }

            /// The number behind the id.
            pub const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($shown, "{}"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($shown, "{}"), self.0)
            }
        }
    };
}

id!(
    /// A [`Session`](crate::middleware::session).
    SessionId, "session-"
);
id!(
    /// An account the agent speaks for.
    AccountId, "account-"
);
id!(
    /// A request of the agent to the machine it runs on, which waits for a reply.
    RequestId, "request-"
);
id!(
    /// A datagram socket or a listening socket that the agent asked for.
    SocketId, "socket-"
);
id!(
    /// A stream connection, opened by the agent or accepted for it.
    ConnectionId, "connection-"
);
id!(
    /// A file the agent writes.
    FileId, "file-"
);
id!(
    /// A client or server transaction (RFC 3261 17).
    TransactionId, "transaction-"
);
id!(
    /// A request as the UAC core sees it (RFC 3261 8.1): one or more transactions until a final answer.
    CallerId, "request-attempt-"
);

impl ConnectionId {
    const ACCEPTED: u64 = 1 << 63;

    /// The id an adapter gives to the `n`th connection that a listening socket accepted. Such ids never meet those
    /// that the agent gives to the connections it opens.
    pub const fn accepted(n: u64) -> ConnectionId {
        ConnectionId(n | ConnectionId::ACCEPTED)
    }

    /// True if the connection was accepted rather than opened.
    pub const fn is_accepted(self) -> bool {
        self.0 & ConnectionId::ACCEPTED != 0
    }
}

/// Gives ids of one kind, counting from 1.
#[derive(Clone, Debug, Default)]
pub struct Counter(u64);

impl Counter {
    /// The next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// Gives every kind of id of one agent.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    counter: Counter,
}

macro_rules! fresh {
    ($($name:ident -> $id:ident),* $(,)?) => {
        impl Ids {
            $(
                /// A new id.
                pub fn $name(&mut self) -> $id {
                    $id::from_number(self.counter.next_number())
                }
            )*
        }
    };
}

fresh! {
    session -> SessionId,
    account -> AccountId,
    request -> RequestId,
    socket -> SocketId,
    connection -> ConnectionId,
    file -> FileId,
    caller -> CallerId,
}
