//! One frame of 20 ms in PCMU, in and out of an audio stream.
//!
//! - **send**: 160 samples pushed, encoded, and fetched as an RTP packet;
//! - **receive**: an RTP packet taken in (source and sequence judged, jitter buffer), and 160 samples pulled (decoded,
//!   leveled).
//!
//! Criterion measures both; then medians are printed, and it is asserted that neither allocates.
#![allow(clippy::print_stdout)] // The figures are what it is for.
#![allow(missing_docs)] // criterion's macro makes undocumented functions.

use std::alloc::System;
use std::array;
use std::f64::consts::TAU;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time;

use criterion::{Criterion, Throughput, criterion_group};
use sansip_core::machines::media::codec::CodecKind;
use sansip_core::machines::media::jitter::JitterConfig;
use sansip_core::machines::media::stream::{AudioConfig, AudioStream, Format};
use sansip_core::rng::Rng;
use sansip_core::time::{Duration, Instant};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FRAME: Duration = Duration::from_millis(20);
const SAMPLES: usize = 160;
const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 40_000);

fn stream(seed: u8) -> AudioStream {
    let config = AudioConfig {
        ssrc: u32::from(seed),
        first_sequence: 0,
        first_timestamp: 0,
        cname: "bench".into(),
        jitter: JitterConfig::default(),
        // One report in five seconds is no part of a frame.
        no_rtcp: true,
        wall_clock: None,
    };
    let mut stream = AudioStream::new(config, Rng::from_seed([seed; 32]), Instant::ZERO);
    stream.set_format(Instant::ZERO, Format::new(CodecKind::Pcmu, 0, PEER));
    stream
}

/// 20 ms of 450 Hz: nine whole waves, so that frames join smoothly.
fn tone() -> [i16; SAMPLES] {
    array::from_fn(|i| ((TAU * 450.0 * i as f64 / 8_000.0).sin() * 8_000.0) as i16)
}

/// The sending half of a call.
struct Sending {
    stream: AudioStream,
    samples: [i16; SAMPLES],
    now: Instant,
}

impl Sending {
    fn new() -> Sending {
        let mut send = Sending { stream: stream(1), samples: tone(), now: Instant::ZERO };
        (0..100).for_each(|_| send.frame());
        send
    }

    fn frame(&mut self) {
        self.now += FRAME;
        self.stream.push(self.now, black_box(&self.samples));
        let packet = self.stream.poll_transmit().expect("a frame makes a packet");
        assert_eq!(black_box(packet).data.len(), 12 + SAMPLES);
    }
}

/// The receiving half of a call.
struct Receiving {
    stream: AudioStream,
    packet: [u8; 12 + SAMPLES],
    sequence: u16,
    timestamp: u32,
    heard: [i16; SAMPLES],
    now: Instant,
}

impl Receiving {
    fn new() -> Receiving {
        let mut sender = stream(1);
        sender.push(Instant::ZERO, &tone());
        let sent = sender.poll_transmit().expect("a frame makes a packet");
        let mut receive = Receiving {
            stream: stream(2),
            packet: array::from_fn(|i| sent.data[i]),
            sequence: 0,
            timestamp: 0,
            heard: [0; SAMPLES],
            now: Instant::ZERO,
        };
        (0..500).for_each(|_| receive.frame());
        receive
    }

    fn frame(&mut self) {
        self.now += FRAME;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(SAMPLES as u32);
        // No marker: one talk spurt. Then sequence number and timestamp (RFC 3550 5.1).
        self.packet[1] &= 0x7f;
        self.packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        self.packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        self.stream.on_rtp(self.now, PEER, black_box(&self.packet));
        self.stream.pull(self.now, &mut self.heard);
        black_box(&self.heard);
    }

    /// Every packet was played, and nothing had to be invented.
    fn assert_heard(&self, frames: u64) {
        let statistics = self.stream.statistics();
        assert!(statistics.packets_received >= frames, "{statistics:?}");
        assert_eq!(statistics.lost, 0, "{statistics:?}");
        let loudest = self.heard.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(loudest.is_some_and(|loudest| loudest > 7_000), "the tone is heard: {loudest:?}");
    }
}

fn criterion_groups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("PCMU, 20 ms");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    let mut send = Sending::new();
    group.bench_function("send", |bencher| bencher.iter(|| send.frame()));
    let mut receive = Receiving::new();
    group.bench_function("receive", |bencher| bencher.iter(|| receive.frame()));
    group.finish();
}

/// The median of many runs of `frame`, in ns; not one of them may allocate.
fn measured(mut frame: impl FnMut()) -> f64 {
    const ROUNDS: usize = 301;
    const FRAMES: u32 = 500;
    let mut times = Vec::with_capacity(ROUNDS);
    let region = Region::new(ALLOCATOR);
    for _ in 0..ROUNDS {
        let start = time::Instant::now();
        (0..FRAMES).for_each(|_| frame());
        times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(FRAMES));
    }
    let change = region.change();
    assert_eq!(change.allocations + change.reallocations, 0, "a frame allocates nothing: {change:?}");
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn report() {
    let (mut send, mut receive) = (Sending::new(), Receiving::new());
    let sending = measured(|| send.frame());
    let receiving = measured(|| receive.frame());
    receive.assert_heard(301 * 500);
    println!("\nOne frame of PCMU, 20 ms, in an audio stream");
    println!("  send:    {sending:>6.0} ns, 0 allocations");
    println!("  receive: {receiving:>6.0} ns, 0 allocations");
    println!("  both ways, that is {:.0} calls' sound in real time per core", 20e6 / (sending + receiving));
}

criterion_group!(groups, criterion_groups);

fn main() {
    groups();
    Criterion::default().configure_from_args().final_summary();
    report();
}
