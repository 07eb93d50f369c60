//! The sound system of this machine, over `cpal`: ALSA on Linux, Core Audio on macOS, WASAPI on Windows.
//!
//! Device formats end here: whatever a card takes or gives becomes mono 16-bit samples inside its callback.

use std::sync::Arc;

use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{
    BufferSize, ErrorKind, FromSample, I24, SampleFormat, SizedSample, StreamConfig, SupportedStreamConfig, U24,
};

use super::device::{Device, Direction, pick};
use super::notice::SoundTrouble;
use super::ring::{CapturePort, Fault, Health, Meters, PlaybackPort, Port};
use super::watch::{Found, SoundSystem};

/// Callbacks a second that a card is asked for: every 10 ms. Systems' own buffers are often ten times as long.
const CALLBACKS_A_SECOND: u32 = 100;

/// The sound cards of this machine. Stays on the thread that made it.
pub(crate) struct Cards {
    /// Thrown away after trouble, so that the system is asked anew: cards and configuration may have changed.
    host: Option<cpal::Host>,
}

/// A card and the format it will run in.
pub(crate) struct Card {
    device: cpal::Device,
    config: SupportedStreamConfig,
}

impl Cards {
    pub(crate) fn new() -> Cards {
        Cards { host: None }
    }

    pub(crate) fn devices(&mut self) -> Result<Vec<Device>, SoundTrouble> {
        let host = self.host()?;
        let id_of = |device: Option<cpal::Device>| device.and_then(|device| device.id().ok());
        let (input, output) = (id_of(host.default_input_device()), id_of(host.default_output_device()));
        let devices = host.devices().map_err(|error| trouble(&error))?;
        Ok(devices
            .filter_map(|device| {
                let id = device.id().ok()?;
                Some(Device {
                    name: name(&device),
                    input: device.supports_input(),
                    output: device.supports_output(),
                    default_input: input.as_ref() == Some(&id),
                    default_output: output.as_ref() == Some(&id),
                    id: id.to_string(),
                })
            })
            .collect())
    }

    fn host(&mut self) -> Result<&cpal::Host, SoundTrouble> {
        hush();
        let host = match self.host.take() {
            Some(host) => host,
            None => {
                // The list is in the order of preference, and never empty.
                let id = cpal::ALL_HOSTS.first().ok_or(SoundTrouble::NoDevice)?;
                cpal::host_from_id(*id).map_err(|error| trouble(&error))?
            }
        };
        Ok(self.host.insert(host))
    }
}

impl SoundSystem for Cards {
    type Device = Card;
    type Stream = cpal::Stream;

    fn default_id(&mut self, direction: Direction) -> Option<String> {
        let device = default_device(self.host().ok()?, direction)?;
        Some(device.id().ok()?.to_string())
    }

    fn find(&mut self, direction: Direction, wanted: Option<&str>) -> Result<Found<Card>, SoundTrouble> {
        let found = self.host().and_then(|host| find(host, direction, wanted));
        if found.is_err() {
            self.host = None;
        }
        found
    }

    fn start(
        &mut self,
        found: &Found<Card>,
        port: &mut dyn FnMut() -> Result<Port, SoundTrouble>,
    ) -> Result<cpal::Stream, SoundTrouble> {
        let Card { device, config } = &found.device;
        let format = config.sample_format();
        let mut wish = config.config();
        wish.buffer_size = BufferSize::Fixed(wish.sample_rate / CALLBACKS_A_SECOND);
        let stream = match build(device, format, wish, port()?) {
            Ok(stream) => stream,
            // Not every card can be so quick. In its own time it works, only later.
            Err(_) => build(device, format, StreamConfig { buffer_size: BufferSize::Default, ..wish }, port()?)
                .map_err(|error| trouble(&error))?,
        };
        stream.play().map_err(|error| trouble(&error))?;
        Ok(stream)
    }
}

fn default_device(host: &cpal::Host, direction: Direction) -> Option<cpal::Device> {
    match direction {
        Direction::Input => host.default_input_device(),
        Direction::Output => host.default_output_device(),
    }
}

fn find(host: &cpal::Host, direction: Direction, wanted: Option<&str>) -> Result<Found<Card>, SoundTrouble> {
    let device = match wanted {
        None => default_device(host, direction).ok_or(SoundTrouble::NoDevice)?,
        Some(wanted) => named(host, direction, wanted)?,
    };
    let config = match direction {
        Direction::Input => device.default_input_config(),
        Direction::Output => device.default_output_config(),
    };
    let config = config.map_err(|error| trouble(&error))?;
    let id = device.id().map_err(|error| trouble(&error))?.to_string();
    let (rate, channels) = (config.sample_rate(), config.channels());
    Ok(Found { id, name: name(&device), rate, channels, device: Card { device, config } })
}

fn named(host: &cpal::Host, direction: Direction, wanted: &str) -> Result<cpal::Device, SoundTrouble> {
    let mut devices: Vec<cpal::Device> = host
        .devices()
        .map_err(|error| trouble(&error))?
        .filter(|device| match direction {
            Direction::Input => device.supports_input(),
            Direction::Output => device.supports_output(),
        })
        .collect();
    let known: Vec<(String, String)> =
        devices.iter().map(|device| (device.id().map(|id| id.to_string()).unwrap_or_default(), name(device))).collect();
    match pick(&known, wanted) {
        Some(index) => Ok(devices.swap_remove(index)),
        None => Err(SoundTrouble::NoSuchDevice {
            wanted: wanted.to_owned(),
            there_are: known.into_iter().map(|(_, name)| name).collect(),
        }),
    }
}

/// What people call the device; its id where it has no name.
fn name(device: &cpal::Device) -> String {
    match (device.description(), device.id()) {
        (Ok(description), _) => description.name().to_owned(),
        (Err(_), Ok(id)) => id.to_string(),
        (Err(_), Err(_)) => "a device without a name".to_owned(),
    }
}

fn build(
    device: &cpal::Device,
    format: SampleFormat,
    config: StreamConfig,
    port: Port,
) -> Result<cpal::Stream, cpal::Error> {
    macro_rules! of {
        ($sample:ty) => {
            match port {
                Port::Capture(port) => record::<$sample>(device, config, port),
                Port::Playback(port) => play::<$sample>(device, config, port),
            }
        };
    }
    match format {
        SampleFormat::I8 => of!(i8),
        SampleFormat::I16 => of!(i16),
        SampleFormat::I24 => of!(I24),
        SampleFormat::I32 => of!(i32),
        SampleFormat::I64 => of!(i64),
        SampleFormat::U8 => of!(u8),
        SampleFormat::U16 => of!(u16),
        SampleFormat::U24 => of!(U24),
        SampleFormat::U32 => of!(u32),
        SampleFormat::U64 => of!(u64),
        SampleFormat::F32 => of!(f32),
        SampleFormat::F64 => of!(f64),
        other => Err(cpal::Error::with_message(ErrorKind::UnsupportedConfig, format!("its samples are {other}"))),
    }
}

fn record<T>(device: &cpal::Device, config: StreamConfig, mut port: CapturePort) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample,
    i16: FromSample<T>,
{
    let channels = usize::from(config.channels).max(1);
    let (health, meters) = (port.health.clone(), port.meters.clone());
    device.build_input_stream(
        config,
        move |data: &[T], _: &cpal::InputCallbackInfo| port.write(data.chunks_exact(channels).map(mono)),
        move |error: cpal::Error| heed(Direction::Input, error.kind(), &health, &meters),
        None,
    )
}

fn play<T>(device: &cpal::Device, config: StreamConfig, mut port: PlaybackPort) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample + FromSample<i16>,
{
    let channels = usize::from(config.channels).max(1);
    let (health, meters) = (port.health.clone(), port.meters.clone());
    device.build_output_stream(
        config,
        move |data: &mut [T], _: &cpal::OutputCallbackInfo| {
            let mut frames = data.chunks_exact_mut(channels);
            let wanted = frames.len();
            port.read(wanted, |_, sample| {
                if let Some(frame) = frames.next() {
                    frame.fill(T::from_sample_(sample));
                }
            });
            frames.for_each(|frame| frame.fill(T::EQUILIBRIUM));
        },
        move |error: cpal::Error| heed(Direction::Output, error.kind(), &health, &meters),
        None,
    )
}

/// The mean of the channels.
fn mono<T>(frame: &[T]) -> i16
where
    T: Copy,
    i16: FromSample<T>,
{
    let sum: i32 = frame.iter().map(|&sample| i32::from(i16::from_sample_(sample))).sum();
    (sum / frame.len() as i32) as i16
}

/// What a running stream complains of: most of it ends the stream, some of it does not matter.
fn heed(direction: Direction, kind: ErrorKind, health: &Arc<Health>, meters: &Arc<Meters>) {
    let fault = match kind {
        // The system has moved the stream to another device itself, or gives it no priority. It goes on.
        ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => return,
        ErrorKind::Xrun => {
            return match direction {
                Direction::Input => meters.overrun(),
                Direction::Output => meters.underrun(),
            };
        }
        ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated => Fault::Gone,
        ErrorKind::PermissionDenied => Fault::Denied,
        ErrorKind::DeviceBusy => Fault::Busy,
        ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation => Fault::Unsupported,
        _ => Fault::System,
    };
    health.fail(fault);
}

fn trouble(error: &cpal::Error) -> SoundTrouble {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated => SoundTrouble::NoDevice,
        ErrorKind::PermissionDenied => SoundTrouble::Denied(text),
        ErrorKind::DeviceBusy => SoundTrouble::Busy(text),
        ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation | ErrorKind::InvalidInput => {
            SoundTrouble::Unsupported(text)
        }
        _ => SoundTrouble::System(text),
    }
}

/// Keeps alsa-lib from writing to the terminal whenever a device is not there: what it means is in our notices.
fn hush() {
    // Each call replaces the buffer of this thread by an empty one, so that it does not grow. Should it fail, words on
    // the terminal are all that happens.
    #[cfg(target_os = "linux")]
    let _ = alsa::Output::local_error_handler();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_their_mean() {
        assert_eq!(mono(&[1_000i16, 2_000]), 1_500);
        assert_eq!(mono(&[i16::MIN, i16::MIN]), i16::MIN);
        assert_eq!(mono(&[0.5f32]), 16_384);
        assert_eq!(mono(&[128u8, 128]), 0);
    }

    #[test]
    fn only_what_ends_a_stream_is_a_fault() {
        let health = || (Arc::<Health>::default(), Arc::<Meters>::default());
        let (stream, meters) = health();
        heed(Direction::Output, ErrorKind::Xrun, &stream, &meters);
        heed(Direction::Output, ErrorKind::DeviceChanged, &stream, &meters);
        assert_eq!((stream.trouble(), meters.underruns()), (None, 1));
        heed(Direction::Output, ErrorKind::DeviceNotAvailable, &stream, &meters);
        assert_eq!(stream.trouble(), Some(SoundTrouble::NoDevice));
    }
}
