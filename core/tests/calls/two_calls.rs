//! Two calls at once: one is held, the other talks.

use sansip_core::agent::Route;
use sansip_core::ids::SessionId;
use sansip_core::middleware::notification::SessionState;
use sansip_core::middleware::settings::Settings;
use sansip_core::sim::{AudioSource, HostId, Pair, Side, World};
use sansip_core::wire::sip::Transport;

use crate::common::{LONG, SECOND, assert_silence, assert_tone, dial, ip};

fn listen(world: &mut World, host: HostId, session: SessionId) -> Vec<i16> {
    world.run_for(SECOND);
    world.host_mut(host).forget_heard(session);
    world.run_for(SECOND);
    world.host(host).heard(session).to_vec()
}

#[test]
fn hold_one_and_talk_on_the_other() {
    let mut pair = Pair::new(260);
    let (to_bob, at_bob) = pair.call();
    let (alice, bob, account) = (pair.id(Side::Alice), pair.id(Side::Bob), pair.account(Side::Alice));
    let world = &mut pair.world;
    let carol = world.add_host("carol", ip("10.0.0.3"), Settings::default()).unwrap();
    world.add_account(carol, "carol@10.0.0.3");
    world.start(carol);
    world.command(alice, |agent| agent.session(to_bob)?.hold()).unwrap();
    world.run_for(SECOND);

    let to_carol = dial(world, alice, account, "sip:carol@10.0.0.3", &[Route::new("10.0.0.3", 5060, Transport::Udp)]);
    world.run_until(|world| !world.host(carol).incoming().is_empty(), LONG).unwrap();
    let at_carol = world.host(carol).incoming()[0];
    world.command(carol, |agent| agent.session(at_carol)?.accept(true)).unwrap();
    let talks =
        |world: &World, session| world.host(alice).agent().info(session).unwrap().state == SessionState::Established;
    world.run_until(|world| talks(world, to_carol), LONG).unwrap();

    world.host_mut(alice).say(to_bob, AudioSource::tone(440.0, -15.0));
    world.host_mut(alice).say(to_carol, AudioSource::tone(1_000.0, -15.0));
    world.host_mut(bob).say(at_bob, AudioSource::tone(600.0, -15.0));
    world.host_mut(carol).say(at_carol, AudioSource::tone(800.0, -15.0));
    let heard = listen(world, carol, at_carol);
    assert_tone(&heard, 1_000.0, -15.0);
    let heard = listen(world, alice, to_carol);
    assert_tone(&heard, 800.0, -15.0);
    let heard = listen(world, alice, to_bob);
    assert_silence(&heard);

    world.command(alice, |agent| agent.session(to_carol)?.end()).unwrap();
    world.command(alice, |agent| agent.session(to_bob)?.unhold()).unwrap();
    world.run_for(SECOND);
    let heard = listen(world, bob, at_bob);
    assert_tone(&heard, 440.0, -15.0);
    let heard = listen(world, alice, to_bob);
    assert_tone(&heard, 600.0, -15.0);
    assert!(talks(world, to_bob));
    assert_eq!(world.host(alice).agent().sessions(), [to_bob]);
}
