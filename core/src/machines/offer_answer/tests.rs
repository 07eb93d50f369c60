use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::net::{IpAddr, SocketAddr};

use proptest::prelude::*;

use super::*;
use crate::wire::sdp::{MaxPtime, Ptime, Rtcp, RtpMap};

use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};

const HOST: &str = "192.0.2.1";

fn capability() -> AudioCapability {
    AudioCapability { codecs: vec![CodecSpec::pcmu(), CodecSpec::pcma()], telephone_event: true, ptime_ms: 20 }
}

fn with_codecs(codecs: Vec<CodecSpec>) -> OfferAnswer {
    OfferAnswer::new(1_000, HOST.parse().unwrap(), AudioCapability { codecs, ..capability() })
}

fn machine() -> OfferAnswer {
    with_codecs(capability().codecs)
}

fn codec(name: &str, clock_rate: u32, channels: u8, payload_type: Option<u8>) -> CodecSpec {
    CodecSpec { name: name.into(), clock_rate, channels, payload_type, fmtp: None }
}

fn local(direction: Direction) -> LocalAudio {
    LocalAudio { rtp: SocketAddr::new(HOST.parse().unwrap(), 50_000), rtcp_port: None, direction }
}

fn audio(direction: Direction) -> Offer {
    Offer { audio: Some(local(direction)) }
}

fn accept(direction: Direction) -> Answer {
    Answer { audio: Some(local(direction)) }
}

fn parse(text: &str) -> SessionDescription {
    SessionDescription::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A peer's description with these lines after `s=`.
fn peer(lines: &str) -> SessionDescription {
    parse(&format!("v=0\no=peer 7 1 IN IP4 198.51.100.7\ns=-\n{lines}\n"))
}

/// A peer's description of one audio stream.
fn peer_audio(rest: &str) -> SessionDescription {
    peer(&format!("c=IN IP4 198.51.100.7\nt=0 0\n{rest}"))
}

/// The `m=` lines of a description.
fn lines(session: &SessionDescription) -> Vec<String> {
    session.to_string().lines().filter(|line| line.starts_with("m=")).map(Into::into).collect()
}

/// The offer is accepted with sendrecv.
fn answered(machine: &mut OfferAnswer, offer: &str) -> (SessionDescription, AgreedAudio) {
    machine.on_offer(&peer_audio(offer)).expect(offer);
    let (answer, agreement) = machine.create_answer(&accept(SendRecv)).expect(offer);
    (answer, agreement.audio.expect("audio was accepted"))
}

/// A machine whose offer was answered with PCMU in both directions.
fn in_a_call() -> OfferAnswer {
    let mut machine = machine();
    machine.create_offer(&audio(SendRecv)).unwrap();
    machine.on_answer(&peer_audio("m=audio 6000 RTP/AVP 0")).unwrap();
    machine
}

fn agreed(machine: &OfferAnswer) -> &AgreedAudio {
    machine.agreement().and_then(|agreement| agreement.audio.as_ref()).expect("audio is in force")
}

// RFC 3264, section 10.1.
const ALICE: &str = "v=0\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\ns=\nc=IN IP4 host.anywhere.com\nt=0 0\n\
    m=audio 49170 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 51372 RTP/AVP 31\na=rtpmap:31 H261/90000\n\
    m=video 53000 RTP/AVP 32\na=rtpmap:32 MPV/90000\n";
const BOB: &str = "v=0\no=bob 2890844730 2890844730 IN IP4 host.example.com\ns=\nc=IN IP4 host.example.com\nt=0 0\n\
    m=audio 49920 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 0 RTP/AVP 31\nm=video 53000 RTP/AVP 32\n\
    a=rtpmap:32 MPV/90000\n";
const BOB_AGAIN: &str = "v=0\no=bob 2890844730 2890844731 IN IP4 host.example.com\ns=\nc=IN IP4 host.example.com\nt=0 0\n\
    m=audio 65422 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nm=video 0 RTP/AVP 31\nm=video 53000 RTP/AVP 32\n\
    a=rtpmap:32 MPV/90000\nm=audio 51434 RTP/AVP 110\na=rtpmap:110 telephone-events/8000\na=recvonly\n";

#[test]
fn rfc_3264_10_1_basic_exchange_as_bob() {
    let mut bob = machine();
    let offer = bob.on_offer(&parse(ALICE)).unwrap();
    assert_eq!(offer.added, [StreamKind::Audio]);
    assert_eq!(offer.audio, Some(OfferedAudio { direction: SendRecv, direction_changed: true }));
    let (answer, agreement) = bob.create_answer(&accept(SendRecv)).unwrap();
    assert_eq!(lines(&answer), ["m=audio 50000 RTP/AVP 0", "m=video 0 RTP/AVP 31", "m=video 0 RTP/AVP 32"]);
    let audio = agreement.audio.unwrap();
    assert_eq!((audio.codec.name.as_str(), audio.codec.payload_type), ("PCMU", 0));
    assert_eq!(audio.remote_rtp, None, "a host name is not an address");
    assert_eq!((audio.telephone_event_send, audio.telephone_event_receive), (None, None));

    // Bob moves his port.
    let moved = LocalAudio { rtp: SocketAddr::new(HOST.parse().unwrap(), 65_422), ..local(SendRecv) };
    let offer = bob.create_offer(&Offer { audio: Some(moved) }).unwrap();
    assert_eq!((offer.origin.version.as_str(), offer.media.len()), ("2", 3));
    assert_eq!(lines(&offer)[0], "m=audio 65422 RTP/AVP 0 8 101");
}

#[test]
fn rfc_3264_10_1_basic_exchange_as_alice() {
    // The first exchange the other way round, so that the same lines are in force.
    let mut alice = machine();
    alice.on_offer(&parse(BOB)).unwrap();
    alice.create_answer(&accept(SendRecv)).unwrap();
    let offer = alice.on_offer(&parse(BOB_AGAIN)).unwrap();
    assert!(offer.added.is_empty() && offer.removed.is_empty() && !offer.unchanged);
    let (answer, _) = alice.create_answer(&accept(SendRecv)).unwrap();
    // The second audio stream stays refused: one stream of a kind.
    assert_eq!(
        lines(&answer),
        ["m=audio 50000 RTP/AVP 0", "m=video 0 RTP/AVP 31", "m=video 0 RTP/AVP 32", "m=audio 0 RTP/AVP 110"]
    );
}

#[test]
fn rfc_3264_10_2_one_of_n_codecs() {
    let mut bob = with_codecs(vec![CodecSpec::pcmu(), codec("G723", 8_000, 1, Some(4))]);
    let (answer, audio) = answered(
        &mut bob,
        "m=audio 62986 RTP/AVP 0 4 18\na=rtpmap:0 PCMU/8000\na=rtpmap:4 G723/8000\na=rtpmap:18 G729/8000\na=inactive",
    );
    assert_eq!(lines(&answer), ["m=audio 50000 RTP/AVP 0 4"]);
    assert_eq!((answer.media[0].attributes.direction(), audio.direction), (Some(Inactive), Inactive));
    assert!(audio.held_by_remote);
    let (answer, audio) = answered(&mut bob, "m=audio 62986 RTP/AVP 4\na=rtpmap:4 G723/8000\na=sendrecv");
    assert_eq!(lines(&answer), ["m=audio 50000 RTP/AVP 4"]);
    assert_eq!((audio.codec.name.as_str(), audio.direction, audio.held_by_remote), ("G723", SendRecv, false));
    assert_eq!(answer.origin.version, "2");
}

#[test]
fn our_first_offer_says_everything() {
    let offer = machine().create_offer(&audio(SendRecv)).unwrap();
    assert_eq!(
        offer.to_string(),
        "v=0\r\no=- 1000 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 50000 RTP/AVP 0 8 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn the_offerers_order_decides_and_static_numbers_need_no_rtpmap() {
    let (answer, audio) = answered(&mut machine(), "m=audio 6000 RTP/AVP 18 8 0");
    assert_eq!(lines(&answer), ["m=audio 50000 RTP/AVP 8 0"]);
    assert_eq!((audio.codec.name.as_str(), audio.codec.payload_type), ("PCMA", 8));
    assert_eq!(audio.receive.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [8, 0]);
    assert_eq!(audio.remote_rtp, Some("198.51.100.7:6000".parse().unwrap()));
    assert_eq!(audio.remote_rtcp, Some("198.51.100.7:6001".parse().unwrap()));
    assert!(answer.media[0].attributes.all::<RtpMap>().any(|map| map.encoding == "PCMA"), "an rtpmap nonetheless");
}

#[test]
fn the_answer_uses_the_offerers_numbers() {
    let (answer, audio) = answered(
        &mut machine(),
        "m=audio 6000 RTP/AVP 120 96 97\na=rtpmap:96 pcma/8000\na=rtpmap:97 telephone-event/8000\na=rtpmap:120 L16/8000",
    );
    assert_eq!(lines(&answer), ["m=audio 50000 RTP/AVP 96 97"]);
    assert_eq!((audio.codec.payload_type, audio.receive[0].0), (96, 96));
    assert_eq!((audio.telephone_event_send, audio.telephone_event_receive), (Some(97), Some(97)));
}

#[test]
fn an_answer_may_use_other_numbers_than_the_offer() {
    let mut machine = machine();
    machine.create_offer(&audio(SendRecv)).unwrap();
    let answer = "m=audio 6000 RTP/AVP 99 110\na=rtpmap:99 PCMA/8000/1\na=rtpmap:110 telephone-event/8000";
    let agreement = machine.on_answer(&peer_audio(answer)).unwrap();
    let audio = agreement.audio.unwrap();
    assert_eq!((audio.codec.name.as_str(), audio.codec.payload_type), ("PCMA", 99));
    assert_eq!(audio.receive, [(8, CodecSpec::pcma())]);
    assert_eq!((audio.telephone_event_send, audio.telephone_event_receive), (Some(110), Some(101)));
    // The next offer: what is in force first, under our numbers, then the rest; no number changes its meaning.
    let offer = machine.create_offer(&self::audio(SendRecv)).unwrap();
    assert_eq!(lines(&offer), ["m=audio 50000 RTP/AVP 8 0 101"]);
}

#[test]
fn numbers_in_force_are_kept_and_others_are_not_given_a_new_meaning() {
    let opus = CodecSpec { fmtp: Some("useinbandfec=1".into()), ..codec("opus", 48_000, 2, None) };
    let mut machine = with_codecs(vec![opus, CodecSpec::pcmu()]);
    let offer = "m=audio 6000 RTP/AVP 0 101 96\na=rtpmap:96 telephone-event/8000\na=rtpmap:101 L16/8000";
    answered(&mut machine, offer);
    let next = machine.create_offer(&audio(SendRecv)).unwrap();
    let maps: Vec<String> = next.media[0].attributes.all::<RtpMap>().map(|map| map.to_string()).collect();
    // 96 is the peer's telephone-event and stays ours; 101 is the peer's L16 and is not used for anything else.
    assert_eq!(maps, ["0 PCMU/8000", "97 opus/48000/2", "96 telephone-event/8000", "98 telephone-event/48000"]);
    assert!(next.to_string().contains("a=fmtp:97 useinbandfec=1\r\n"));
}

#[test]
fn telephone_events_have_the_clock_rate_of_the_codec() {
    let mut machine = with_codecs(vec![codec("opus", 48_000, 2, None), CodecSpec::pcmu()]);
    let events = "a=rtpmap:101 telephone-event/8000\na=rtpmap:102 telephone-event/48000";
    let offer = format!("m=audio 6000 RTP/AVP 111 0 101 102\na=rtpmap:111 opus/48000/2\n{events}");
    let (answer, audio) = answered(&mut machine, &offer);
    assert_eq!(lines(&answer), ["m=audio 50000 RTP/AVP 111 0 102 101"]);
    assert_eq!(audio.telephone_event_send, Some(102));
    // Only the other rate: no events with opus, and none at that rate is answered without a codec of that rate.
    let (answer, audio) = answered(
        &mut machine,
        "m=audio 6000 RTP/AVP 111 101\na=rtpmap:111 opus/48000/2\na=rtpmap:101 telephone-event/8000",
    );
    assert_eq!(lines(&answer), ["m=audio 50000 RTP/AVP 111"]);
    assert_eq!((audio.telephone_event_send, audio.telephone_event_receive), (None, None));
}

#[test]
fn no_telephone_events_where_they_are_switched_off() {
    let ours = AudioCapability { telephone_event: false, ..capability() };
    let mut machine = OfferAnswer::new(1, HOST.parse().unwrap(), ours);
    let (answer, audio) = answered(&mut machine, "m=audio 6000 RTP/AVP 0 101\na=rtpmap:101 telephone-event/8000");
    assert_eq!((lines(&answer)[0].as_str(), audio.telephone_event_send), ("m=audio 50000 RTP/AVP 0", None));
}

#[test]
fn hold_in_every_spelling() {
    // (what the peer offers, what we answer to it)
    for (offer, direction) in [
        ("c=IN IP4 198.51.100.7\nm=audio 6000 RTP/AVP 0\na=sendonly", RecvOnly),
        ("c=IN IP4 198.51.100.7\nm=audio 6000 RTP/AVP 0\na=inactive", Inactive),
        ("c=IN IP4 198.51.100.7\na=sendonly\nm=audio 6000 RTP/AVP 0", RecvOnly),
        ("c=IN IP4 198.51.100.7\na=inactive\nm=audio 6000 RTP/AVP 0", Inactive),
        ("c=IN IP4 0.0.0.0\nm=audio 6000 RTP/AVP 0", RecvOnly),
        ("c=IN IP4 0.0.0.0\nm=audio 6000 RTP/AVP 0\na=sendrecv", RecvOnly),
        ("c=IN IP4 0.0.0.0\nm=audio 6000 RTP/AVP 0\na=recvonly", Inactive),
        ("c=IN IP4 198.51.100.7\nm=audio 6000 RTP/AVP 0\nc=IN IP4 0.0.0.0", RecvOnly),
        ("c=IN IP6 ::\nm=audio 6000 RTP/AVP 0", RecvOnly),
        ("c=IN IP4 198.51.100.7\na=sendrecv\nm=audio 6000 RTP/AVP 0\na=sendonly", RecvOnly),
    ] {
        let mut machine = in_a_call();
        let change = machine.on_offer(&peer(offer)).unwrap();
        let audio = change.audio.unwrap();
        assert!(audio.held() && audio.direction_changed && change.added.is_empty(), "{offer}: {change:?}");
        let (answer, _) = machine.create_answer(&accept(SendRecv)).unwrap();
        assert_eq!(answer.media[0].attributes.direction(), Some(direction), "{offer}");
        assert!(agreed(&machine).held_by_remote, "{offer}");
        assert_eq!(agreed(&machine).direction, direction, "{offer}");
        // And back.
        let change = machine.on_offer(&peer_audio("m=audio 6000 RTP/AVP 0")).unwrap();
        assert!(change.audio.is_some_and(|audio| !audio.held() && audio.direction_changed), "{offer}");
        machine.create_answer(&accept(SendRecv)).unwrap();
        assert!(!agreed(&machine).held_by_remote && agreed(&machine).remote_rtp.is_some());
    }
}

#[test]
fn what_is_no_hold() {
    for offer in [
        "c=IN IP4 198.51.100.7\nm=audio 6000 RTP/AVP 0\na=recvonly",
        "c=IN IP4 198.51.100.7\na=sendonly\nm=audio 6000 RTP/AVP 0\na=sendrecv",
        "c=IN IP4 198.51.100.7\na=inactive\nm=audio 6000 RTP/AVP 0\na=recvonly",
        "c=IN IP4 0.0.0.0\nm=audio 6000 RTP/AVP 0\nc=IN IP4 198.51.100.7",
    ] {
        let mut machine = in_a_call();
        let change = machine.on_offer(&peer(offer)).unwrap();
        assert!(change.audio.is_some_and(|audio| !audio.held()), "{offer}");
        machine.create_answer(&accept(SendRecv)).unwrap();
        assert!(!agreed(&machine).held_by_remote, "{offer}");
    }
}

#[test]
fn an_unspecified_address_in_an_answer_is_hold_too() {
    let mut machine = machine();
    machine.create_offer(&audio(SendRecv)).unwrap();
    let agreement = machine.on_answer(&peer("c=IN IP4 0.0.0.0\nm=audio 6000 RTP/AVP 0")).unwrap();
    let audio = agreement.audio.unwrap();
    assert!(audio.held_by_remote);
    assert_eq!((audio.remote_rtp, audio.remote_rtcp, audio.direction), (None, None, RecvOnly));
}

#[test]
fn our_hold_and_theirs_come_together() {
    // We hold.
    let mut machine = in_a_call();
    machine.create_offer(&audio(SendOnly)).unwrap();
    machine.on_answer(&peer_audio("m=audio 6000 RTP/AVP 0\na=recvonly")).unwrap();
    assert_eq!((agreed(&machine).direction, agreed(&machine).held_by_remote), (SendOnly, false));
    // The peer holds too.
    machine.on_offer(&peer_audio("m=audio 6000 RTP/AVP 0\na=sendonly")).unwrap();
    let (answer, _) = machine.create_answer(&accept(SendOnly)).unwrap();
    assert_eq!(answer.media[0].attributes.direction(), Some(Inactive));
    assert_eq!((agreed(&machine).direction, agreed(&machine).held_by_remote), (Inactive, true));
    // We let go, the peer does not.
    machine.create_offer(&audio(RecvOnly)).unwrap();
    machine.on_answer(&peer_audio("m=audio 6000 RTP/AVP 0\na=sendonly")).unwrap();
    assert_eq!((agreed(&machine).direction, agreed(&machine).held_by_remote), (RecvOnly, true));
    // The peer lets go.
    machine.on_offer(&peer_audio("m=audio 6000 RTP/AVP 0\na=sendrecv")).unwrap();
    machine.create_answer(&accept(SendRecv)).unwrap();
    assert_eq!((agreed(&machine).direction, agreed(&machine).held_by_remote), (SendRecv, false));
}

#[test]
fn a_peer_that_answers_hold_with_sendrecv_is_not_listened_to() {
    let mut machine = in_a_call();
    machine.create_offer(&audio(SendOnly)).unwrap();
    machine.on_answer(&peer_audio("m=audio 6000 RTP/AVP 0\na=sendrecv")).unwrap();
    assert_eq!(agreed(&machine).direction, SendOnly);
}

#[test]
fn the_version_counts_what_changed() {
    let mut machine = in_a_call();
    let version = |session: &SessionDescription| session.origin.version.clone();
    assert_eq!(version(machine.local().unwrap()), "1");
    // The first offer named PCMA too, so that the same words are found again.
    let same = machine.create_offer(&audio(SendRecv)).unwrap();
    assert_eq!(version(&same), "1");
    assert!(machine.cancel_offer());
    let hold = machine.create_offer(&audio(SendOnly)).unwrap();
    assert_eq!(version(&hold), "2");
    // Refused; the same again, and then another: a version that was sent never says anything else.
    assert!(machine.cancel_offer());
    assert_eq!(version(&machine.create_offer(&audio(SendOnly)).unwrap()), "2");
    assert!(machine.cancel_offer());
    assert_eq!(version(&machine.create_offer(&audio(SendRecv)).unwrap()), "3");
    let origin = machine.create_offer(&audio(SendRecv)).expect_err("an offer is open");
    assert_eq!(
        origin,
        OfferAnswerError::WrongState { needs: SignalingState::Stable, found: SignalingState::LocalOfferSent }
    );
}

#[test]
fn a_refused_offer_leaves_the_last_agreement() {
    let mut machine = in_a_call();
    let before = (machine.local().cloned(), machine.remote().cloned(), machine.agreement().cloned());
    machine.create_offer(&audio(SendOnly)).unwrap();
    assert!(machine.cancel_offer());
    assert!(!machine.cancel_offer());
    machine.on_offer(&peer_audio("m=audio 6000 RTP/AVP 0\na=sendonly")).unwrap();
    assert_eq!(machine.state(), SignalingState::RemoteOfferReceived);
    assert!(machine.reject_offer());
    assert!(!machine.reject_offer());
    assert_eq!(machine.state(), SignalingState::Stable);
    assert_eq!((machine.local().cloned(), machine.remote().cloned(), machine.agreement().cloned()), before);
}

#[test]
fn one_offer_at_a_time() {
    let mut machine = in_a_call();
    let offer = peer_audio("m=audio 6000 RTP/AVP 0");
    machine.create_offer(&audio(SendOnly)).unwrap();
    let glare = machine.on_offer(&offer).expect_err("glare");
    assert_eq!((&glare, glare.sip_status(), glare.warning()), (&OfferAnswerError::Glare, Some(491), None));
    assert_eq!(machine.state(), SignalingState::LocalOfferSent, "our offer stays open");
    machine.cancel_offer();
    machine.on_offer(&offer).unwrap();
    let second = machine.on_offer(&offer).expect_err("an offer is open");
    assert_eq!((&second, second.sip_status()), (&OfferAnswerError::OfferPending, Some(500)));
    let answer = machine.on_answer(&offer).expect_err("no offer of ours is open");
    assert_eq!(
        answer,
        OfferAnswerError::WrongState {
            needs: SignalingState::LocalOfferSent,
            found: SignalingState::RemoteOfferReceived
        }
    );
    assert_eq!(answer.sip_status(), None);
    machine.create_answer(&accept(SendRecv)).unwrap();
    assert!(matches!(machine.create_answer(&accept(SendRecv)), Err(OfferAnswerError::WrongState { .. })));
}

#[test]
fn media_lines_never_get_fewer_and_keep_their_type() {
    let mut machine = machine();
    machine.on_offer(&parse(ALICE)).unwrap();
    machine.create_answer(&accept(SendRecv)).unwrap();
    let fewer = machine.on_offer(&peer_audio("m=audio 6000 RTP/AVP 0")).expect_err("two lines are gone");
    assert_eq!(fewer, OfferAnswerError::FewerMediaLines { before: 3, now: 1 });
    assert_eq!((fewer.sip_status(), fewer.warning().map(|(code, _)| code)), (Some(488), Some(399)));
    let video = "m=video 6000 RTP/AVP 31\nm=audio 6000 RTP/AVP 0\nm=video 0 RTP/AVP 32";
    let changed = machine.on_offer(&peer_audio(video)).expect_err("audio became video");
    assert_eq!(changed, OfferAnswerError::MediaTypeChanged { line: 1 });
    assert_eq!((changed.sip_status(), changed.warning().map(|(code, _)| code)), (Some(488), Some(304)));
    // A line that is free may change its type.
    let offer = "m=audio 6000 RTP/AVP 0\nm=image 6002 udptl t38\nm=video 0 RTP/AVP 32";
    machine.on_offer(&peer_audio(offer)).unwrap();
    let (answer, _) = machine.create_answer(&accept(SendRecv)).unwrap();
    assert_eq!(lines(&answer)[1], "m=image 0 udptl t38");
}

#[test]
fn a_removed_stream_keeps_its_line_and_may_come_back_in_it() {
    let mut machine = in_a_call();
    let change = machine.on_offer(&peer_audio("m=audio 0 RTP/AVP 0")).unwrap();
    assert_eq!((change.removed.as_slice(), change.audio), (&[StreamKind::Audio][..], None));
    assert!(change.offered.is_empty() && change.added.is_empty());
    let not_offered = machine.create_answer(&accept(SendRecv)).expect_err("nothing was offered");
    assert_eq!(not_offered, OfferAnswerError::NotOffered(StreamKind::Audio));
    let (answer, agreement) = machine.create_answer(&Answer::default()).unwrap();
    assert_eq!(lines(&answer), ["m=audio 0 RTP/AVP 0"]);
    assert_eq!(agreement.audio, None);
    // A refresh without streams is possible now, and audio comes back in the free line.
    assert_eq!(lines(&machine.create_offer(&Offer::default()).unwrap()), ["m=audio 0 RTP/AVP 0"]);
    machine.cancel_offer();
    assert_eq!(lines(&machine.create_offer(&audio(SendRecv)).unwrap()), ["m=audio 50000 RTP/AVP 0 8 101"]);
    machine.on_answer(&peer_audio("m=audio 6000 RTP/AVP 0")).unwrap();
    assert_eq!(agreed(&machine).direction, SendRecv);
}

#[test]
fn audio_stays_in_the_line_that_it_has() {
    let mut machine = machine();
    machine.on_offer(&peer_audio("m=video 6000 RTP/AVP 31\nm=audio 6002 RTP/AVP 0")).unwrap();
    machine.create_answer(&accept(SendRecv)).unwrap();
    let offer = machine.create_offer(&audio(SendOnly)).unwrap();
    assert_eq!(lines(&offer), ["m=video 0 RTP/AVP 31", "m=audio 50000 RTP/AVP 0 8 101"]);
}

#[test]
fn the_peer_may_move_audio_to_another_line() {
    let mut machine = in_a_call();
    let change = machine.on_offer(&peer_audio("m=audio 0 RTP/AVP 0\nm=audio 7000 RTP/AVP 0")).unwrap();
    assert!(change.added.is_empty() && change.removed.is_empty());
    let (answer, agreement) = machine.create_answer(&accept(SendRecv)).unwrap();
    assert_eq!(lines(&answer), ["m=audio 0 RTP/AVP 0", "m=audio 50000 RTP/AVP 0"]);
    assert_eq!(agreement.audio.unwrap().remote_rtp.unwrap().port(), 7000);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_reason() {
    let warning = |offer: &str| {
        let error = machine().on_offer(&peer(offer)).expect_err(offer);
        assert_eq!(error.sip_status(), Some(488), "{offer}");
        let OfferAnswerError::NoCommonMedia(reason) = error else { panic!("{offer}: {error}") };
        (reason, error.warning().map(|(code, _)| code))
    };
    let address = "c=IN IP4 198.51.100.7\n";
    assert_eq!(warning(address), (Incompatibility::MediaType, Some(304)));
    for (lines, reason, code) in [
        ("m=video 6000 RTP/AVP 31", Incompatibility::MediaType, 304),
        ("m=audio 0 RTP/AVP 0", Incompatibility::MediaType, 304),
        ("m=audio 6000 RTP/SAVP 0", Incompatibility::Protocol, 302),
        ("m=video 6000 RTP/AVP 31\nm=audio 6000 UDP/TLS/RTP/SAVPF 0", Incompatibility::Protocol, 302),
        ("m=audio 6000 RTP/AVP 18", Incompatibility::Codec, 305),
        ("m=audio 6000 RTP/AVP 96 97\na=rtpmap:96 PCMU/16000", Incompatibility::Codec, 305),
        ("m=audio 6000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000", Incompatibility::Codec, 305),
    ] {
        assert_eq!(warning(&format!("{address}{lines}")), (reason, Some(code)), "{lines}");
    }
    assert_eq!(warning("m=audio 6000 RTP/AVP 0"), (Incompatibility::Address, Some(301)));
}

#[test]
fn a_secure_line_is_refused_beside_a_plain_one() {
    let (answer, audio) = answered(&mut machine(), "m=audio 6000 RTP/SAVP 0\nm=audio 6002 RTP/AVP 0");
    assert_eq!(lines(&answer), ["m=audio 0 RTP/SAVP 0", "m=audio 50000 RTP/AVP 0"]);
    assert_eq!(audio.remote_rtp.unwrap().port(), 6002);
}

#[test]
fn in_a_call_an_offer_that_leaves_nothing_is_refused() {
    let mut machine = in_a_call();
    for offer in ["m=audio 6000 RTP/AVP 18", "m=audio 0 RTP/AVP 0\nm=video 6000 RTP/AVP 31"] {
        let error = machine.on_offer(&peer_audio(offer)).expect_err(offer);
        assert_eq!(error.sip_status(), Some(488), "{offer}");
        assert_eq!(machine.state(), SignalingState::Stable);
    }
    assert_eq!(agreed(&machine).direction, SendRecv);
}

#[test]
fn a_caller_that_leaves_no_stream_is_told() {
    let mut machine = machine();
    assert_eq!(machine.create_offer(&Offer::default()), Err(OfferAnswerError::NoStreams));
    machine.on_offer(&peer_audio("m=audio 6000 RTP/AVP 0")).unwrap();
    assert_eq!(machine.create_answer(&Answer::default()), Err(OfferAnswerError::NoStreams));
    assert_eq!(machine.state(), SignalingState::RemoteOfferReceived, "nothing changed");
    machine.create_answer(&accept(SendRecv)).unwrap();
    assert_eq!(machine.create_offer(&Offer::default()), Err(OfferAnswerError::NoStreams));
    assert_eq!(with_codecs(Vec::new()).create_offer(&audio(SendRecv)), Err(OfferAnswerError::NoCodecs));
}

#[test]
fn answers_that_make_no_sense() {
    for (answer, error) in [
        ("", OfferAnswerError::MediaLineCount { offered: 1, answered: 0 }),
        ("m=audio 6000 RTP/AVP 0\nm=audio 0 RTP/AVP 0", OfferAnswerError::MediaLineCount { offered: 1, answered: 2 }),
        ("m=video 6000 RTP/AVP 0", OfferAnswerError::MediaTypeChanged { line: 1 }),
        ("m=audio 0 RTP/AVP 0", OfferAnswerError::NoCommonMedia(Incompatibility::MediaType)),
        ("m=audio 6000 RTP/AVP 18", OfferAnswerError::NoCommonMedia(Incompatibility::Codec)),
        ("m=audio 6000 RTP/SAVP 0", OfferAnswerError::NoCommonMedia(Incompatibility::Protocol)),
    ] {
        let mut machine = machine();
        machine.create_offer(&audio(SendRecv)).unwrap();
        assert_eq!(machine.on_answer(&peer_audio(answer)), Err(error), "{answer}");
        assert_eq!((machine.state(), machine.agreement()), (SignalingState::Stable, None), "{answer}");
    }
    // In a call, a stream that the answer refuses is gone.
    let mut machine = in_a_call();
    machine.create_offer(&audio(SendOnly)).unwrap();
    assert_eq!(machine.on_answer(&peer_audio("m=audio 0 RTP/AVP 0")), Ok(Agreement::default()));
}

#[test]
fn a_refresh_is_recognised_whatever_its_origin_says() {
    let mut machine = machine();
    let origin = |version: &str, direction: &str| {
        parse(&format!(
            "v=0\no=- 7 {version} IN IP4 198.51.100.7\ns=-\nc=IN IP4 198.51.100.7\nt=0 0\nm=audio 6000 RTP/AVP 0\na={direction}\n"
        ))
    };
    machine.on_offer(&origin("5", "sendrecv")).unwrap();
    machine.create_answer(&accept(SendRecv)).unwrap();
    for (version, direction, unchanged) in
        [("5", "sendrecv", true), ("6", "sendrecv", true), ("6", "sendonly", false), ("2", "sendrecv", false)]
    {
        let change = machine.on_offer(&origin(version, direction)).unwrap();
        assert_eq!(change.unchanged, unchanged, "{version} {direction}");
        machine.create_answer(&accept(SendRecv)).unwrap();
    }
    assert_eq!(agreed(&machine).direction, SendRecv);
}

#[test]
fn ptime_of_the_peer_is_honoured_within_limits() {
    for (attributes, expected) in [
        ("", 20),
        ("a=ptime:30", 30),
        ("a=ptime:25", 20),
        ("a=ptime:5", 10),
        ("a=ptime:200", 60),
        ("a=ptime:0", 20),
        ("a=ptime:40\na=maxptime:30", 30),
        ("a=maxptime:10", 10),
        ("a=ptime:x", 20),
    ] {
        let (answer, audio) = answered(&mut machine(), &format!("m=audio 6000 RTP/AVP 0\n{attributes}"));
        assert_eq!(audio.ptime_ms, expected, "{attributes}");
        assert_eq!(answer.media[0].attributes.first::<Ptime>(), Some(Ptime(20)), "ours is what we ask for");
        assert_eq!(answer.media[0].attributes.first::<MaxPtime>(), None);
    }
}

#[test]
fn rtcp_goes_where_it_is_asked_for() {
    for (attribute, expected) in [
        ("a=rtcp:7001", Some("198.51.100.7:7001")),
        ("a=rtcp:7001 IN IP4 198.51.100.8", Some("198.51.100.8:7001")),
        ("a=rtcp:7001 IN IP4 host.example.com", None),
        ("a=rtcp:0", Some("198.51.100.7:6001")),
    ] {
        let (_, audio) = answered(&mut machine(), &format!("m=audio 6000 RTP/AVP 0\n{attribute}"));
        assert_eq!(audio.remote_rtcp, expected.map(|address| address.parse::<SocketAddr>().unwrap()), "{attribute}");
    }
    let (_, audio) = answered(&mut machine(), "m=audio 65535 RTP/AVP 0");
    assert_eq!((audio.remote_rtp.map(|rtp| rtp.port()), audio.remote_rtcp), (Some(65535), None));
    let rtcp = |rtcp_port| {
        let streams = Offer { audio: Some(LocalAudio { rtcp_port, ..local(SendRecv) }) };
        machine().create_offer(&streams).unwrap().media[0].attributes.first::<Rtcp>()
    };
    assert_eq!((rtcp(None), rtcp(Some(50_001))), (None, None));
    assert_eq!(rtcp(Some(50_007)), Some(Rtcp { port: 50_007, address: None }));
}

#[test]
fn addresses_that_nothing_can_be_sent_to() {
    for address in
        ["IP4 host.example.com", "IP4 224.2.1.1/127", "IP4 255.255.255.255", "IP6 ff02::1", "IP6 fe80::1%eth0"]
    {
        let mut machine = machine();
        machine.on_offer(&peer(&format!("c=IN {address}\nm=audio 6000 RTP/AVP 0"))).unwrap();
        let (_, agreement) = machine.create_answer(&accept(SendRecv)).unwrap();
        let audio = agreement.audio.unwrap();
        assert_eq!((audio.remote_rtp, audio.remote_rtcp), (None, None), "{address}");
        assert!(!audio.held_by_remote, "{address}");
    }
}

#[test]
fn ipv6_and_an_address_of_the_streams_own() {
    let mut machine = OfferAnswer::new(1, "2001:db8::1".parse().unwrap(), capability());
    let offer = machine.create_offer(&audio(SendRecv)).unwrap().to_string();
    assert!(offer.contains("o=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\n"), "{offer}");
    assert!(offer.contains("m=audio 50000 RTP/AVP 0 8 101\r\nc=IN IP4 192.0.2.1\r\n"), "{offer}");
    let agreement = machine.on_answer(&peer("c=IN IP6 2001:db8::7\nm=audio 6000 RTP/AVP 0")).unwrap();
    assert_eq!(agreement.audio.unwrap().remote_rtp, Some("[2001:db8::7]:6000".parse().unwrap()));
}

#[test]
fn the_answer_repeats_the_times_of_the_offer() {
    let mut machine = machine();
    machine.on_offer(&peer("c=IN IP4 198.51.100.7\nt=3724394400 3724398000\nm=audio 6000 RTP/AVP 0")).unwrap();
    let (answer, _) = machine.create_answer(&accept(SendRecv)).unwrap();
    assert!(answer.to_string().contains("t=3724394400 3724398000\r\n"));
}

#[test]
fn each_fork_answers_the_one_offer() {
    let mut first = machine();
    first.create_offer(&audio(SendRecv)).unwrap();
    let mut second = first.clone();
    first.on_answer(&peer_audio("m=audio 6000 RTP/AVP 0")).unwrap();
    second.on_answer(&peer_audio("m=audio 7000 RTP/AVP 8")).unwrap();
    assert_eq!((agreed(&first).codec.payload_type, agreed(&second).codec.payload_type), (0, 8));
}

#[test]
fn the_session_id_fits_a_signed_number() {
    let mut machine = OfferAnswer::new(u64::MAX, HOST.parse().unwrap(), capability());
    let offer = machine.create_offer(&audio(SendRecv)).unwrap();
    assert_eq!(offer.origin.session_id, ((1u64 << 62) - 1).to_string());
}

/// One offer in a random run.
#[derive(Clone, Debug)]
struct Step {
    first_offers: bool,
    wish: Direction,
    reply: Direction,
    port: u16,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Accepted,
    Refused,
    Glare,
}

fn direction() -> impl Strategy<Value = Direction> {
    (any::<bool>(), any::<bool>()).prop_map(|(sends, receives)| Direction::from_flags(sends, receives))
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![6 => Just(Outcome::Accepted), 1 => Just(Outcome::Refused), 1 => Just(Outcome::Glare)];
    (any::<bool>(), direction(), direction(), 1024..60_000u16, outcome)
        .prop_map(|(first_offers, wish, reply, port, outcome)| Step { first_offers, wish, reply, port, outcome })
}

/// PCMU, which both sides share, with others before and after it.
fn codecs() -> impl Strategy<Value = Vec<CodecSpec>> {
    let pool = vec![
        CodecSpec::pcmu(),
        CodecSpec::pcma(),
        codec("opus", 48_000, 2, None),
        codec("G722", 8_000, 1, Some(9)),
        codec("L16", 16_000, 1, None),
    ];
    proptest::sample::subsequence(pool, 0..=5).prop_shuffle().prop_map(|mut codecs| {
        if !codecs.contains(&CodecSpec::pcmu()) {
            codecs.push(CodecSpec::pcmu());
        }
        codecs
    })
}

/// The description as the other side reads it.
fn over_the_wire(session: &SessionDescription) -> SessionDescription {
    parse(&session.to_string())
}

fn version(machine: &OfferAnswer) -> u64 {
    machine.sent.as_ref().map_or(0, |sent| sent.origin.version.parse().unwrap())
}

proptest! {
    #[test]
    fn two_sides_always_agree(
        codecs in (codecs(), codecs()),
        steps in proptest::collection::vec(step(), 1..12),
    ) {
        let host: IpAddr = HOST.parse().unwrap();
        let side = |id, codecs| OfferAnswer::new(id, host, AudioCapability { codecs, ..capability() });
        let (mut first, mut second) = (side(1, codecs.0), side(2, codecs.1));
        let mut media_lines = 0;
        for step in steps {
            let before = (version(&first), version(&second));
            let agreements = (first.agreement().cloned(), second.agreement().cloned());
            let (offerer, answerer) =
                if step.first_offers { (&mut first, &mut second) } else { (&mut second, &mut first) };
            let end = |direction| LocalAudio { rtp: SocketAddr::new(host, step.port), rtcp_port: None, direction };
            let offer = offerer.create_offer(&Offer { audio: Some(end(step.wish)) }).unwrap();
            match step.outcome {
                Outcome::Accepted => {
                    answerer.on_offer(&over_the_wire(&offer)).unwrap();
                    let (answer, _) = answerer.create_answer(&Answer { audio: Some(end(step.reply)) }).unwrap();
                    offerer.on_answer(&over_the_wire(&answer)).unwrap();
                    prop_assert_eq!(agreed(offerer).direction, step.wish.answer_to(step.reply.answer_to(step.wish)));
                }
                Outcome::Refused => {
                    answerer.on_offer(&over_the_wire(&offer)).unwrap();
                    answerer.reject_offer();
                    offerer.cancel_offer();
                }
                Outcome::Glare => {
                    let other = answerer.create_offer(&Offer { audio: Some(end(step.reply)) }).unwrap();
                    prop_assert_eq!(answerer.on_offer(&over_the_wire(&offer)), Err(OfferAnswerError::Glare));
                    prop_assert_eq!(offerer.on_offer(&over_the_wire(&other)), Err(OfferAnswerError::Glare));
                    answerer.cancel_offer();
                    offerer.cancel_offer();
                }
            }
            prop_assert!(version(&first) >= before.0 && version(&first) <= before.0 + 1);
            prop_assert!(version(&second) >= before.1 && version(&second) <= before.1 + 1);
            if !matches!(step.outcome, Outcome::Accepted) {
                prop_assert_eq!((first.agreement().cloned(), second.agreement().cloned()), agreements);
                continue;
            }
            let (a, b) = (agreed(&first), agreed(&second));
            prop_assert_eq!(a.direction, b.direction.reversed());
            prop_assert_eq!((&a.codec.name, a.codec.clock_rate), (&b.codec.name, b.codec.clock_rate));
            for (sender, receiver) in [(a, b), (b, a)] {
                let heard = receiver.receive.iter().find(|(number, _)| *number == sender.codec.payload_type);
                prop_assert_eq!(heard.map(|(_, codec)| &codec.name), Some(&sender.codec.name));
                prop_assert_eq!(sender.telephone_event_send, receiver.telephone_event_receive);
            }
            for machine in [&first, &second] {
                let lines = (machine.local().unwrap().media.len(), machine.remote().unwrap().media.len());
                prop_assert_eq!(lines.0, lines.1);
                prop_assert!(lines.0 >= media_lines);
                media_lines = lines.0;
            }
        }
    }
}
