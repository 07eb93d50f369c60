//! The audio stream: reading the peer's media description, writing ours, and what the two come to.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::format::{self, Format};
use super::{AgreedAudio, AgreedCodec, AudioCapability, CodecSpec, Incompatibility, LocalAudio};
use crate::wire::sdp::{
    Attribute, Connection, Direction, Fmtp, MaxPtime, MediaDescription, MediaType, Protocol, Ptime, Rtcp, RtpMap,
    SessionDescription,
};

/// Shortest and longest packet that is sent, in milliseconds of sound.
const PTIME_MS: (u32, u32) = (10, 60);

/// The peer's audio stream, as its description has it.
#[derive(Clone, Debug)]
pub(super) struct RemoteAudio {
    pub(super) formats: Vec<Format>,
    /// As the peer sees it; one whose address is unspecified does not receive.
    pub(super) direction: Direction,
    rtp: Option<SocketAddr>,
    rtcp: Option<SocketAddr>,
    ptime: Option<u32>,
    maxptime: Option<u32>,
}

/// True if we can send and receive by this protocol. The seam for packet protection: SRTP's protocols come in here.
const fn is_supported(protocol: &Protocol) -> bool {
    match protocol {
        Protocol::RtpAvp => true,
        Protocol::RtpSavp
        | Protocol::RtpAvpf
        | Protocol::RtpSavpf
        | Protocol::UdpTlsRtpSavp
        | Protocol::UdpTlsRtpSavpf
        | Protocol::TcpMsrp
        | Protocol::TcpTlsMsrp
        | Protocol::Other(_) => false,
    }
}

/// Reads the audio stream of a media line; an error if it is not a live audio stream that we can take part in.
pub(super) fn read(
    session: &SessionDescription,
    media: &MediaDescription,
    ours: &AudioCapability,
) -> Result<RemoteAudio, Incompatibility> {
    if media.media != MediaType::Audio || media.port == 0 {
        return Err(Incompatibility::MediaType);
    }
    if !is_supported(&media.protocol) {
        return Err(Incompatibility::Protocol);
    }
    let connection = session.connection_of(media).ok_or(Incompatibility::Address)?;
    let formats = format::formats_of(media);
    if format::common(&formats, ours).is_empty() {
        return Err(Incompatibility::Codec);
    }
    let said = session.direction_of(media);
    // RFC 3264 8.4: to 0.0.0.0 nothing is sent, whatever the direction says.
    let direction = Direction::from_flags(said.sends(), said.receives() && !connection.is_unspecified());
    let rtp = usable(connection).map(|ip| SocketAddr::new(ip, media.port));
    Ok(RemoteAudio {
        formats,
        direction,
        rtp,
        rtcp: rtp.and_then(|rtp| rtcp_address(media, rtp)),
        ptime: milliseconds(media.attributes.first::<Ptime>().map(|ptime| ptime.0)),
        maxptime: milliseconds(media.attributes.first::<MaxPtime>().map(|ptime| ptime.0)),
    })
}

fn milliseconds(said: Option<u32>) -> Option<u32> {
    said.filter(|milliseconds| *milliseconds > 0)
}

/// The address of a connection, if one host can be sent to there.
fn usable(connection: &Connection) -> Option<IpAddr> {
    let one_host = |ip: &IpAddr| !ip.is_unspecified() && !ip.is_multicast() && *ip != IpAddr::V4(Ipv4Addr::BROADCAST);
    connection.address.ip().filter(one_host)
}

/// Where RTCP goes: as `a=rtcp` says (RFC 3605), else to the port above RTP's (RFC 3550 11).
fn rtcp_address(media: &MediaDescription, rtp: SocketAddr) -> Option<SocketAddr> {
    let above = rtp.port().checked_add(1);
    let Some(said) = media.attributes.first::<Rtcp>().filter(|rtcp| rtcp.port != 0) else {
        return above.map(|port| SocketAddr::new(rtp.ip(), port));
    };
    let ip = match said.address {
        Some(address) => usable(&Connection { address, ttl: None, count: None })?,
        None => rtp.ip(),
    };
    Some(SocketAddr::new(ip, said.port))
}

/// Our media description. `session_ip` is that of the session's `c=`.
pub(super) fn write(
    local: &LocalAudio,
    direction: Direction,
    formats: &[Format],
    ours: &AudioCapability,
    session_ip: IpAddr,
) -> MediaDescription {
    let numbers = formats.iter().map(|format| format.payload_type.to_string()).collect();
    let mut media = MediaDescription::new(MediaType::Audio, local.rtp.port(), Protocol::RtpAvp, numbers);
    if local.rtp.ip() != session_ip {
        media.connections.push(Connection::ip(local.rtp.ip()));
    }
    for format in formats {
        // RFC 3264 5.1: an rtpmap for every format, the static ones too.
        media.attributes.add(&RtpMap {
            payload_type: format.payload_type,
            encoding: format.name.clone(),
            clock_rate: format.clock_rate,
            parameters: (format.channels != 1).then(|| format.channels.to_string()),
        });
        if let Some(parameters) = &format.fmtp {
            let payload_type = format.payload_type.to_string();
            media.attributes.add(&Fmtp { format: payload_type, parameters: parameters.clone() });
        }
    }
    media.attributes.add(&Ptime(u32::from(ours.ptime_ms).clamp(PTIME_MS.0, PTIME_MS.1)));
    media.attributes.push(Attribute::flag(direction.name()));
    if let Some(port) = local.rtcp_port.filter(|port| Some(*port) != local.rtp.port().checked_add(1)) {
        media.attributes.add(&Rtcp { port, address: None });
    }
    media
}

/// What our formats and the peer's description come to; `None` without a codec in common.
///
/// We send under the peer's numbers and receive under ours: they may differ (RFC 3264 5.1, 6.1).
pub(super) fn agree(
    local: &[Format],
    remote: &RemoteAudio,
    direction: Direction,
    ours: &AudioCapability,
) -> Option<AgreedAudio> {
    let mut codec = None;
    let mut receive: Vec<(u8, CodecSpec)> = Vec::new();
    for (theirs, spec) in format::common(&remote.formats, ours) {
        let Some(mine) = local.iter().find(|format| format.is(spec)) else { continue };
        receive.push((mine.payload_type, spec.clone()));
        // The first in the peer's order is what we send (RFC 3264 6.1, 7).
        codec.get_or_insert_with(|| AgreedCodec {
            name: spec.name.clone(),
            clock_rate: spec.clock_rate,
            channels: spec.channels,
            payload_type: theirs.payload_type,
            fmtp: theirs.fmtp.clone(),
        });
    }
    let codec = codec?;
    let event = |formats: &[Format]| format::event_at(formats, codec.clock_rate).filter(|_| ours.telephone_event);
    let (theirs, mine) = (event(&remote.formats), event(local));
    Some(AgreedAudio {
        // Events are in use only where both sides name them.
        telephone_event_send: theirs.filter(|_| mine.is_some()),
        telephone_event_receive: mine.filter(|_| theirs.is_some()),
        codec,
        receive,
        ptime_ms: ptime_ms(remote, ours),
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        direction,
        held_by_remote: !direction.sends(),
    })
}

/// Milliseconds of sound in a packet to the peer: what it asks for, else what we prefer, not above its maximum, in
/// whole frames of 10 ms.
fn ptime_ms(remote: &RemoteAudio, ours: &AudioCapability) -> u8 {
    let asked = remote.ptime.unwrap_or(u32::from(ours.ptime_ms));
    let allowed = asked.min(remote.maxptime.unwrap_or(u32::MAX)).clamp(PTIME_MS.0, PTIME_MS.1);
    let frames = allowed / 10 * 10;
    // At most 60 by the clamp above.
    frames as u8
}
