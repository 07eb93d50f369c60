//! Requests over 1300 octets go by TCP, and back to UDP when TCP is refused (RFC 3261 18.1.1).

use sansip_core::middleware::settings::Settings;
use sansip_core::sim::Path;
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{ANSWERED, CALLING, SECOND, Scene, told};

/// An INVITE that is too long for a datagram.
fn long_winded(settings: &mut Settings) {
    settings.user_agent = format!("sansip/{}", "1".repeat(1_000));
}

fn answered_over(seed: u64, listens: bool) -> Path {
    let mut scene = Scene::with(seed, long_winded);
    scene.peer().set_listens(listens);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    assert!(invite.encoded_len() > 1_300);
    let transport = if listens { "SIP/2.0/TCP" } else { "SIP/2.0/UDP" };
    assert!(crate::common::header(&invite, sansip_core::wire::sip::HeaderName::Via).starts_with(transport));
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED]));
    let bye = scene.hang_up(session, &call);
    assert!(bye.encoded_len() > 1_000);
    invite.path
}

#[test]
fn a_long_invite_goes_by_tcp() {
    assert!(matches!(answered_over(250, true), Path::Stream(..)));
}

#[test]
fn where_tcp_is_refused_it_goes_by_udp() {
    assert!(matches!(answered_over(251, false), Path::Datagram(_)));
}

#[test]
fn a_short_invite_goes_by_udp() {
    let mut scene = Scene::new(252);
    scene.dial();
    let invite = scene.request(Method::Invite);
    assert!(invite.encoded_len() <= 1_300, "{}", invite.encoded_len());
    assert!(matches!(invite.path, Path::Datagram(_)));
}

#[test]
fn a_call_over_tcp_is_framed_however_it_is_cut() {
    for seed in 253..263 {
        let mut pair = sansip_core::sim::Pair::new(seed);
        let side = sansip_core::sim::Side::Alice;
        let out = pair.dial_over(side, sansip_core::wire::sip::Transport::Tcp);
        let inc = pair.ring(side);
        pair.session(side.other(), inc, |session| session.accept(true)).unwrap();
        pair.run_until_states(side, (out, inc), sansip_core::middleware::notification::SessionState::Established);
        pair.session(side, out, |session| session.end()).unwrap();
        pair.run_until_states(side, (out, inc), sansip_core::middleware::notification::SessionState::Terminated);
        let udp = pair.host(side).log().iter().any(|line| {
            let sansip_core::sim::LogEntry::Sent { by, data, .. } = &line.entry else { return false };
            matches!(by, sansip_core::io::Channel::Socket(_)) && data.first().is_some_and(u8::is_ascii_uppercase)
        });
        assert!(!udp, "seed {seed}: a SIP message went by UDP");
    }
}
