//! Session descriptions, and what a call makes of them.

use alloc::string::{String, ToString};
use core::fmt::Debug;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::limits;
use crate::machines::offer_answer::{Answer, AudioCapability, CodecSpec, LocalAudio, Offer, OfferAnswer};
use crate::wire::sdp::{
    Attributes, Candidate, Crypto, Direction, Fingerprint, Fmtp, Group, RemoteCandidates, Rtcp, RtcpFeedback, RtpMap,
    SessionDescription, Ssrc, TypedAttribute,
};

/// Any bytes as a session description: what is read is written and read the same, every attribute likewise, and an
/// offer of it is refused or answered line by line.
pub fn session(data: &[u8]) {
    let Ok(session) = SessionDescription::parse(data) else { return };
    let mut text = String::new();
    session.write(&mut text);
    // Bare LF and octets that are not UTF-8 grow when they are written.
    if text.len() <= limits::SDP_BYTES {
        assert_eq!(SessionDescription::parse(text.as_bytes()).as_ref(), Ok(&session));
    }
    typed(&session.attributes);
    session.media.iter().for_each(|media| typed(&media.attributes));
    as_offer(&session);
    as_answer(&session);
}

fn typed(attributes: &Attributes) {
    fn again<T: TypedAttribute + PartialEq + Debug>(attributes: &Attributes) {
        for value in attributes.all::<T>() {
            assert_eq!(T::parse(&value.to_string()), Some(value));
        }
    }
    again::<RtpMap>(attributes);
    again::<Fmtp>(attributes);
    again::<Rtcp>(attributes);
    again::<RtcpFeedback>(attributes);
    again::<Ssrc>(attributes);
    again::<Crypto>(attributes);
    again::<Fingerprint>(attributes);
    again::<Candidate>(attributes);
    again::<RemoteCandidates>(attributes);
    again::<Group>(attributes);
}

fn as_offer(session: &SessionDescription) {
    let mut machine = machine();
    let Ok(offer) = machine.on_offer(session) else { return };
    let accept = Answer { audio: offer.audio.map(|_| local()) };
    let answered = machine.create_answer(&accept);
    assert!(answered.is_ok(), "what was offered can be accepted: {answered:?}");
    assert_eq!(machine.local().map(|answer| answer.media.len()), Some(session.media.len()));
}

fn as_answer(session: &SessionDescription) {
    let mut machine = machine();
    let offer = machine.create_offer(&Offer { audio: Some(local()) });
    assert!(offer.is_ok(), "an offer of audio can be made: {offer:?}");
    let agreed = machine.on_answer(session).is_ok();
    assert_eq!(machine.agreement().is_some(), agreed);
}

fn machine() -> OfferAnswer {
    let codecs = alloc::vec![CodecSpec::pcmu(), CodecSpec::pcma()];
    let capability = AudioCapability { codecs, telephone_event: true, ptime_ms: 20 };
    OfferAnswer::new(1, IpAddr::V4(Ipv4Addr::LOCALHOST), capability)
}

fn local() -> LocalAudio {
    let rtp = SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000));
    LocalAudio { rtp, rtcp_port: None, direction: Direction::SendRecv }
}
