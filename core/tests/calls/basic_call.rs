//! A call between two agents: set up, heard both ways, ended (RFC 3261 13, 15).

use sansip_core::middleware::notification::{Event, SessionNotification, SessionState};
use sansip_core::sim::{AudioSource, LogEntry, Pair, Side};

use crate::common::{ACCEPTED, ANSWERED, CALLING, ENDED_BY_PEER, ENDED_BY_US, INCOMING, RINGING, assert_tone, told};

#[test]
fn a_call_is_told_in_order_on_both_sides() {
    let mut pair = Pair::new(1);
    let (out, inc) = pair.call();
    pair.settle();
    pair.session(Side::Alice, out, |session| session.end()).unwrap();
    pair.run_until_states(Side::Alice, (out, inc), SessionState::Terminated);
    assert_eq!(pair.story(Side::Alice, out), told(&[CALLING, RINGING, ANSWERED, ENDED_BY_US]));
    assert_eq!(pair.story(Side::Bob, inc), told(&[INCOMING, ACCEPTED, ENDED_BY_PEER]));
}

#[test]
fn the_callee_can_end_it_too() {
    let mut pair = Pair::new(2);
    let (out, inc) = pair.call();
    pair.settle();
    pair.session(Side::Bob, inc, |session| session.end()).unwrap();
    pair.run_until_states(Side::Alice, (out, inc), SessionState::Terminated);
    assert_eq!(pair.story(Side::Alice, out), told(&[CALLING, RINGING, ANSWERED, ENDED_BY_PEER]));
    assert_eq!(pair.story(Side::Bob, inc), told(&[INCOMING, ACCEPTED, ENDED_BY_US]));
}

#[test]
fn will_start_comes_before_the_ack_and_did_start_after_it() {
    let mut pair = Pair::new(3);
    pair.call();
    let log = pair.host(Side::Alice).log();
    let told = |wanted: &SessionNotification| {
        let is = |entry: &LogEntry| matches!(entry, LogEntry::Notified(Event::Session(_, what)) if what == wanted);
        log.iter().position(|line| is(&line.entry)).expect("it was told")
    };
    let ack = log
        .iter()
        .position(|line| matches!(&line.entry, LogEntry::Sent { data, .. } if data.starts_with(b"ACK ")))
        .expect("an ACK was sent");
    assert!(told(&SessionNotification::WillStart) < ack);
    assert!(ack < told(&SessionNotification::DidStart));
}

#[test]
fn a_tone_is_heard_both_ways() {
    let mut pair = Pair::new(4);
    pair.host_mut(Side::Alice).say_by_default(AudioSource::tone(440.0, -15.0));
    pair.host_mut(Side::Bob).say_by_default(AudioSource::tone(440.0, -25.0));
    let (out, inc) = pair.call();
    pair.settle();
    pair.host_mut(Side::Alice).forget_heard(out);
    pair.host_mut(Side::Bob).forget_heard(inc);
    for _ in 0..3 {
        pair.settle();
    }
    assert_tone(pair.host(Side::Bob).heard(inc), 440.0, -15.0);
    assert_tone(pair.host(Side::Alice).heard(out), 440.0, -25.0);
}

#[test]
fn nothing_is_left_behind() {
    let mut pair = Pair::new(5);
    let before = pair.host(Side::Alice).open_sockets().len();
    let (out, inc) = pair.call();
    assert_eq!(pair.host(Side::Alice).open_sockets().len(), before + 2, "RTP and RTCP");
    pair.session(Side::Alice, out, |session| session.end()).unwrap();
    pair.run_until_states(Side::Alice, (out, inc), SessionState::Terminated);
    pair.settle();
    for side in [Side::Alice, Side::Bob] {
        assert_eq!(pair.host(side).open_sockets().len(), before);
        assert!(pair.host(side).agent().sessions().is_empty());
    }
}
