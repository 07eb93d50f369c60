//! Calls sip:bob@example.com through a proxy from the default account; Enter ends the call.
//!
//! `cargo run -p sansip-async-std --example simple_outbound_call`
#![allow(clippy::print_stdout, reason = "a program for people to read")]

use async_std::io::stdin;
use async_std::task;
use sansip_async_std::sansip_core::agent::{Account, Route};
use sansip_async_std::sansip_core::wire::sip::Transport;
use sansip_async_std::{Agent, AgentOptions};

#[async_std::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = AgentOptions::default();
    options.accounts.push(Account::new("alice@example.com")?);
    let (agent, mut notifications) = Agent::start(options).await?;
    let account = agent.default_account().ok_or("there is no account")?;

    let session = agent.session(account)?;
    session.connect("sip:bob@example.com", &[Route::new("sip.example.com", 5060, Transport::Udp)], true)?;
    println!("Calling. Press Enter to end the call.");
    task::spawn({
        let session = session.clone();
        async move {
            let _ = stdin().read_line(&mut String::new()).await;
            session.end()
        }
    });

    task::spawn(async move {
        while let Some(notification) = notifications.next().await {
            println!("{}", notification.event.name());
        }
    });
    if let Some(failure) = session.ended().await.failure {
        println!("The call failed: {failure}");
    }
    agent.stop();
    agent.ended().await;
    // The thread that waits for Enter would keep the runtime from ending.
    std::process::exit(0);
}
