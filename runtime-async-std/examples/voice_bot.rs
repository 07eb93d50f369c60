//! A voice bot: answers every call, says a WAV file, records what the caller says until silence or a minute, and hangs up.
//!
//! `cargo run -p sansip-async-std --example voice_bot -- greeting.wav`
//!
//! It needs no sound card: the bot hears the caller through an `AudioChannel`, as a speech recogniser would, and the
//! recording is made by the agent itself.
#![allow(clippy::print_stdout, reason = "a program for people to read")]

use std::error::Error;

use async_std::task;
use sansip_async_std::sansip_core::agent::Account;
use sansip_async_std::sansip_core::machines::media::measure::rms_dbov;
use sansip_async_std::sansip_core::middleware::notification::{Event, SessionNotification};
use sansip_async_std::{Agent, AgentOptions, Session, SoundDefaults};

/// Quieter than this, in dBov, is silence.
const SILENCE: f32 = -45.0;
/// Frames of 20 ms: two seconds of silence end the message, a minute is the longest.
const FRAMES_OF_SILENCE: u32 = 100;
const MOST_FRAMES: u32 = 3_000;

#[async_std::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let greeting = std::env::args().nth(1).ok_or("usage: voice_bot greeting.wav")?;
    let mut options = AgentOptions { sound: SoundDefaults::none(), ..AgentOptions::default() };
    options.accounts.push(Account::new("bot@localhost")?);
    options.settings.answer_unknown_users = true;
    let (agent, mut notifications) = Agent::start(options).await?;
    for at in agent.listening() {
        println!("Waiting for calls on {:?} {}", at.transport, at.address);
    }
    while let Some(notification) = notifications.next().await {
        let Event::Session(id, SessionNotification::NewIncoming { .. }) = notification.event else { continue };
        let Some(session) = agent.find_session(id) else { continue };
        let greeting = greeting.clone();
        task::spawn(async move {
            if let Err(error) = converse(&session, &greeting).await {
                println!("{id}: {error}");
            }
            // A call that has ended by itself needs no end.
            let _ = session.end();
        });
    }
    Ok(())
}

async fn converse(session: &Session, greeting: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    session.accept(true)?;
    session.established().await?;
    println!("{}: a call from {:?}", session.id(), session.info()?.remote_uri);
    session.play(greeting).await?;

    session.start_recording_audio(None)?;
    let ear = session.audio()?;
    let mut frame = vec![0; ear.sample_rate() as usize / 50];
    let (mut frames, mut quiet) = (0, 0);
    while quiet < FRAMES_OF_SILENCE && frames < MOST_FRAMES && ear.read(&mut frame).await == frame.len() {
        frames += 1;
        quiet = if rms_dbov(&frame) < SILENCE { quiet + 1 } else { 0 };
    }
    println!("{}: {} s recorded", session.id(), frames / 50);
    Ok(session.stop_recording_audio()?)
}
