//! Sound devices as people see and choose them.

use std::fmt;

use super::notice::SoundTrouble;

/// Which way sound goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From a microphone.
    Input,
    /// To a loudspeaker.
    Output,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Input => "input",
            Direction::Output => "output",
        })
    }
}

/// A sound device of the machine.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Device {
    /// The system's name for it, which stays the same when it is unplugged and comes back, as far as the system can.
    pub id: String,
    /// The name people know it by.
    pub name: String,
    /// It can record.
    pub input: bool,
    /// It can play.
    pub output: bool,
    /// It is the one that [`DeviceChoice::Default`] records from now.
    pub default_input: bool,
    /// It is the one that [`DeviceChoice::Default`] plays to now.
    pub default_output: bool,
}

impl Device {
    /// The one of `devices` that can do `direction` and is meant by `wanted`, as with [`DeviceChoice::Named`].
    ///
    /// # Errors
    /// [`SoundTrouble::NoSuchDevice`] names those there are for this direction.
    pub fn find<'a>(devices: &'a [Device], direction: Direction, wanted: &str) -> Result<&'a Device, SoundTrouble> {
        let able = |device: &&Device| match direction {
            Direction::Input => device.input,
            Direction::Output => device.output,
        };
        let able: Vec<&Device> = devices.iter().filter(able).collect();
        let known: Vec<_> = able.iter().map(|device| (device.id.clone(), device.name.clone())).collect();
        pick(&known, wanted).and_then(|index| able.get(index).copied()).ok_or_else(|| SoundTrouble::NoSuchDevice {
            wanted: wanted.to_owned(),
            there_are: known.into_iter().map(|(_, name)| name).collect(),
        })
    }
}

/// Which device to use.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum DeviceChoice {
    /// None: silence is recorded, and what is played is thrown away.
    None,
    /// The system's default, also when it changes.
    #[default]
    Default,
    /// The device of this id or name. An unambiguous part of the name will do; case does not matter in names.
    Named(String),
}

/// Which of `devices` (pairs of id and name) is meant by `wanted`: one of that id (the part before the first colon may be
/// left out), else of that name, else the only one whose name has `wanted` in it.
pub(crate) fn pick(devices: &[(String, String)], wanted: &str) -> Option<usize> {
    let bare = |id: &str| id.split_once(':').is_some_and(|(_, rest)| rest == wanted);
    let by_id = devices.iter().position(|(id, _)| id == wanted || bare(id));
    let lower = wanted.to_lowercase();
    let by_name = || devices.iter().position(|(_, name)| name.to_lowercase() == lower);
    let by_part = || {
        let mut having = devices
            .iter()
            .enumerate()
            .filter(|(_, (_, name))| !lower.is_empty() && name.to_lowercase().contains(&lower));
        match (having.next(), having.next()) {
            (Some((only, _)), None) => Some(only),
            _ => None,
        }
    };
    by_id.or_else(by_name).or_else(by_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_found_by_id_name_or_part() {
        let devices = [
            ("alsa:hw:0,0", "Built-in Audio"),
            ("alsa:hw:1,0", "USB Headset"),
            ("alsa:hw:2,0", "USB Camera"),
            ("alsa:hw:3,0", "Headset"),
        ]
        .map(|(id, name)| (id.to_owned(), name.to_owned()));
        assert_eq!(pick(&devices, "alsa:hw:1,0"), Some(1));
        assert_eq!(pick(&devices, "hw:2,0"), Some(2));
        assert_eq!(pick(&devices, "built-in audio"), Some(0));
        assert_eq!(pick(&devices, "camera"), Some(2));
        assert_eq!(pick(&devices, "headset"), Some(3), "the whole name goes before a part of one");
        assert_eq!(pick(&devices, "USB"), None, "two have it");
        assert_eq!(pick(&devices, "Trumpet"), None);
        assert_eq!(pick(&devices, ""), None);
    }
}
