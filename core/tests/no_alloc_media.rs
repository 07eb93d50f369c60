//! In steady state an audio stream allocates nothing: not when it sends, not when it receives, not when it plays.

use std::net::SocketAddr;

use allocation_counter::measure;
use sansip_core::machines::media::codec::CodecKind;
use sansip_core::machines::media::jitter::JitterConfig;
use sansip_core::machines::media::stream::{AudioConfig, AudioStream, Format};
use sansip_core::rng::Rng;
use sansip_core::time::{Duration, Instant};

fn stream(n: u8, remote: SocketAddr) -> AudioStream {
    let config = AudioConfig {
        ssrc: u32::from(n),
        first_sequence: 65_000,
        first_timestamp: 0,
        cname: "test".into(),
        jitter: JitterConfig::default(),
        no_rtcp: false,
        wall_clock: None,
    };
    let mut stream = AudioStream::new(config, Rng::from_seed([n; 32]), Instant::ZERO);
    stream.set_format(Instant::ZERO, Format::new(CodecKind::Pcmu, 0, remote).with_telephone_event(101));
    stream
}

/// Sends one frame each way, now and then losing or reordering a packet, with reports and digits in between.
fn frame(n: u64, streams: &mut [AudioStream; 2], addresses: [SocketAddr; 2]) {
    let now = Instant::from_millis(n * 20);
    let tone: [i16; 160] = core::array::from_fn(|i| if i % 20 < 10 { 4_000 } else { -4_000 });
    for (side, from) in addresses.into_iter().enumerate() {
        let [one, other] = streams;
        let (sender, receiver) = if side == 0 { (one, other) } else { (other, one) };
        if n % 100 == 99 {
            sender.send_dtmf('5', Duration::from_millis(100)).expect("there is room");
        }
        sender.push(now, &tone);
        if sender.next_timeout() <= now {
            sender.handle_timeout(now);
        }
        let mut held = None;
        while let Some(packet) = sender.poll_transmit() {
            if n % 50 == 7 && !packet.rtcp {
                continue;
            }
            if held.is_none() && n % 10 == 3 {
                held = Some(packet);
                continue;
            }
            if packet.rtcp {
                receiver.on_rtcp(now, from, &packet.data)
            } else {
                receiver.on_rtp(now, from, &packet.data)
            }
        }
        if let Some(packet) = held {
            receiver.on_rtp(now, from, &packet.data);
        }
        let mut heard = [0; 160];
        receiver.pull(now, &mut heard);
        while receiver.poll_event().is_some() {}
    }
}

#[test]
fn steady_state_allocates_nothing() {
    let addresses = [SocketAddr::from(([192, 0, 2, 1], 4_000)), SocketAddr::from(([192, 0, 2, 2], 4_000))];
    let mut streams = [stream(1, addresses[1]), stream(2, addresses[0])];
    for n in 1..=500 {
        frame(n, &mut streams, addresses);
    }
    let allocations = measure(|| {
        for n in 501..=1_500 {
            frame(n, &mut streams, addresses);
        }
    });
    assert_eq!(allocations.count_total, 0, "{allocations:?}");
    for stream in &streams {
        let statistics = stream.statistics();
        assert!(statistics.packets_received > 1_300 && statistics.lost > 10, "{statistics:?}");
        assert!(statistics.remote.is_some(), "reports went both ways");
    }
    let counted = measure(|| drop(std::hint::black_box(vec![0u8; 100])));
    assert_eq!(counted.count_total, 1, "the counter counts");
}
