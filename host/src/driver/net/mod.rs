//! The network: datagram sockets, stream connections, host names.

mod lookup;
mod tcp;
mod udp;

pub(crate) use lookup::{look_up, source_address};
pub(crate) use tcp::Connection;
pub(crate) use udp::DatagramSocket;

/// What came of one turn of reading.
enum Turn {
    /// Nothing more is there.
    Drained,
    /// More may be there.
    More,
    /// The agent, or the stream, has ended.
    Ended,
}
