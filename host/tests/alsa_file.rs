//! The whole sound path through ALSA without a sound card: a device made of two pipes that run at the pace of a card.
//!
//! ALSA reads its configuration from the environment when it is first used, so that each test runs itself once more in a
//! process of its own.
#![cfg(all(feature = "sound", target_os = "linux"))]

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sansip_host::sound::{Sound, SoundConfig, SoundNotice};

/// Names the folder with the pipes to the process inside.
const FOLDER: &str = "SANSIP_TEST_FOLDER";
/// What the microphone hears.
const SAID: i16 = 3_000;
/// What the loudspeaker is given.
const ANSWERED: i16 = -5_000;
/// 10 ms of the device: 48 kHz, mono, 16 bits.
const PERIOD: usize = 480 * 2;

/// The default device records from the pipe `said` and plays to the pipe `heard`.
fn config(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"
pcm.nothing {{ type null }}
pcm.!default {{ type asym playback.pcm "speaker" capture.pcm "microphone" }}
pcm.speaker {{
    type plug
    slave {{
        pcm {{ type file slave.pcm "nothing" file "{folder}/heard" format "raw" }}
        format S16_LE rate 48000 channels 1
    }}
}}
pcm.microphone {{
    type plug
    slave {{
        pcm {{ type file slave.pcm "nothing" file "/dev/null" infile "{folder}/said" format "raw" }}
        format S16_LE rate 48000 channels 1
    }}
}}
"#
    )
}

#[test]
#[ignore = "needs ALSA's file plug-in and mkfifo"]
fn sound_goes_through_a_device_both_ways() {
    match std::env::var_os(FOLDER) {
        Some(folder) => talk(&PathBuf::from(folder)),
        None => run_again("sound_goes_through_a_device_both_ways", |folder| {
            for pipe in ["said", "heard"] {
                assert!(Command::new("mkfifo").arg(folder.join(pipe)).status().unwrap().success());
            }
            config(folder)
        }),
    }
}

#[test]
#[ignore = "needs ALSA's library"]
fn a_machine_without_a_device_is_silent() {
    if std::env::var_os(FOLDER).is_none() {
        return run_again("a_machine_without_a_device_is_silent", |_| "# no devices at all\n".to_owned());
    }
    let mut sound = Sound::open(SoundConfig::default()).unwrap();
    for _ in 0..2 {
        let notice = sound.notice();
        assert!(matches!(notice, Some(SoundNotice::NoDevice { .. })), "{notice:?}");
    }
    let mut frame = [1; 160];
    assert_eq!(sound.capture(&mut frame), 160);
    assert_eq!(frame, [0; 160]);
}

/// Runs the test `name` in a process whose ALSA knows the devices of `config` only.
fn run_again(name: &str, config: impl FnOnce(&Path) -> String) {
    let folder = std::env::temp_dir().join(format!("sansip-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let asound = folder.join("asound.conf");
    fs::write(&asound, config(&folder)).unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", name, "--nocapture"])
        .env("ALSA_CONFIG_PATH", &asound)
        .env(FOLDER, &folder)
        .output()
        .unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
}

fn talk(folder: &Path) {
    let (said, heard) = (folder.join("said"), folder.join("heard"));
    let played = Arc::<Mutex<Vec<u8>>>::default();
    thread::spawn(move || speak(&said));
    let collected = played.clone();
    thread::spawn(move || listen(&heard, &collected));

    let mut sound = Sound::open(SoundConfig::default()).unwrap();
    for _ in 0..2 {
        let notice = sound.notice();
        assert!(matches!(notice, Some(SoundNotice::Opened { .. })), "{notice:?}");
    }
    let (mut recorded, mut frame) = (Vec::new(), [0; 160]);
    let start = Instant::now();
    for tick in 1..=100 {
        let count = sound.capture(&mut frame);
        recorded.extend_from_slice(&frame[..count]);
        sound.playback(&[ANSWERED; 160]);
        thread::sleep((start + Duration::from_millis(20 * tick)).saturating_duration_since(Instant::now()));
    }
    drop(sound);

    let near = |sample: i16, wanted: i16| (i32::from(sample) - i32::from(wanted)).abs() < 100;
    let right = recorded.iter().filter(|&&sample| near(sample, SAID)).count();
    assert!(right > 8_000, "of two seconds, {right} samples of {} are right", recorded.len());
    let played = played.lock().unwrap();
    let samples = played.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let right = samples.filter(|&sample| near(sample, ANSWERED)).count();
    assert!(right > 48_000, "of two seconds, {right} samples of {} are right", played.len() / 2);
}

/// Gives the microphone 10 ms each 10 ms. The device is opened more than once, first only to ask what it can do.
fn speak(pipe: &Path) {
    let period = SAID.to_le_bytes().repeat(PERIOD / 2);
    loop {
        let mut pipe = OpenOptions::new().write(true).open(pipe).unwrap();
        let start = Instant::now();
        for tick in 1.. {
            if pipe.write_all(&period).is_err() {
                break;
            }
            thread::sleep((start + Duration::from_millis(10 * tick)).saturating_duration_since(Instant::now()));
        }
    }
}

/// Takes 10 ms from the loudspeaker each 10 ms, each time it is opened.
fn listen(pipe: &Path, played: &Mutex<Vec<u8>>) {
    let mut period = [0; PERIOD];
    loop {
        let mut pipe = File::open(pipe).unwrap();
        let start = Instant::now();
        for tick in 1.. {
            if pipe.read_exact(&mut period).is_err() {
                break;
            }
            played.lock().unwrap().extend_from_slice(&period);
            thread::sleep((start + Duration::from_millis(10 * tick)).saturating_duration_since(Instant::now()));
        }
    }
}
