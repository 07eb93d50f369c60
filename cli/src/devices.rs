//! `sansip devices`, and the devices that `--input` and `--output` name.

use std::io::Write as _;

use sansip_host::sound::{Device, DeviceChoice, Direction, SoundTrouble, devices};
use sansip_tokio::SoundDefaults;

use crate::exit::Failure;
use crate::options::TalkOptions;
use crate::terminal::printable;

/// Prints the sound devices, the defaults marked.
pub(crate) async fn list() -> Result<(), Failure> {
    let devices = look().await?;
    let mut lines: Vec<String> = devices.iter().map(|device| printable(&line(device)).to_string()).collect();
    if lines.is_empty() {
        lines.push("there are no sound devices".to_owned());
    }
    // Whoever closed the pipe wants no more of it.
    let _ = writeln!(std::io::stdout(), "{}", lines.join("\n"));
    Ok(())
}

/// Takes the devices that the command line names. One that does not exist is found out here, before anybody is called.
pub(crate) async fn choose(talk: &TalkOptions, sound: &mut SoundDefaults) -> Result<(), Failure> {
    if talk.input.is_none() && talk.output.is_none() {
        return Ok(());
    }
    let devices = look().await?;
    if let Some(wanted) = &talk.input {
        sound.input = named(&devices, Direction::Input, wanted)?;
    }
    if let Some(wanted) = &talk.output {
        sound.output = named(&devices, Direction::Output, wanted)?;
    }
    Ok(())
}

/// Asks the sound system, which may take a while.
async fn look() -> Result<Vec<Device>, Failure> {
    let looked = tokio::task::spawn_blocking(devices).await;
    let looked = looked.unwrap_or_else(|broken| Err(SoundTrouble::System(broken.to_string())));
    looked.map_err(|trouble| Failure::Local(format!("{trouble}; {}", trouble.advice())))
}

/// The choice of one of `devices`, by its id: two devices may have the same name.
fn named(devices: &[Device], direction: Direction, wanted: &str) -> Result<DeviceChoice, Failure> {
    match Device::find(devices, direction, wanted) {
        Ok(device) => Ok(DeviceChoice::Named(device.id.clone())),
        Err(trouble) => Err(Failure::Local(format!("--{direction}: {trouble}"))),
    }
}

fn line(device: &Device) -> String {
    let way = |able: bool, default: bool, direction: Direction| match (able, default) {
        (false, _) => None,
        (true, false) => Some(direction.to_string()),
        (true, true) => Some(format!("{direction} (default)")),
    };
    let ways = [
        way(device.input, device.default_input, Direction::Input),
        way(device.output, device.default_output, Direction::Output),
    ];
    let ways: Vec<String> = ways.into_iter().flatten().collect();
    format!("{}  [{}]  {}", device.name, device.id, ways.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headset() -> Device {
        Device {
            id: "alsa:hw:1,0".into(),
            name: "USB Headset".into(),
            input: true,
            output: true,
            default_input: false,
            default_output: true,
        }
    }

    #[test]
    fn the_default_is_marked() {
        assert_eq!(line(&headset()), "USB Headset  [alsa:hw:1,0]  input, output (default)");
        let microphone = Device { output: false, ..headset() };
        assert_eq!(line(&microphone), "USB Headset  [alsa:hw:1,0]  input");
    }

    #[test]
    fn a_device_that_cannot_do_it_is_not_there() {
        let devices = [Device { input: false, ..headset() }];
        let by_name = named(&devices, Direction::Output, "headset");
        assert_eq!(by_name, Ok(DeviceChoice::Named("alsa:hw:1,0".into())));
        let error = named(&devices, Direction::Input, "headset").unwrap_err();
        assert_eq!(error.to_string(), "--input: there is no sound device \"headset\"; there are: none");
        let error = named(&devices, Direction::Output, "Trumpet").unwrap_err();
        assert_eq!(error.to_string(), "--output: there is no sound device \"Trumpet\"; there are: USB Headset");
        assert_eq!(error.code(), 3);
    }
}
