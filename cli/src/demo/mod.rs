//! `sansip demo`: two agents of this process call each other over real sockets on loopback, talk, and measure what came
//! through. Nothing outside is needed, not even a sound card.

mod log;
mod script;
mod speech;
mod verdict;

use std::path::PathBuf;

use sansip_core::agent::Account;
use sansip_core::middleware::settings::Settings;
use sansip_tokio::{AgentOptions, SoundDefaults};

use crate::exit::Failure;
use crate::keys::{Key, Keys};
use crate::options::DemoOptions;
use crate::setup;
use log::Log;
use script::Party;

/// A tone by which sound is recognised.
#[derive(Clone, Copy)]
struct Marker {
    /// In Hz.
    frequency: f64,
    /// How long it is sent.
    seconds: f64,
}

/// What the caller sends.
const BY_CALLER: Marker = Marker { frequency: 440.0, seconds: 1.5 };
/// What the callee sends.
const BY_CALLEE: Marker = Marker { frequency: 660.0, seconds: 1.5 };
/// What the caller sends after it held the callee.
const AFTER_HOLD: Marker = Marker { frequency: 880.0, seconds: 1.0 };

/// Runs the demo. Ctrl-C ends it at once: nobody else is in the call.
pub(crate) async fn run(options: DemoOptions) -> Result<(), Failure> {
    let mut keys = Keys::start();
    let interrupted = async {
        loop {
            if matches!(keys.next().await, Key::Interrupt | Key::HangUp) {
                return;
            }
        }
    };
    tokio::select! {
        result = perform(&options) => result,
        () = interrupted => Err(Failure::Call("the demo was interrupted".into())),
    }
}

async fn perform(options: &DemoOptions) -> Result<(), Failure> {
    let log = Log::new();
    let folder = Folder::new()?;
    let files = [recording(options, &folder)?, folder.path.join("callee.wav")];
    log.say("two user agents on 127.0.0.1, one calls the other over UDP");
    let callee = Party::start("callee", agent_options("callee", 47_200, options)?, &log).await?;
    let caller = Party::start("caller", agent_options("caller", 47_000, options)?, &log).await?;
    let figures = script::perform(&caller, &callee, &files, &log).await;
    // Both agents have closed their files when they have ended, and said all that they have to say.
    callee.stop().await;
    caller.stop().await;
    let figures = figures?;
    if options.record.is_some() {
        log.say(&format!("the caller's recording: {}", files[0].display()));
    }
    verdict::judge(&files, figures, &log).await
}

fn agent_options(name: &str, first_port: u16, options: &DemoOptions) -> Result<AgentOptions, Failure> {
    let mut settings = Settings { answer_unknown_users: true, ..Settings::default() };
    settings.local_ip = Some([127, 0, 0, 1].into());
    settings.sip.udp = Some(([127, 0, 0, 1], 0).into());
    settings.sip.tcp = None;
    settings.rtp.port_range = first_port..=first_port + 199;
    settings.logging.trace_sip = options.trace;
    let account = Account::new(&format!("{name}@127.0.0.1")).map_err(|misuse| Failure::Local(misuse.to_string()))?;
    Ok(AgentOptions { settings, accounts: vec![account], sound: SoundDefaults::none() })
}

fn recording(options: &DemoOptions, folder: &Folder) -> Result<PathBuf, Failure> {
    match &options.record {
        Some(file) => setup::recording_file(file, 1),
        None => Ok(folder.path.join("caller.wav")),
    }
}

/// A temporary directory, gone when this is dropped.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Result<Folder, Failure> {
        let path = std::env::temp_dir().join(format!("sansip-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| {
            let what = "make room there, or name another place in TMPDIR";
            Failure::Local(format!("no temporary directory {}: {error}; {what}", path.display()))
        })?;
        Ok(Folder { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A directory that stays is the system's to tidy up.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
