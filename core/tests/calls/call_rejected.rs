//! The callee does not want the call (RFC 3261 21.4.24, 21.6.2).

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{Pair, Side};
use sansip_core::wire::sip::StatusCode;

use crate::common::{CALLING, INCOMING, RINGING, told};

const REJECTED_BY_US: &[&str] =
    &["ChangedState(INCOMING->TERMINATING)", "WillEnd", "ChangedState(TERMINATING->TERMINATED)", "DidEnd(local)"];

fn rejected(status: Option<StatusCode>, failure: &str) {
    let mut pair = Pair::new(10);
    let out = pair.dial(Side::Alice);
    let inc = pair.ring(Side::Alice);
    pair.settle();
    pair.session(Side::Bob, inc, |session| session.reject(status)).unwrap();
    pair.run_until_states(Side::Alice, (out, inc), SessionState::Terminated);
    let failed = ["ChangedState(CALLING->TERMINATED)", failure, "DidEnd(remote)"];
    assert_eq!(pair.story(Side::Alice, out), told(&[CALLING, RINGING, &failed]));
    assert_eq!(pair.story(Side::Bob, inc), told(&[INCOMING, REJECTED_BY_US]));
}

#[test]
fn busy_is_486() {
    rejected(Some(StatusCode::BUSY_HERE), "DidFail(remote 486 Busy Here)");
}

#[test]
fn no_status_is_603() {
    rejected(None, "DidFail(remote 603 Decline)");
}

#[test]
fn end_rejects_a_call_that_rings() {
    let mut pair = Pair::new(11);
    let out = pair.dial(Side::Alice);
    let inc = pair.ring(Side::Alice);
    pair.settle();
    pair.session(Side::Bob, inc, |session| session.end()).unwrap();
    pair.run_until_states(Side::Alice, (out, inc), SessionState::Terminated);
    assert_eq!(pair.story(Side::Bob, inc), told(&[INCOMING, REJECTED_BY_US]));
}
