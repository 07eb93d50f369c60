//! Streams over the simulated network: ordered, reliable bytes, cut where chance will have it.

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use bytes::Bytes;

use super::network::{Flight, Network};
use crate::time::Instant;

/// A stream of the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StreamId(u64);

/// An end of a stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum End {
    /// The end that connected.
    Opener,
    /// The end that listened.
    Acceptor,
}

impl End {
    /// The opposite end.
    pub fn other(self) -> End {
        match self {
            End::Opener => End::Acceptor,
            End::Acceptor => End::Opener,
        }
    }

    fn index(self) -> usize {
        match self {
            End::Opener => 0,
            End::Acceptor => 1,
        }
    }
}

/// A stream, seen from above: both ends at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stream {
    addresses: [SocketAddr; 2],
    /// The latest arrival planned at each end: nothing may overtake it.
    latest: [Instant; 2],
    /// The end has closed, or knows that the stream is over.
    done: [bool; 2],
}

impl Stream {
    pub(super) fn address(&self, end: End) -> SocketAddr {
        self.addresses[end.index()]
    }
}

/// The most bytes of a segment.
const SEGMENT: usize = 1_460;

impl Network {
    /// Asks the listener at `to` for a connection.
    pub(super) fn open(&mut self, now: Instant, from: SocketAddr, to: SocketAddr) -> StreamId {
        self.opened += 1;
        let stream = StreamId(self.opened);
        let arrival = self.stream_arrival(now, from.ip(), to.ip());
        let latest = [now, arrival.unwrap_or(now)];
        self.streams.insert(stream, Stream { addresses: [from, to], latest, done: [false; 2] });
        match arrival {
            Some(at) => self.launch(at, Flight::Opening { stream }),
            None => self.launch(now + self.stream_patience, Flight::Failed { stream, timed_out: true }),
        }
        stream
    }

    /// The listener takes the connection.
    pub(super) fn accept(&mut self, now: Instant, stream: StreamId) {
        self.fly_to(now, stream, End::Opener, Flight::Opened { stream });
    }

    /// Nobody listens.
    pub(super) fn refuse(&mut self, now: Instant, stream: StreamId) {
        self.fly_to(now, stream, End::Opener, Flight::Failed { stream, timed_out: false });
    }

    /// Writes bytes at an end; they arrive at the other in order, in pieces.
    pub(super) fn write(&mut self, now: Instant, stream: StreamId, end: End, data: &Bytes) {
        let to = end.other();
        for piece in self.pieces(stream, end, data) {
            self.fly_to(now, stream, to, Flight::Segment { stream, end: to, data: piece });
        }
    }

    /// Closes an end; the other sees it after what was written before.
    pub(super) fn close(&mut self, now: Instant, stream: StreamId, end: End) {
        let to = end.other();
        self.fly_to(now, stream, to, Flight::Closed { stream, end: to, reset: false });
        if let Some(state) = self.streams.get_mut(&stream) {
            state.done[end.index()] = true;
        }
        self.forget_if_over(stream);
    }

    /// False for what an end that is done would not see.
    pub(super) fn still_wanted(&mut self, flight: &Flight) -> bool {
        let (stream, end, last) = match flight {
            Flight::Datagram { .. } | Flight::Unreachable { .. } => return true,
            Flight::Opening { stream } => (*stream, End::Acceptor, false),
            Flight::Opened { stream } => (*stream, End::Opener, false),
            Flight::Failed { stream, .. } => (*stream, End::Opener, true),
            Flight::Segment { stream, end, .. } => (*stream, *end, false),
            Flight::Closed { stream, end, .. } => (*stream, *end, true),
        };
        let Some(state) = self.streams.get_mut(&stream) else { return false };
        if state.done[end.index()] {
            return false;
        }
        if last {
            state.done[end.index()] = true;
            // An opener that failed has no other end.
            state.done[end.other().index()] |= matches!(flight, Flight::Failed { .. });
            self.forget_if_over(stream);
        }
        true
    }

    fn forget_if_over(&mut self, stream: StreamId) {
        if self.streams.get(&stream).is_some_and(|state| state.done == [true; 2]) {
            self.streams.remove(&stream);
        }
    }

    fn fly_to(&mut self, now: Instant, stream: StreamId, to: End, flight: Flight) {
        let Some(state) = self.streams.get(&stream) else { return };
        let (sender, receiver, latest) = (state.address(to.other()), state.address(to), state.latest[to.index()]);
        let Some(arrival) = self.stream_arrival(now, sender.ip(), receiver.ip()) else {
            return self.reset(now + self.stream_patience, stream);
        };
        let at = arrival.max(latest + Duration::from_micros(1));
        if let Some(state) = self.streams.get_mut(&stream) {
            state.latest[to.index()] = at;
        }
        self.launch(at, flight);
    }

    /// Both ends give the stream up.
    fn reset(&mut self, at: Instant, stream: StreamId) {
        for end in [End::Opener, End::Acceptor] {
            self.launch(at, Flight::Closed { stream, end, reset: true });
        }
    }

    /// When bytes sent now arrive; `None` if a partition outlasts the patience of streams.
    fn stream_arrival(&mut self, now: Instant, from: IpAddr, to: IpAddr) -> Option<Instant> {
        let leaves = match self.cut_until(now, from, to) {
            Some(until) if until.since(now) > self.stream_patience => return None,
            Some(until) => until,
            None => now,
        };
        let link = self.link(from, to);
        let way = self.way(from, to);
        Some(leaves + way.in_order_delay(&link) + way.retransmission_delay(&link))
    }

    fn pieces(&mut self, stream: StreamId, end: End, data: &Bytes) -> Vec<Bytes> {
        let Some(state) = self.streams.get(&stream) else { return Vec::new() };
        let (from, to, cuts) = (state.address(end), state.address(end.other()), self.cuts_streams);
        let rng = &mut self.way(from.ip(), to.ip()).rng;
        let mut rest = data.clone();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let most = rest.len().min(SEGMENT);
            let length = if cuts && rng.chance(0.5) { 1 + rng.below(most as u64) as usize } else { most };
            pieces.push(rest.split_to(length.min(most)));
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::sim::network::Link;

    fn addresses() -> (SocketAddr, SocketAddr) {
        ("10.0.0.1:49152".parse().unwrap(), "10.0.0.2:5060".parse().unwrap())
    }

    fn open() -> (Network, StreamId) {
        let mut network = Network::new(Rng::from_seed([9; 32]));
        let (from, to) = addresses();
        let stream = network.open(Instant::ZERO, from, to);
        assert_eq!(network.arrive(Instant::from_millis(5)), Some(Flight::Opening { stream }));
        network.accept(Instant::from_millis(5), stream);
        assert_eq!(network.arrive(Instant::from_millis(10)), Some(Flight::Opened { stream }));
        (network, stream)
    }

    #[test]
    fn bytes_arrive_in_order_and_in_pieces_even_over_a_bad_link() {
        let (mut network, stream) = open();
        network.set_default_link(Link { loss: 0.3, jitter: Duration::from_millis(80), ..Link::default() });
        let sent: Vec<u8> = (0..20_000u32).map(|n| (n % 251) as u8).collect();
        for (n, chunk) in sent.chunks(500).enumerate() {
            let at = Instant::from_millis(20 + n as u64);
            network.write(at, stream, End::Opener, &Bytes::copy_from_slice(chunk));
        }
        network.close(Instant::from_millis(100), stream, End::Opener);
        let mut received = Vec::new();
        let mut pieces = 0;
        let closed = loop {
            match network.arrive(Instant::from_millis(60_000)) {
                Some(Flight::Segment { end: End::Acceptor, data, .. }) => {
                    pieces += 1;
                    received.extend_from_slice(&data);
                }
                other => break other,
            }
        };
        assert_eq!(closed, Some(Flight::Closed { stream, end: End::Acceptor, reset: false }));
        assert_eq!(received, sent);
        assert!(pieces > 50, "{pieces}");
    }

    #[test]
    fn a_short_partition_delays_and_a_long_one_resets() {
        let (mut network, stream) = open();
        let (from, to) = addresses();
        network.partition(from.ip(), to.ip(), Instant::from_millis(100), Instant::from_millis(1_100));
        network.write(Instant::from_millis(100), stream, End::Acceptor, &Bytes::from_static(b"x"));
        assert_eq!(network.next_arrival(), Instant::from_millis(1_105));
        assert!(matches!(network.arrive(Instant::from_millis(1_105)), Some(Flight::Segment { .. })));

        network.set_stream_patience(Duration::from_secs(2));
        network.partition(from.ip(), to.ip(), Instant::from_millis(2_000), Instant::from_millis(9_000));
        network.write(Instant::from_millis(2_000), stream, End::Acceptor, &Bytes::from_static(b"y"));
        let late = Instant::from_millis(4_000);
        assert_eq!(network.arrive(late), Some(Flight::Closed { stream, end: End::Opener, reset: true }));
        assert_eq!(network.arrive(late), Some(Flight::Closed { stream, end: End::Acceptor, reset: true }));
        assert_eq!(network.arrive(late), None);
    }

    #[test]
    fn nobody_listens() {
        let mut network = Network::new(Rng::from_seed([9; 32]));
        let (from, to) = addresses();
        let stream = network.open(Instant::ZERO, from, to);
        assert!(network.arrive(Instant::from_millis(5)).is_some());
        network.refuse(Instant::from_millis(5), stream);
        let failed = Flight::Failed { stream, timed_out: false };
        assert_eq!(network.arrive(Instant::from_millis(10)), Some(failed));
        assert!(network.streams.is_empty());
    }

    #[test]
    fn an_end_that_closed_hears_no_more() {
        let (mut network, stream) = open();
        network.write(Instant::from_millis(20), stream, End::Acceptor, &Bytes::from_static(b"late"));
        network.close(Instant::from_millis(21), stream, End::Opener);
        let rest = network.arrive(Instant::from_millis(100));
        assert_eq!(rest, Some(Flight::Closed { stream, end: End::Acceptor, reset: false }));
    }
}
