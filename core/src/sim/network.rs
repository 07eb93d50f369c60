//! The wire between hosts: what happens to a datagram on its way, and the queue of what is in flight.
//!
//! Streams, which are made of the same links, are in [`stream`](super::stream).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use bytes::Bytes;

use super::stream::{End, Stream, StreamId};
use crate::rng::Rng;
use crate::time::Instant;

/// How one direction between two addresses behaves.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Link {
    /// The least time a packet takes.
    pub latency: Duration,
    /// The most that chance adds to the latency of a packet, evenly spread. More than the distance between two packets
    /// puts them out of order.
    pub jitter: Duration,
    /// The share of packets that get lost, 0.0 to 1.0, outside bursts.
    pub loss: f64,
    /// Losses that come in bursts, too.
    pub burst: Option<Burst>,
    /// The share of datagrams that arrive twice.
    pub duplication: f64,
    /// The share of datagrams that are held back by [`reordering_delay`](Link::reordering_delay).
    pub reordering: f64,
    /// How long a reordered datagram is held back.
    pub reordering_delay: Duration,
    /// The longest datagram that gets through, in octets. A longer one is lost, as where fragments are dropped.
    pub mtu: usize,
}

impl Default for Link {
    /// 5 ms, nothing lost, any datagram that UDP can carry.
    fn default() -> Link {
        Link {
            latency: Duration::from_millis(5),
            jitter: Duration::ZERO,
            loss: 0.0,
            burst: None,
            duplication: 0.0,
            reordering: 0.0,
            reordering_delay: Duration::from_millis(30),
            mtu: 65_507,
        }
    }
}

/// Loss in bursts: the model of Gilbert and Elliott, a good and a bad state, with a draw for each packet.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Burst {
    /// The chance to go from good to bad, at each packet.
    pub enter: f64,
    /// The chance to go from bad to good, at each packet.
    pub leave: f64,
    /// The share of packets lost while bad.
    pub loss: f64,
}

/// What became of the datagrams sent.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct NetworkCounts {
    /// Datagrams handed to the network.
    pub sent: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Longer than the link's MTU.
    pub too_long: u64,
    /// Sent into a partition.
    pub partitioned: u64,
    /// Taken out by the test's own filter.
    pub filtered: u64,
    /// Delivered twice.
    pub duplicated: u64,
}

/// What became of one datagram at the moment it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Travels,
    TravelsTwice,
    Lost,
    TooLong,
    Partitioned,
    Filtered,
}

/// What arrives, somewhere.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Flight {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        data: Bytes,
    },
    /// News for the socket at `sender` that nobody takes datagrams at `to`.
    Unreachable {
        sender: SocketAddr,
        to: SocketAddr,
    },
    /// A connection asks to be accepted.
    Opening {
        stream: StreamId,
    },
    /// The opener learns that its connection is up.
    Opened {
        stream: StreamId,
    },
    /// The opener learns that nobody listens, or that nobody can be reached.
    Failed {
        stream: StreamId,
        timed_out: bool,
    },
    Segment {
        stream: StreamId,
        end: End,
        data: Bytes,
    },
    Closed {
        stream: StreamId,
        end: End,
        reset: bool,
    },
}

type Filter = dyn FnMut(SocketAddr, SocketAddr, &[u8]) -> bool;

/// The chance and the mood of one direction between two addresses.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) rng: Rng,
    in_burst: bool,
}

struct Partition {
    one: IpAddr,
    other: IpAddr,
    from: Instant,
    until: Instant,
}

/// The network of a [`World`](super::World).
pub struct Network {
    rng: Rng,
    default: Link,
    links: BTreeMap<(IpAddr, IpAddr), Link>,
    ways: BTreeMap<(IpAddr, IpAddr), Way>,
    partitions: Vec<Partition>,
    filter: Option<Box<Filter>>,
    tells_unreachable: bool,
    counts: NetworkCounts,
    flights: BTreeMap<(Instant, u64), Flight>,
    launched: u64,
    pub(super) streams: BTreeMap<StreamId, Stream>,
    pub(super) opened: u64,
    pub(super) stream_patience: Duration,
    pub(super) cuts_streams: bool,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("default", &self.default)
            .field("counts", &self.counts)
            .field("in_flight", &self.flights.len())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}

impl Network {
    /// A network of [`Link::default`]s whose chances come from `rng`.
    pub fn new(rng: Rng) -> Network {
        Network {
            rng,
            default: Link::default(),
            links: BTreeMap::new(),
            ways: BTreeMap::new(),
            partitions: Vec::new(),
            filter: None,
            tells_unreachable: true,
            counts: NetworkCounts::default(),
            flights: BTreeMap::new(),
            launched: 0,
            streams: BTreeMap::new(),
            opened: 0,
            stream_patience: Duration::from_secs(30),
            cuts_streams: true,
        }
    }

    /// The link of every direction that has none of its own.
    pub fn set_default_link(&mut self, link: Link) {
        self.default = link;
    }

    /// The link from one address to another; the way back is another link.
    pub fn set_link(&mut self, from: IpAddr, to: IpAddr, link: Link) {
        self.links.insert((from, to), link);
    }

    /// The link in force from one address to another.
    pub fn link(&self, from: IpAddr, to: IpAddr) -> Link {
        self.links.get(&(from, to)).copied().unwrap_or(self.default)
    }

    /// Nothing sent between two addresses, either way, from `from` until `until` gets through. What is in flight at
    /// `from` still arrives.
    pub fn partition(&mut self, one: IpAddr, other: IpAddr, from: Instant, until: Instant) {
        self.partitions.push(Partition { one, other, from, until });
    }

    /// Takes out every datagram for which `drop(from, to, octets)` says true.
    pub fn drop_when(&mut self, drop: impl FnMut(SocketAddr, SocketAddr, &[u8]) -> bool + 'static) {
        self.filter = Some(Box::new(drop));
    }

    /// Lets everything through again.
    pub fn drop_nothing(&mut self) {
        self.filter = None;
    }

    /// Whether the sender of a datagram to an address where nobody listens is told so (ICMP). True at first.
    pub fn set_tells_unreachable(&mut self, tells: bool) {
        self.tells_unreachable = tells;
    }

    /// How long a stream lives through a partition before both ends see it reset. 30 s at first.
    pub fn set_stream_patience(&mut self, patience: Duration) {
        self.stream_patience = patience;
    }

    /// Whether what is written to a stream arrives cut at random places. True at first.
    pub fn set_cuts_streams(&mut self, cuts: bool) {
        self.cuts_streams = cuts;
    }

    /// What became of the datagrams sent so far.
    pub fn counts(&self) -> NetworkCounts {
        self.counts
    }

    /// When the next thing arrives; [`Instant::NEVER`] when nothing is in flight.
    pub fn next_arrival(&self) -> Instant {
        self.flights.first_key_value().map_or(Instant::NEVER, |((at, _), _)| *at)
    }

    /// How many things are in flight.
    pub fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// The end of the partition between two addresses, if there is one now.
    pub(super) fn cut_until(&self, now: Instant, from: IpAddr, to: IpAddr) -> Option<Instant> {
        let between = |p: &&Partition| (p.one == from && p.other == to) || (p.one == to && p.other == from);
        self.partitions.iter().filter(between).filter(|p| p.from <= now && now < p.until).map(|p| p.until).max()
    }

    /// The direction's state, made at its first use. Each has its own chances, so that traffic elsewhere leaves them
    /// be.
    pub(super) fn way(&mut self, from: IpAddr, to: IpAddr) -> &mut Way {
        let rng = &self.rng;
        self.ways.entry((from, to)).or_insert_with(|| Way { rng: rng.fork(&format!("{from}>{to}")), in_burst: false })
    }

    pub(super) fn launch(&mut self, at: Instant, flight: Flight) {
        self.launched += 1;
        self.flights.insert((at, self.launched), flight);
    }

    /// Sends a datagram.
    pub(super) fn send(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, data: &Bytes) -> Fate {
        self.counts.sent += 1;
        let fate = self.send_by_link(now, from, to, data);
        match fate {
            Fate::Travels => {}
            Fate::TravelsTwice => self.counts.duplicated += 1,
            Fate::Lost => self.counts.lost += 1,
            Fate::TooLong => self.counts.too_long += 1,
            Fate::Partitioned => self.counts.partitioned += 1,
            Fate::Filtered => self.counts.filtered += 1,
        }
        fate
    }

    fn send_by_link(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, data: &Bytes) -> Fate {
        let link = self.link(from.ip(), to.ip());
        if self.filter.as_mut().is_some_and(|drop| drop(from, to, &data[..])) {
            return Fate::Filtered;
        }
        if data.len() > link.mtu {
            return Fate::TooLong;
        }
        if self.cut_until(now, from.ip(), to.ip()).is_some() {
            return Fate::Partitioned;
        }
        let way = self.way(from.ip(), to.ip());
        if way.loses(&link) {
            return Fate::Lost;
        }
        let twice = way.rng.chance(link.duplication);
        let mut arrivals = [way.delay(&link), Duration::ZERO];
        if twice {
            arrivals[1] = way.delay(&link);
        }
        let copies = if twice { 2 } else { 1 };
        for delay in &arrivals[..copies] {
            self.launch(now + *delay, Flight::Datagram { from, to, data: data.clone() });
        }
        if twice { Fate::TravelsTwice } else { Fate::Travels }
    }

    /// A datagram found nobody at its address: its sender is told, if the network does that.
    pub(super) fn bounce(&mut self, now: Instant, sender: SocketAddr, to: SocketAddr) {
        if !self.tells_unreachable || self.cut_until(now, to.ip(), sender.ip()).is_some() {
            return;
        }
        let link = self.link(to.ip(), sender.ip());
        let delay = self.way(to.ip(), sender.ip()).delay(&link);
        self.launch(now + delay, Flight::Unreachable { sender, to });
    }

    /// The next thing that has arrived by `now`.
    pub(super) fn arrive(&mut self, now: Instant) -> Option<Flight> {
        while self.next_arrival() <= now {
            let (_, flight) = self.flights.pop_first()?;
            if self.still_wanted(&flight) {
                return Some(flight);
            }
        }
        None
    }
}

impl Way {
    fn loses(&mut self, link: &Link) -> bool {
        if let Some(burst) = link.burst {
            let turn = if self.in_burst { burst.leave } else { burst.enter };
            if self.rng.chance(turn) {
                self.in_burst = !self.in_burst;
            }
            if self.in_burst {
                return self.rng.chance(burst.loss);
            }
        }
        self.rng.chance(link.loss)
    }

    fn delay(&mut self, link: &Link) -> Duration {
        let held = if self.rng.chance(link.reordering) { link.reordering_delay } else { Duration::ZERO };
        self.in_order_delay(link) + held
    }

    pub(super) fn in_order_delay(&mut self, link: &Link) -> Duration {
        self.rng.duration(link.latency, link.latency + link.jitter)
    }

    /// What a stream's own retransmissions add: each loss costs a round of waiting.
    pub(super) fn retransmission_delay(&mut self, link: &Link) -> Duration {
        const ROUND: Duration = Duration::from_millis(200);
        const ROUNDS: u32 = 5;
        let lost = (0..ROUNDS).take_while(|_| self.loses(link)).count();
        ROUND * u32::try_from(lost).unwrap_or(ROUNDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "10.0.0.1:5060";
    const B: &str = "10.0.0.2:5060";

    fn network(link: Link) -> Network {
        let mut network = Network::new(Rng::from_seed([3; 32]));
        network.set_default_link(link);
        network
    }

    fn send_numbered(network: &mut Network, count: u32) {
        for n in 0..count {
            let at = Instant::from_millis(u64::from(n) * 20);
            network.send(at, A.parse().unwrap(), B.parse().unwrap(), &Bytes::copy_from_slice(&n.to_be_bytes()));
        }
    }

    fn arrived(network: &mut Network) -> Vec<u32> {
        let mut numbers = Vec::new();
        while let Some(flight) = network.arrive(Instant::from_millis(u64::MAX / 2_000)) {
            let Flight::Datagram { data, .. } = flight else { panic!("{flight:?}") };
            numbers.push(u32::from_be_bytes(data[..].try_into().unwrap()));
        }
        numbers
    }

    #[test]
    fn a_perfect_link_keeps_everything_in_order() {
        let mut network = network(Link::default());
        send_numbered(&mut network, 100);
        assert_eq!(network.next_arrival(), Instant::from_millis(5));
        assert_eq!(arrived(&mut network), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn loss_duplication_and_reordering_happen_at_their_rates() {
        let link = Link { loss: 0.2, duplication: 0.1, reordering: 0.1, ..Link::default() };
        let mut network = network(link);
        send_numbered(&mut network, 10_000);
        let counts = network.counts();
        assert!((1_800..2_200).contains(&counts.lost), "{counts:?}");
        assert!((700..900).contains(&counts.duplicated), "{counts:?}");
        let numbers = arrived(&mut network);
        assert_eq!(numbers.len() as u64, counts.sent - counts.lost + counts.duplicated);
        assert!(numbers.windows(2).any(|pair| pair[0] > pair[1]));
    }

    #[test]
    fn bursts_lose_neighbours() {
        let link = Link { burst: Some(Burst { enter: 0.01, leave: 0.1, loss: 1.0 }), ..Link::default() };
        let mut network = network(link);
        send_numbered(&mut network, 10_000);
        let numbers = arrived(&mut network);
        let gaps: Vec<u32> = numbers.windows(2).map(|pair| pair[1] - pair[0] - 1).filter(|gap| *gap > 0).collect();
        let mean = f64::from(gaps.iter().sum::<u32>()) / gaps.len() as f64;
        assert!((7.0..13.0).contains(&mean), "mean burst {mean}");
    }

    #[test]
    fn partitions_mtu_and_filters_stop_datagrams() {
        let mut network = network(Link { mtu: 100, ..Link::default() });
        let (a, b): (SocketAddr, SocketAddr) = (A.parse().unwrap(), B.parse().unwrap());
        network.partition(b.ip(), a.ip(), Instant::from_millis(10), Instant::from_millis(20));
        let short = Bytes::from_static(b"short");
        assert_eq!(network.send(Instant::from_millis(9), a, b, &short), Fate::Travels);
        assert_eq!(network.send(Instant::from_millis(10), a, b, &short), Fate::Partitioned);
        assert_eq!(network.send(Instant::from_millis(19), b, a, &short), Fate::Partitioned);
        assert_eq!(network.send(Instant::from_millis(20), a, b, &short), Fate::Travels);
        assert_eq!(network.send(Instant::from_millis(20), a, b, &Bytes::from_static(&[0; 101])), Fate::TooLong);
        network.drop_when(|_, _, data| data.starts_with(b"sh"));
        assert_eq!(network.send(Instant::from_millis(21), a, b, &short), Fate::Filtered);
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals() {
        let run = || {
            let mut network =
                network(Link { loss: 0.3, jitter: Duration::from_millis(50), duplication: 0.2, ..Link::default() });
            send_numbered(&mut network, 500);
            arrived(&mut network)
        };
        assert_eq!(run(), run());
    }
}
