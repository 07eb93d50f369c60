//! What the two parties of the demo do, and when.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sansip_core::agent::Route;
use sansip_core::machines::media::stream::AudioStatistics;
use sansip_core::middleware::notification::{Event, SessionNotification};
use sansip_core::wire::sip::Transport;
use sansip_tokio::{Agent, AgentOptions, AudioSource, Samples, Session};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::log::Log;
use super::{AFTER_HOLD, BY_CALLEE, BY_CALLER, Marker, speech, verdict};
use crate::exit::Failure;
use crate::setup;

/// Everything on loopback takes milliseconds; a machine that is very busy gets time.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a party may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);
/// The digits the caller sends.
const DIGITS: &str = "42#";
/// The sample rate of the codecs there are.
const RATE: u32 = 8_000;

/// One of the two agents.
pub(crate) struct Party {
    name: &'static str,
    agent: Agent,
    /// The sessions that call this party, and the digits it gets.
    events: tokio::sync::Mutex<mpsc::Receiver<Told>>,
    printer: JoinHandle<()>,
}

/// What the script waits for.
enum Told {
    Incoming(Session),
    Digit(char),
}

/// What was counted during the call.
pub(crate) struct Figures {
    pub(crate) caller: AudioStatistics,
    pub(crate) callee: AudioStatistics,
    /// The digits that arrived.
    pub(crate) digits: String,
}

impl Figures {
    /// The digits that were sent.
    pub(crate) fn digits_sent() -> &'static str {
        DIGITS
    }
}

impl Party {
    pub(crate) async fn start(name: &'static str, options: AgentOptions, log: &Log) -> Result<Party, Failure> {
        let (agent, mut notifications) = setup::start(options).await?;
        let (tell, events) = mpsc::channel(64);
        let log = log.clone();
        let printer = tokio::spawn({
            // Only for looking sessions up: the agent ends when the demo stops it.
            let agent = agent.clone();
            async move {
                while let Some(notification) = notifications.next().await {
                    log.notification(name, &notification);
                    let told = match &notification.event {
                        Event::Session(id, SessionNotification::NewIncoming { .. }) => {
                            agent.find_session(*id).map(Told::Incoming)
                        }
                        Event::Session(_, SessionNotification::GotDtmf { digit }) => Some(Told::Digit(*digit)),
                        _ => None,
                    };
                    if let Some(told) = told {
                        // The script may have stopped listening.
                        let _ = tell.try_send(told);
                    }
                }
            }
        });
        Ok(Party { name, agent, events: events.into(), printer })
    }

    /// The next thing that satisfies `wanted`.
    async fn wait<T>(&self, what: &str, wanted: impl Fn(Told) -> Option<T>) -> Result<T, Failure> {
        let mut events = self.events.lock().await;
        let wait = async {
            while let Some(told) = events.recv().await {
                if let Some(found) = wanted(told) {
                    return Some(found);
                }
            }
            None
        };
        let late = || Failure::Call(format!("the {} waited in vain for {what}", self.name));
        timeout(PATIENCE, wait).await.ok().flatten().ok_or_else(late)
    }

    /// Ends the agent and waits until all it had to say is printed.
    pub(crate) async fn stop(self) {
        self.agent.stop();
        if timeout(GOODBYE, self.agent.ended()).await.is_ok() {
            // What waits is printed in no time.
            let _ = timeout(GOODBYE, self.printer).await;
        }
    }
}

/// The whole call: less than 12 seconds of it.
pub(crate) async fn perform(
    caller: &Party,
    callee: &Party,
    files: &[PathBuf; 2],
    log: &Log,
) -> Result<Figures, Failure> {
    let (calling, called) = connect(caller, callee, log).await?;
    log.say("both sides record");
    record(&calling, &files[0])?;
    record(&called, &files[1])?;
    sleep(Duration::from_millis(300)).await;

    log.say("the caller speaks, and sends a tone of 440 Hz");
    speak(&calling, 120.0).await;
    send_tone(&calling, BY_CALLER).await;
    log.say("the callee speaks, and sends a tone of 660 Hz");
    speak(&called, 200.0).await;
    send_tone(&called, BY_CALLEE).await;

    log.say(&format!("the caller sends the digits {DIGITS}"));
    let digits = send_digits(&calling, callee).await?;

    log.say("the caller puts the callee on hold for a second");
    calling.hold().map_err(refused)?;
    sleep(Duration::from_millis(1_000)).await;
    calling.unhold().map_err(refused)?;
    sleep(Duration::from_millis(400)).await;
    log.say("the caller sends a tone of 880 Hz: it must be heard again");
    send_tone(&calling, AFTER_HOLD).await;

    let figures = Figures {
        caller: calling.audio_statistics().map_err(refused)?,
        callee: called.audio_statistics().map_err(refused)?,
        digits,
    };
    log.say("both sides stop recording, the caller hangs up");
    calling.stop_recording_audio().map_err(refused)?;
    called.stop_recording_audio().map_err(refused)?;
    calling.end().map_err(refused)?;
    let late = |_| Failure::Call("the call did not end".into());
    timeout(PATIENCE, calling.ended()).await.map_err(late)?;
    timeout(PATIENCE, called.ended()).await.map_err(late)?;
    Ok(figures)
}

async fn connect(caller: &Party, callee: &Party, log: &Log) -> Result<(Session, Session), Failure> {
    let listening = callee.agent.listening();
    let at = listening.first().ok_or_else(|| Failure::Local("the callee listens nowhere".into()))?.address;
    let account = caller.agent.default_account().ok_or_else(|| Failure::Local("the caller has no account".into()))?;
    let calling = caller.agent.session(account).map_err(refused)?;
    let uri = format!("sip:callee@{at}");
    log.say(&format!("the caller calls {uri}"));
    calling.connect(&uri, &[Route::new(at.ip().to_string(), at.port(), Transport::Udp)], true).map_err(refused)?;
    let called = callee
        .wait("the call", |told| match told {
            Told::Incoming(session) => Some(session),
            Told::Digit(_) => None,
        })
        .await?;
    log.say("the callee lets it ring for half a second and takes it");
    sleep(Duration::from_millis(500)).await;
    called.accept(true).map_err(refused)?;
    for session in [&calling, &called] {
        let established = timeout(PATIENCE, session.established()).await;
        let established = established.map_err(|_| Failure::Call("the call was not established".into()))?;
        established.map_err(|failure| Failure::Call(format!("the call failed: {failure}")))?;
    }
    Ok((calling, called))
}

fn record(session: &Session, file: &Path) -> Result<(), Failure> {
    session.start_recording_audio(Some(file.to_string_lossy().into_owned())).map_err(refused)
}

/// Speaks for not quite two seconds, in a voice of `pitch` Hz.
async fn speak(session: &Session, pitch: f64) {
    let words = Samples::new(speech::speech(1.8, pitch, RATE), RATE);
    session.set_audio_source(AudioSource::Samples(words));
    sleep(Duration::from_millis(1_900)).await;
}

async fn send_tone(session: &Session, marker: Marker) {
    session.set_audio_source(AudioSource::Tone { frequency: marker.frequency, level: verdict::LEVEL });
    sleep(Duration::from_secs_f64(marker.seconds)).await;
    session.set_audio_source(AudioSource::Silence);
    sleep(Duration::from_millis(200)).await;
}

async fn send_digits(calling: &Session, callee: &Party) -> Result<String, Failure> {
    for digit in DIGITS.chars() {
        calling.send_dtmf(digit).map_err(refused)?;
    }
    let mut digits = String::new();
    for _ in DIGITS.chars() {
        let digit = callee
            .wait("a digit", |told| match told {
                Told::Digit(digit) => Some(digit),
                Told::Incoming(_) => None,
            })
            .await?;
        digits.push(digit);
    }
    Ok(digits)
}

fn refused(misuse: sansip_core::error::Misuse) -> Failure {
    Failure::Call(misuse.to_string())
}
