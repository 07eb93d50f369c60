//! Payload formats of RTP audio: what numbers stand for, which are common, which number a codec of ours gets.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{AudioCapability, CodecSpec, OfferAnswerError};
use crate::wire::sdp::{Fmtp, MediaDescription, RtpMap};

/// Encoding name of RFC 4733 2.4.1.
const TELEPHONE_EVENT: &str = "telephone-event";
/// Parameters of our telephone-events: the sixteen digits (RFC 4733 2.4.1, 3.2).
const DIGITS: &str = "0-15";
/// The number that telephone-events commonly have.
const USUAL_EVENT: u8 = 101;

/// What a payload type of one description stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) payload_type: u8,
    pub(super) name: String,
    pub(super) clock_rate: u32,
    pub(super) channels: u8,
    pub(super) fmtp: Option<String>,
}

impl Format {
    /// A codec of ours under this number.
    pub(super) fn codec(payload_type: u8, codec: &CodecSpec) -> Format {
        let CodecSpec { name, clock_rate, channels, fmtp, .. } = codec;
        Format { payload_type, name: name.clone(), clock_rate: *clock_rate, channels: *channels, fmtp: fmtp.clone() }
    }

    /// Our telephone-events under this number.
    fn event(payload_type: u8, clock_rate: u32) -> Format {
        Format { payload_type, name: TELEPHONE_EVENT.into(), clock_rate, channels: 1, fmtp: Some(DIGITS.into()) }
    }

    /// True if this is that codec.
    pub(super) fn is(&self, codec: &CodecSpec) -> bool {
        self.encodes(&codec.name, codec.clock_rate, codec.channels)
    }

    fn is_event(&self, clock_rate: u32) -> bool {
        self.encodes(TELEPHONE_EVENT, clock_rate, 1)
    }

    fn encodes(&self, name: &str, clock_rate: u32, channels: u8) -> bool {
        self.name.eq_ignore_ascii_case(name) && self.clock_rate == clock_rate && self.channels == channels
    }
}

/// The formats of an `m=` line in its order; those without a meaning, and numbers that come twice, left out.
pub(super) fn formats_of(media: &MediaDescription) -> Vec<Format> {
    let maps: Vec<RtpMap> = media.attributes.all::<RtpMap>().collect();
    let parameters: Vec<Fmtp> = media.attributes.all::<Fmtp>().collect();
    let mut formats: Vec<Format> = Vec::new();
    for text in &media.formats {
        let Some(payload_type) = text.parse::<u8>().ok().filter(|number| *number < 128) else { continue };
        if formats.iter().any(|format| format.payload_type == payload_type) {
            continue;
        }
        let mapped = maps.iter().find(|map| map.payload_type == payload_type);
        let meaning = mapped.map(|map| (map.encoding.as_str(), map.clock_rate, map.channels()));
        let Some((name, clock_rate, channels)) = meaning.or_else(|| static_format(payload_type)) else { continue };
        let fmtp = parameters.iter().find(|fmtp| fmtp.format == *text).map(|fmtp| fmtp.parameters.clone());
        formats.push(Format { payload_type, name: name.into(), clock_rate, channels, fmtp });
    }
    formats
}

/// Audio payload types that need no rtpmap (RFC 3551 6, table 4).
const fn static_format(payload_type: u8) -> Option<(&'static str, u32, u8)> {
    Some(match payload_type {
        0 => ("PCMU", 8_000, 1),
        3 => ("GSM", 8_000, 1),
        4 => ("G723", 8_000, 1),
        5 => ("DVI4", 8_000, 1),
        6 => ("DVI4", 16_000, 1),
        7 => ("LPC", 8_000, 1),
        8 => ("PCMA", 8_000, 1),
        9 => ("G722", 8_000, 1),
        10 => ("L16", 44_100, 2),
        11 => ("L16", 44_100, 1),
        12 => ("QCELP", 8_000, 1),
        13 => ("CN", 8_000, 1),
        14 => ("MPA", 90_000, 1),
        15 => ("G728", 8_000, 1),
        16 => ("DVI4", 11_025, 1),
        17 => ("DVI4", 22_050, 1),
        18 => ("G729", 8_000, 1),
        _ => return None,
    })
}

/// The peer's formats that are codecs of ours, in the peer's order; each codec once.
pub(super) fn common<'a>(remote: &'a [Format], ours: &'a AudioCapability) -> Vec<(&'a Format, &'a CodecSpec)> {
    let mut common: Vec<(&Format, &CodecSpec)> = Vec::new();
    for format in remote {
        let Some(codec) = ours.codecs.iter().find(|codec| format.is(codec)) else { continue };
        if !common.iter().any(|(known, _)| known.is(codec)) {
            common.push((format, codec));
        }
    }
    common
}

/// The number of telephone-events at this clock rate.
pub(super) fn event_at(formats: &[Format], clock_rate: u32) -> Option<u8> {
    formats.iter().find(|format| format.is_event(clock_rate)).map(|format| format.payload_type)
}

/// The formats of our answer (RFC 3264 6.1): the common ones in the offer's order under the offer's numbers, the
/// telephone-events of their clock rates last, so that the first format is the codec that is used.
pub(super) fn answer(remote: &[Format], ours: &AudioCapability) -> Vec<Format> {
    let codecs = common(remote, ours);
    let mut formats: Vec<Format> =
        codecs.iter().map(|(format, codec)| Format::codec(format.payload_type, codec)).collect();
    if ours.telephone_event {
        for clock_rate in clock_rates(codecs.iter().map(|(_, codec)| *codec)) {
            formats.extend(event_at(remote, clock_rate).map(|number| Format::event(number, clock_rate)));
        }
    }
    formats
}

/// The formats of our offer: those in force first and under their numbers, then the rest of what we can do.
///
/// `used` is what every number of the session has stood for: RFC 3264 8.3.2 forbids to give it another meaning.
pub(super) fn offer(
    ours: &AudioCapability,
    in_force: &[Format],
    used: &BTreeMap<u8, Format>,
) -> Result<Vec<Format>, OfferAnswerError> {
    if ours.codecs.is_empty() {
        return Err(OfferAnswerError::NoCodecs);
    }
    let position = |codec: &CodecSpec| in_force.iter().position(|format| format.is(codec)).unwrap_or(usize::MAX);
    let mut codecs: Vec<&CodecSpec> = ours.codecs.iter().collect();
    // A stable sort: codecs that are not in force stay in the order of preference.
    codecs.sort_by_key(|codec| position(codec));
    let mut formats: Vec<Format> = Vec::new();
    for codec in &codecs {
        if formats.iter().any(|format| format.is(codec)) {
            continue;
        }
        let wanted = codec.payload_type.filter(|number| *number < 128);
        let number = number_for(|format| format.is(codec), wanted, in_force, used, &formats)?;
        formats.push(Format::codec(number, codec));
    }
    if ours.telephone_event {
        for clock_rate in clock_rates(codecs.iter().copied()) {
            let number = number_for(|format| format.is_event(clock_rate), Some(USUAL_EVENT), in_force, used, &formats)?;
            formats.push(Format::event(number, clock_rate));
        }
    }
    Ok(formats)
}

/// The number for a format: the one in force, else the wanted one, else one that it had before, else a free one.
fn number_for(
    is_it: impl Fn(&Format) -> bool,
    wanted: Option<u8>,
    in_force: &[Format],
    used: &BTreeMap<u8, Format>,
    offered: &[Format],
) -> Result<u8, OfferAnswerError> {
    let is_free = |number: &u8| {
        used.get(number).is_none_or(&is_it) && !offered.iter().any(|format| format.payload_type == *number)
    };
    let before = used.values().filter(|format| is_it(format)).map(|format| format.payload_type);
    let in_force = in_force.iter().filter(|format| is_it(format)).map(|format| format.payload_type);
    // The dynamic numbers, then those that RFC 5761 4 leaves when they run out: 64 to 95 would be taken for RTCP.
    in_force
        .chain(wanted)
        .chain(before)
        .chain(96..=127)
        .chain(35..=63)
        .find(is_free)
        .ok_or(OfferAnswerError::NoPayloadType)
}

/// The clock rates of these codecs, each once.
fn clock_rates<'a>(codecs: impl Iterator<Item = &'a CodecSpec>) -> Vec<u32> {
    let mut rates = Vec::new();
    for codec in codecs {
        if !rates.contains(&codec.clock_rate) {
            rates.push(codec.clock_rate);
        }
    }
    rates
}
