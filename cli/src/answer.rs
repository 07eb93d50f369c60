//! `sansip answer`.

use crate::exit::Failure;
use crate::keys::Keys;
use crate::options::AnswerOptions;
use crate::phone::{Phone, Policy};
use crate::setup;

/// Waits for calls until enough have ended or somebody wants to leave.
pub(crate) async fn run(options: AnswerOptions) -> Result<(), Failure> {
    let AnswerOptions { auto_answer, calls, reject, talk } = options;
    let listening = setup::listening_to_answer(&talk)?;
    let mut agent_options = setup::agent_options(&talk, listening, "localhost").await?;
    // Whoever is called at this address is meant.
    agent_options.settings.answer_unknown_users = true;
    let keys = Keys::start();
    let started = setup::start(agent_options).await?;
    let policy = match reject {
        Some(status) => Policy::Refuse(status),
        None if auto_answer => Policy::Take,
        None => Policy::Ask,
    };
    let addresses = started.0.listening();
    let mut phone = Phone::new(started, keys, talk, policy);
    for at in addresses {
        phone.say(&format!("listening on {} {}", at.transport.uri_param(), at.address));
    }
    phone.run_until_calls(calls.unwrap_or(u64::MAX)).await
}
