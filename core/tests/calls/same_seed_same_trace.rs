//! The same seed gives the same world, byte for byte.

use std::time::Duration;

use sansip_core::sim::{AudioSource, Link, Pair, Side};
use sansip_core::wire::sip::Transport;

/// A bit of everything, over a network that does its worst.
fn live(seed: u64) -> String {
    let mut pair = Pair::new(seed);
    pair.host_mut(Side::Alice).say_by_default(AudioSource::tone(440.0, -15.0));
    pair.world.network_mut().set_default_link(Link {
        jitter: Duration::from_millis(40),
        loss: 0.1,
        duplication: 0.1,
        reordering: 0.1,
        ..Link::default()
    });
    let (out, inc) = pair.call();
    pair.settle();
    pair.session(Side::Alice, out, |session| session.send_dtmf('5')).unwrap();
    pair.session(Side::Bob, inc, |session| session.start_recording_audio(None)).unwrap();
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    pair.session(Side::Bob, inc, |session| session.hold()).unwrap();
    pair.world.run_for(Duration::from_secs(10));
    pair.session(Side::Bob, inc, |session| session.end()).unwrap();
    pair.dial_over(Side::Bob, Transport::Tcp);
    pair.world.run_for(Duration::from_secs(40));
    pair.world.trace().to_string()
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 400..403 {
        let (first, second) = (live(seed), live(seed));
        let differs = first.lines().zip(second.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.len(), second.len(), "seed {seed}");
        assert!(first.contains("INVITE sip:bob@10.0.0.2") && first.contains("RTP pt 0"));
    }
}

#[test]
fn another_seed_gives_another_trace() {
    assert_ne!(live(410), live(411));
}
