//! One packet in five is lost, others come late, twice or out of order: the call is set up and ended all the same.

use std::time::Duration;

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{AudioSource, Burst, Link, Pair, Side};

use crate::common::{ACCEPTED, ANSWERED, CALLING, ENDED_BY_PEER, ENDED_BY_US, INCOMING, assert_tone, told};

fn call_over(seed: u64, link: Link) {
    let mut pair = Pair::new(seed);
    pair.world.network_mut().set_default_link(link);
    let (out, inc) = pair.call();
    pair.settle();
    pair.session(Side::Alice, out, |session| session.end()).unwrap();
    pair.run_until_states(Side::Alice, (out, inc), SessionState::Terminated);
    // The 180 is not repeated and may be lost.
    let mut alice = pair.story(Side::Alice, out);
    alice.retain(|line| line != "GotRingIndication");
    assert_eq!(alice, told(&[CALLING, ANSWERED, ENDED_BY_US]), "seed {seed}");
    assert_eq!(pair.story(Side::Bob, inc), told(&[INCOMING, ACCEPTED, ENDED_BY_PEER]), "seed {seed}");
}

#[test]
fn a_call_survives_20_percent_loss() {
    for seed in 300..320 {
        call_over(seed, Link { loss: 0.2, ..Link::default() });
    }
}

#[test]
fn a_call_survives_bursts_duplicates_and_disorder() {
    let link = Link {
        latency: Duration::from_millis(60),
        jitter: Duration::from_millis(80),
        loss: 0.05,
        burst: Some(Burst { enter: 0.02, leave: 0.2, loss: 0.8 }),
        duplication: 0.2,
        reordering: 0.2,
        reordering_delay: Duration::from_millis(300),
        ..Link::default()
    };
    for seed in 320..340 {
        call_over(seed, link);
    }
}

#[test]
fn a_tone_is_heard_through_one_percent_loss_and_jitter() {
    let mut pair = Pair::new(340);
    pair.host_mut(Side::Alice).say_by_default(AudioSource::tone(440.0, -15.0));
    let link = Link { jitter: Duration::from_millis(15), loss: 0.01, ..Link::default() };
    pair.world.network_mut().set_default_link(link);
    let (_, inc) = pair.call();
    pair.world.run_for(Duration::from_secs(2));
    pair.host_mut(Side::Bob).forget_heard(inc);
    pair.world.run_for(Duration::from_secs(10));
    assert_tone(pair.host(Side::Bob).heard(inc), 440.0, -15.0);
}

#[test]
fn a_short_partition_does_not_end_a_call() {
    let mut pair = Pair::new(341);
    let (out, inc) = pair.call();
    pair.settle();
    let now = pair.world.now();
    let until = now + Duration::from_secs(8);
    pair.world.network_mut().partition(Side::Alice.ip(), Side::Bob.ip(), now, until);
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    pair.world.run_for(Duration::from_secs(20));
    assert_eq!(pair.state(Side::Alice, out), Some(SessionState::Established));
    assert_eq!(pair.story(Side::Bob, inc).last().unwrap(), "GotHoldRequest(remote)");
}
