//! Digits by RFC 4733, and by INFO where the peer offers no telephone-event.

use std::collections::BTreeMap;

use sansip_core::error::Misuse;
use sansip_core::sim::{Pair, Side, rtp_packet};
use sansip_core::wire::sip::{HeaderName, Method, StatusCode};

use crate::common::{SECOND, Scene, header, rtp_of, told};

#[test]
fn digits_arrive_once_and_in_order_both_ways() {
    let mut pair = Pair::new(140);
    let (out, inc) = pair.call();
    pair.settle();
    pair.forget();
    for digit in "159*0#AD".chars() {
        pair.session(Side::Alice, out, |session| session.send_dtmf(digit)).unwrap();
    }
    pair.session(Side::Bob, inc, |session| session.send_dtmf('7')).unwrap();
    for _ in 0..5 {
        pair.settle();
    }
    let digits = ["1", "5", "9", "*", "0", "#", "A", "D"].map(|digit| format!("GotDTMF({digit})"));
    assert_eq!(pair.story(Side::Bob, inc), digits);
    assert_eq!(pair.story(Side::Alice, out), told(&[&["GotDTMF(7)"]]));
}

#[test]
fn a_digit_goes_as_one_event_with_three_end_packets() {
    let mut scene = Scene::new(141);
    let (session, _) = scene.talk_out();
    scene.run(SECOND);
    scene.act(session, |session| session.send_dtmf('5')).unwrap();
    scene.run(SECOND);
    let peer = scene.world.peer(scene.carol);
    let events = peer.rtp_of_type(101);
    // RFC 4733 2.5.1.2: one timestamp, growing durations; 2.5.1.4: the end is sent three times.
    let mut by_timestamp: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
    for packet in &events {
        by_timestamp.entry(&packet.data[4..8]).or_default().push(packet.payload());
    }
    assert_eq!(by_timestamp.len(), 1);
    let payloads = by_timestamp.into_values().next().unwrap();
    assert!(payloads.iter().all(|payload| payload[0] == 5));
    let ends: Vec<_> = payloads.iter().filter(|payload| payload[1] & 0x80 != 0).collect();
    assert_eq!(ends.len(), 3);
    let durations: Vec<u16> = payloads.iter().map(|payload| u16::from_be_bytes([payload[2], payload[3]])).collect();
    assert!(durations.windows(2).all(|pair| pair[0] <= pair[1]), "{durations:?}");
    // 200 ms at 8 kHz, by whole packets.
    assert!((1_440..=1_760).contains(durations.last().unwrap()), "{durations:?}");
    let marked = events.iter().filter(|packet| packet.data[1] & 0x80 != 0).count();
    assert_eq!(marked, 1);
}

#[test]
fn an_event_whose_end_is_lost_is_told_once() {
    let mut scene = Scene::new(142);
    let (session, _, ok) = scene.talk_in();
    scene.forget();
    let to = rtp_of(&ok);
    for n in 0..5u16 {
        let duration = (160 * (n + 1)).to_be_bytes();
        let packet = rtp_packet(101, 100 + n, 5_000, 77, &[9, 10, duration[0], duration[1]]);
        scene.peer().send_rtp(to, packet);
        scene.run(SECOND / 50);
    }
    scene.run(10 * SECOND);
    assert_eq!(scene.story(session).iter().filter(|line| *line == "GotDTMF(9)").count(), 1);
}

#[test]
fn a_peer_without_telephone_event_gets_info() {
    let mut scene = Scene::new(143);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let with = call.sdp("sendrecv");
    let without = with.replace("RTP/AVP 0 101", "RTP/AVP 0").replace("a=rtpmap:101 telephone-event/8000\r\n", "");
    scene.reply(&call, &invite, StatusCode::OK, Some(without.replace("a=fmtp:101 0-15\r\n", "")));
    scene.request(Method::Ack);
    scene.act(session, |session| session.send_dtmf('5')).unwrap();
    let info = scene.request(Method::Info);
    assert_eq!(header(&info, HeaderName::ContentType), "application/dtmf-relay");
    let body = String::from_utf8(info.body().to_vec()).unwrap();
    assert!(body.lines().any(|line| line.replace(' ', "") == "Signal=5"), "{body}");
    assert!(body.lines().any(|line| line.replace(' ', "") == "Duration=200"), "{body}");
    scene.reply(&call, &info, StatusCode::OK, None);
    scene.run(SECOND);
}

#[test]
fn a_digit_by_info_is_told() {
    let mut scene = Scene::new(144);
    let (session, mut call, _) = scene.talk_in();
    scene.forget();
    let mut info = call.request(Method::Info);
    info.set_body("application/dtmf-relay", "Signal=#\r\nDuration=160\r\n".into());
    scene.peer().send(info);
    scene.response(200);
    assert_eq!(scene.story(session), told(&[&["GotDTMF(#)"]]));
}

#[test]
fn what_is_no_digit_is_refused() {
    let mut pair = Pair::new(145);
    let (out, _) = pair.call();
    let refused = pair.session(Side::Alice, out, |session| session.send_dtmf('x'));
    assert_eq!(refused, Err(Misuse::BadDigit('x')));
}
