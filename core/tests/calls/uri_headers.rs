//! A URI with header fields (RFC 3261 19.1.1) is not called: they would be dropped, or do what nobody asked for (19.1.5).

use sansip_core::agent::Route;
use sansip_core::error::Misuse;
use sansip_core::middleware::notification::SessionState;
use sansip_core::wire::sip::{Method, Transport};

use crate::common::{SECOND, Scene, told};

#[test]
fn a_uri_with_header_fields_is_refused_and_nothing_is_sent() {
    let mut scene = Scene::new(340);
    let (alice, account) = (scene.alice, scene.account);
    let session = scene.world.command(alice, |agent| agent.new_session(account)).unwrap();
    let routes = [Route::new("10.0.0.9", 5060, Transport::Udp)];
    for uri in ["sip:bob@h?Subject=x", "sip:bob@h;transport=udp?Subject=x&Route=%3Csip:evil%3E"] {
        let Err(Misuse::BadUri { uri: given, reason }) =
            scene.act(session, |session| session.connect(uri, &routes, true))
        else {
            panic!("{uri} was not refused");
        };
        assert_eq!(given, uri);
        assert!(!reason.is_empty());
    }
    scene.run(SECOND);
    assert!(scene.world.host(alice).sent_messages().is_empty());
    assert_eq!(scene.state(session), SessionState::Null);
    assert_eq!(scene.story(session), told(&[]));

    // Nothing has changed: the session can still be used.
    scene.act(session, |session| session.connect("sip:carol@10.0.0.9", &routes, true)).unwrap();
    let invite = scene.request(Method::Invite);
    assert_eq!(invite.uri(), "sip:carol@10.0.0.9");
}
