//! `sansip call`.

use crate::exit::Failure;
use crate::keys::Keys;
use crate::options::CallOptions;
use crate::phone::{Phone, Policy};
use crate::setup::{self, Callee};

/// Places one call and stays until it has ended.
pub(crate) async fn run(options: CallOptions) -> Result<(), Failure> {
    let CallOptions { uri, route, talk } = options;
    let callee = Callee::new(&uri, &route, talk.transport)?;
    let listening = setup::listening_to_call(&talk, &callee)?;
    let agent_options = setup::agent_options(&talk, listening, &setup::domain_towards(&callee)).await?;
    // Before anything is open: Ctrl-C is polite from here on.
    let keys = Keys::start();
    let started = setup::start(agent_options).await?;
    let agent = started.0.clone();
    let account = agent.default_account().ok_or_else(|| Failure::Usage("there is no account to call from".into()))?;
    let session = agent.session(account).map_err(|misuse| Failure::Usage(misuse.to_string()))?;
    // Another call that comes in meanwhile is refused as busy.
    let busy = sansip_core::wire::sip::StatusCode::BUSY_HERE;
    let mut phone = Phone::new(started, keys, talk, Policy::Refuse(busy));
    phone.add(session.clone(), callee.uri.clone());
    phone.say(&format!("calling {}", callee.uri));
    session.connect(&callee.uri, &callee.routes, true).map_err(|misuse| Failure::Usage(misuse.to_string()))?;
    drop(session);
    phone.run_until_ended().await?;
    match (phone.established, phone.failure.take()) {
        (0, Some(failure)) => Err(Failure::Call(failure)),
        (0, None) => Err(Failure::Call("the call ended before it was established".into())),
        (_, _) => Ok(()),
    }
}
