//! The session's sound: its sockets, its stream, what was negotiated for it, and what happens in it.

use alloc::boxed::Box;
use core::net::SocketAddr;

use bytes::Bytes;

use super::ports::PortPair;
use super::{Asked, Cx, Effect, Session, body, notify};
use crate::error::Misuse;
use crate::ids::SocketId;
use crate::io::{Channel, Request, Transmit};
use crate::machines::media::codec::CodecKind;
use crate::machines::media::dtmf::DtmfError;
use crate::machines::media::jitter::JitterConfig;
use crate::machines::media::stream::{AudioConfig, AudioEvent, AudioStream, Format};
use crate::machines::offer_answer::{AgreedAudio, Agreement, Answer, AudioCapability, CodecSpec, LocalAudio, Offer};
use crate::middleware::notification::{Originator, SessionNotification, SessionState};
use crate::middleware::settings::AudioSettings;
use crate::time::{Duration, Instant};
use crate::timers::{SessionTimer, Timer};
use crate::wire::sdp::Direction;

/// An audio stream and its two sockets.
#[derive(Debug)]
pub(super) struct AudioLeg {
    pub(super) stream: AudioStream,
    pub(super) ports: PortPair,
    /// What was agreed on last.
    pub(super) agreed: Option<AgreedAudio>,
    /// Negotiated, so that sound can flow.
    flowing: bool,
    /// The application was told of it.
    announced: bool,
}

impl AudioLeg {
    /// True once the application was told that there is sound, until it was told that there is none.
    pub(super) fn is_active(&self) -> bool {
        self.announced
    }
}

/// What the settings say our audio can do.
pub(super) fn capability(settings: &AudioSettings) -> AudioCapability {
    AudioCapability {
        codecs: settings.codecs.iter().map(|&codec| spec_of(codec)).collect(),
        telephone_event: true,
        ptime_ms: u8::try_from(settings.ptime.as_millis()).unwrap_or(20).clamp(10, 60),
    }
}

fn spec_of(codec: CodecKind) -> CodecSpec {
    CodecSpec {
        name: codec.name().into(),
        clock_rate: codec.clock_rate(),
        channels: codec.channels(),
        payload_type: codec.static_payload_type(),
        fmtp: None,
    }
}

fn codec_of(name: &str, clock_rate: u32, channels: u8) -> Option<CodecKind> {
    CodecKind::from_rtpmap(name, clock_rate, channels)
}

impl Session {
    /// The sockets are open: the stream can be made.
    pub(super) fn open_audio(&mut self, cx: &mut Cx<'_, Effect>, ports: PortPair) {
        let config = AudioConfig {
            ssrc: cx.rng.u32(),
            first_sequence: cx.rng.u32() as u16,
            first_timestamp: cx.rng.u32(),
            cname: cx.rng.token(16),
            jitter: JitterConfig::default(),
            no_rtcp: false,
            wall_clock: Some(self.wall),
        };
        let stream = AudioStream::new(config, cx.rng.fork("audio"), cx.now);
        self.audio = Some(Box::new(AudioLeg { stream, ports, agreed: None, flowing: false, announced: false }));
        self.begin_offer_answer(cx);
    }

    fn local_audio(&self, direction: Direction) -> Option<LocalAudio> {
        let rtp = SocketAddr::new(self.local_ip?, self.audio.as_ref()?.ports.port);
        Some(LocalAudio { rtp, rtcp_port: None, direction })
    }

    /// The direction we want, our hold and the peer's considered (`SPEC` 1.5, RFC 3264 8.4).
    fn wanted_direction(&self) -> Direction {
        Direction::from_flags(!self.on_hold_by_remote, !self.on_hold_by_local)
    }

    /// The offer of a new session.
    pub(super) fn first_offer(&mut self, cx: &mut Cx<'_, Effect>) -> Option<Bytes> {
        self.begin_offer_answer(cx);
        self.offer(cx)
    }

    /// An offer of what the session is to be.
    pub(super) fn offer(&mut self, cx: &mut Cx<'_, Effect>) -> Option<Bytes> {
        self.begin_offer_answer(cx);
        self.offer_direction(self.wanted_direction())
    }

    /// The offer in a 2xx to an INVITE without one: as for a new call, whatever hold the peer had us answer before
    /// (RFC 3261 14.2, RFC 6337 5.3). We would be stuck on hold otherwise.
    pub(super) fn fresh_offer(&mut self, cx: &mut Cx<'_, Effect>) -> Option<Bytes> {
        self.begin_offer_answer(cx);
        self.offer_direction(Direction::from_flags(true, !self.on_hold_by_local))
    }

    fn offer_direction(&mut self, direction: Direction) -> Option<Bytes> {
        let audio = self.local_audio(direction);
        let offer = self.offer_answer.as_mut()?.create_offer(&Offer { audio }).ok()?;
        Some(body::sdp_bytes(&offer))
    }

    /// The answer to the peer's offer, which is in force with it; `None` refuses the offer.
    pub(super) fn make_answer(&mut self, cx: &mut Cx<'_, Effect>) -> Option<Bytes> {
        // What the peer's own hold leaves of it, the answer works out.
        let audio = self.local_audio(Direction::from_flags(true, !self.on_hold_by_local));
        let offer_answer = self.offer_answer.as_mut()?;
        let made = match offer_answer.create_answer(&Answer { audio }) {
            Ok(made) => Ok(made),
            // The peer's offer has no audio left.
            Err(_) => offer_answer.create_answer(&Answer { audio: None }),
        };
        match made {
            Ok((answer, agreement)) => {
                self.apply(cx, &agreement);
                Some(body::sdp_bytes(&answer))
            }
            Err(_) => {
                offer_answer.reject_offer();
                None
            }
        }
    }

    /// Puts an agreement into force, and tells what it means for hold.
    pub(super) fn apply(&mut self, cx: &mut Cx<'_, Effect>, agreement: &Agreement) {
        let ptime = |agreed: &AgreedAudio| Duration::from_millis(u64::from(agreed.ptime_ms));
        if let Some(leg) = &mut self.audio {
            leg.flowing = agreement.audio.is_some();
            leg.agreed.clone_from(&agreement.audio);
            if let Some(agreed) = &agreement.audio
                && let Some(format) = format_of(agreed, ptime(agreed))
            {
                leg.stream.set_format(cx.now, format);
            }
        }
        if self.state == SessionState::Established {
            self.tell_negotiated(cx);
        } else {
            self.on_hold_by_remote =
                agreement.audio.as_ref().is_some_and(|audio| audio.held_by_remote && !self.on_hold_by_local);
        }
        self.drain_audio(cx);
    }

    /// Tells of what a negotiation changed: the peer's hold, and whether there is sound at all.
    pub(super) fn tell_negotiated(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(leg) = &mut self.audio else { return };
        let gone = leg.announced && !leg.flowing;
        // What is gone is not held: that stays as it was.
        let held = leg.agreed.as_ref().map_or(self.on_hold_by_remote, |audio| audio.held_by_remote);
        if gone {
            leg.announced = false;
            self.end_recording(cx, true);
            self.tell_streams(cx);
        }
        if held != self.on_hold_by_remote {
            self.on_hold_by_remote = held;
            let originator = Originator::Remote;
            notify(
                cx,
                match held {
                    true => SessionNotification::GotHoldRequest { originator },
                    false => SessionNotification::GotUnholdRequest { originator },
                },
            );
            self.hold_changed(cx);
        }
    }

    /// Hold pauses the recording, and the wait for the peer's first packet.
    pub(super) fn hold_changed(&mut self, cx: &mut Cx<'_, Effect>) {
        self.pause_recording(cx);
        if self.is_on_hold() {
            self.cancel_timer(cx, SessionTimer::NoAudio);
        } else {
            self.await_audio(cx);
        }
    }

    /// Tells the application that there is sound now.
    pub(super) fn announce_audio(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(leg) = &mut self.audio else { return };
        if leg.announced || !leg.flowing {
            return;
        }
        leg.announced = true;
        self.tell_streams(cx);
        self.await_audio(cx);
    }

    fn await_audio(&mut self, cx: &mut Cx<'_, Effect>) {
        let waits = self.audio.as_ref().is_some_and(|leg| leg.announced && !leg.stream.received_anything());
        if waits && !self.no_audio_told && !self.is_on_hold() {
            self.set_timer(cx, SessionTimer::NoAudio, self.settings.audio.no_audio_timeout);
        }
    }

    pub(super) fn on_no_audio(&mut self, cx: &mut Cx<'_, Effect>) {
        let silent = self.audio.as_ref().is_some_and(|leg| leg.announced && !leg.stream.received_anything());
        if silent && !self.is_on_hold() && !core::mem::replace(&mut self.no_audio_told, true) {
            notify(cx, SessionNotification::GotNoAudio);
        }
    }

    /// The session's media ends: recording, sound, sockets.
    pub(super) fn stop_media(&mut self, cx: &mut Cx<'_, Effect>) {
        self.end_hunt(cx);
        self.end_recording(cx, true);
        self.tell_closing(cx);
        let Some(leg) = &mut self.audio else { return };
        if leg.flowing {
            leg.stream.bye(cx.now);
            self.drain_audio(cx);
        }
        let Some(leg) = self.audio.take() else { return };
        for socket in [leg.ports.rtp, leg.ports.rtcp] {
            cx.out.put(Effect::Ask(Asked::Nothing, Request::CloseSocket { socket }));
        }
        cx.timers.cancel(Timer::Audio(self.id));
        self.cancel_timer(cx, SessionTimer::NoAudio);
        if leg.announced {
            self.tell_streams(cx);
        }
    }

    /// A packet came to one of the session's sockets.
    pub(crate) fn on_media(&mut self, cx: &mut Cx<'_, Effect>, socket: SocketId, from: SocketAddr, data: &[u8]) {
        let Some(leg) = self.audio.as_mut().filter(|leg| leg.flowing) else { return };
        // RFC 5761 4: RTCP may come to the RTP port of a peer that multiplexes.
        let rtcp = socket == leg.ports.rtcp || data.get(1).is_some_and(|t| (192..=223).contains(t));
        if rtcp {
            leg.stream.on_rtcp(cx.now, from, data);
        } else {
            leg.stream.on_rtp(cx.now, from, data);
        }
        self.drain_audio(cx);
    }

    /// The stream's own timer went off.
    pub(crate) fn on_audio_timer(&mut self, cx: &mut Cx<'_, Effect>) {
        if let Some(leg) = &mut self.audio {
            leg.stream.handle_timeout(cx.now);
        }
        self.drain_audio(cx);
    }

    /// Carries out what the stream wants, and tells what happened in it.
    fn drain_audio(&mut self, cx: &mut Cx<'_, Effect>) {
        let id = self.id;
        let Some(leg) = &mut self.audio else { return };
        while let Some(packet) = leg.stream.poll_transmit() {
            let socket = if packet.rtcp { leg.ports.rtcp } else { leg.ports.rtp };
            let by = Channel::Socket(socket);
            cx.out.put(Effect::Transmit(Transmit { by, to: packet.to, data: packet.data }));
        }
        while let Some(event) = leg.stream.poll_event() {
            match event {
                AudioEvent::Dtmf(digit) => cx.out.put(Effect::Notify(SessionNotification::GotDtmf { digit })),
                AudioEvent::SourceSeen(_) => cx.timers.cancel(Timer::Session(id, SessionTimer::NoAudio)),
                _ => {}
            }
        }
        match leg.stream.next_timeout() {
            // The sound is gone (port 0): no reports go to where nobody is.
            _ if !leg.flowing => cx.timers.cancel(Timer::Audio(id)),
            Instant::NEVER => cx.timers.cancel(Timer::Audio(id)),
            at => cx.timers.set(Timer::Audio(id), at),
        }
    }

    /// Sends a digit the way the peer understands.
    pub(super) fn dial(&mut self, cx: &mut Cx<'_, Effect>, digit: char) -> Result<(), Misuse> {
        let duration = self.settings.audio.dtmf_duration;
        let Some(leg) = &mut self.audio else { return Ok(()) };
        if leg.agreed.as_ref().is_none_or(|agreed| agreed.telephone_event_send.is_none()) {
            return self.send_dtmf_by_info(cx, digit);
        }
        leg.stream.send_dtmf(digit, duration).map_err(|error| match error {
            DtmfError::NotADigit(digit) => Misuse::BadDigit(digit),
            // The duration was checked with the settings, the negotiation above.
            DtmfError::QueueFull | DtmfError::Duration(_) | DtmfError::NotNegotiated => Misuse::TooMany("send_dtmf"),
        })?;
        self.drain_audio(cx);
        Ok(())
    }

    /// The stream, while sound may flow.
    pub(crate) fn audio_stream(&mut self) -> Option<&mut AudioStream> {
        self.audio.as_mut().filter(|leg| leg.flowing).map(|leg| &mut leg.stream)
    }

    /// Takes what the application says, to be sent.
    pub(crate) fn push_audio(&mut self, cx: &mut Cx<'_, Effect>, samples: &[i16]) {
        let Some(leg) = self.audio.as_mut().filter(|leg| leg.flowing) else { return };
        leg.stream.push(cx.now, samples);
        self.write_recording(cx);
        self.drain_audio(cx);
    }

    /// Fills `out` with what the peer says; with silence if there is nothing.
    pub(crate) fn pull_audio(&mut self, cx: &mut Cx<'_, Effect>, out: &mut [i16]) {
        let Some(leg) = self.audio.as_mut().filter(|leg| leg.flowing) else { return out.fill(0) };
        leg.stream.pull(cx.now, out);
        self.write_recording(cx);
        self.drain_audio(cx);
    }
}

fn format_of(agreed: &AgreedAudio, ptime: Duration) -> Option<Format> {
    let codec = codec_of(&agreed.codec.name, agreed.codec.clock_rate, agreed.codec.channels)?;
    // On `c=0.0.0.0` the peer has no address to send to.
    let nowhere = SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 9);
    Some(Format {
        codec,
        send_payload_type: agreed.codec.payload_type,
        receive: agreed
            .receive
            .iter()
            .filter_map(|(number, spec)| Some((*number, codec_of(&spec.name, spec.clock_rate, spec.channels)?)))
            .collect(),
        telephone_event: agreed.telephone_event_send,
        telephone_event_receive: agreed.telephone_event_receive,
        ptime,
        remote_rtp: agreed.remote_rtp.unwrap_or(nowhere),
        remote_rtcp: agreed.remote_rtcp,
        sending: agreed.direction.sends() && agreed.remote_rtp.is_some(),
        receiving: agreed.direction.receives(),
    })
}
