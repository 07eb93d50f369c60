//! The offer/answer model (RFC 3264, RFC 6337): which streams a session has, with which codecs, in which direction.
//!
//! One [`OfferAnswer`] belongs to one dialog. It makes descriptions and reads descriptions; it opens no socket, sends
//! nothing and knows nothing of SIP but the status that a refused offer is answered with. A fork of an INVITE that was
//! sent gets a clone of its own, so that each may answer the one offer.
//!
//! ```text
//!                      create_offer                     on_offer
//!   LocalOfferSent <------------------- Stable -----------------------> RemoteOfferReceived
//!        |                              ^    ^                                 |
//!        |   on_answer, cancel_offer    |    |   create_answer, reject_offer   |
//!        +------------------------------+    +---------------------------------+
//! ```
//!
//! An offer that is canceled, rejected or answered with nonsense leaves the last agreement in force (RFC 3264 4).
//!
//! `m=` lines keep their places for as long as the session lives: a stream that is refused or removed leaves a line
//! with port 0, which a later stream may take (RFC 3264 8). Lines of kinds that [`StreamKind`] does not name are
//! refused.

mod audio;
mod error;
mod format;
mod types;

#[cfg(test)]
mod tests;

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::IpAddr;

pub use error::{Incompatibility, OfferAnswerError, SignalingState};
pub use types::{
    AgreedAudio, AgreedCodec, Agreement, Answer, AudioCapability, CodecSpec, LocalAudio, Offer, OfferedAudio,
    RemoteOffer, StreamKind,
};

use self::audio::RemoteAudio;
use self::format::Format;
use crate::limits;
use crate::wire::sdp::{Connection, Direction, MediaDescription, MediaType, Origin, SessionDescription};

/// The negotiation of one session.
///
/// - To offer: [`create_offer`](OfferAnswer::create_offer), then [`on_answer`](OfferAnswer::on_answer) or
///   [`cancel_offer`](OfferAnswer::cancel_offer).
/// - To be offered: [`on_offer`](OfferAnswer::on_offer), then [`create_answer`](OfferAnswer::create_answer) or
///   [`reject_offer`](OfferAnswer::reject_offer).
/// - What holds: [`agreement`](OfferAnswer::agreement), [`local`](OfferAnswer::local),
///   [`remote`](OfferAnswer::remote).
///
/// Which message carries which description (INVITE and 2xx, or 2xx and ACK for a late offer) makes no difference here.
#[derive(Clone, Debug)]
pub struct OfferAnswer {
    session_id: u64,
    address: IpAddr,
    capability: AudioCapability,
    /// Our last description, agreed on or not: its version is what the next one is counted from.
    sent: Option<SessionDescription>,
    version: u64,
    /// What each payload type has stood for in this session. At most 128 entries.
    used: BTreeMap<u8, Format>,
    state: State,
    agreed: Option<Agreed>,
}

#[derive(Clone, Debug)]
enum State {
    Stable,
    LocalOfferSent(LocalOffer),
    RemoteOfferReceived(SessionDescription, Option<OfferedStream>),
}

/// An offer of ours that waits for its answer.
#[derive(Clone, Debug)]
struct LocalOffer {
    description: SessionDescription,
    audio: Option<LocalStream>,
}

/// Where the audio stream stands in our offer, and what it says.
#[derive(Clone, Debug)]
struct LocalStream {
    line: usize,
    direction: Direction,
    formats: Vec<Format>,
}

/// Where the audio stream stands in the peer's offer, and what it says.
#[derive(Clone, Debug)]
struct OfferedStream {
    line: usize,
    remote: RemoteAudio,
}

/// What is in force.
#[derive(Clone, Debug)]
struct Agreed {
    local: SessionDescription,
    remote: SessionDescription,
    agreement: Agreement,
    /// The line of the audio stream, and its direction as the peer said it.
    audio: Option<(usize, Direction)>,
}

impl OfferAnswer {
    /// A negotiation that has not begun.
    ///
    /// `session_id` and `address` make our `o=` line for as long as the session lives; the id should be random. Of the
    /// id 62 bits are used (RFC 3264 5). `address` is also what `c=` says where a stream's own address is not another.
    pub const fn new(session_id: u64, address: IpAddr, capability: AudioCapability) -> OfferAnswer {
        OfferAnswer {
            session_id: session_id & ((1 << 62) - 1),
            address,
            capability,
            sent: None,
            version: 0,
            used: BTreeMap::new(),
            state: State::Stable,
            agreed: None,
        }
    }

    /// Where the negotiation stands.
    pub const fn state(&self) -> SignalingState {
        match self.state {
            State::Stable => SignalingState::Stable,
            State::LocalOfferSent(_) => SignalingState::LocalOfferSent,
            State::RemoteOfferReceived(..) => SignalingState::RemoteOfferReceived,
        }
    }

    /// The streams in force; `None` before the first answer.
    pub fn agreement(&self) -> Option<&Agreement> {
        self.agreed.as_ref().map(|agreed| &agreed.agreement)
    }

    /// Our description of what is in force.
    pub fn local(&self) -> Option<&SessionDescription> {
        self.agreed.as_ref().map(|agreed| &agreed.local)
    }

    /// The peer's description of what is in force.
    pub fn remote(&self) -> Option<&SessionDescription> {
        self.agreed.as_ref().map(|agreed| &agreed.remote)
    }

    /// Makes an offer: the first one, or one that changes the session. Streams in force keep their lines and payload
    /// types; codecs in force stand first.
    ///
    /// # Errors
    /// `WrongState` unless stable; `NoStreams` if no stream would be left; `NoCodecs`, `NoPayloadType`, `NoMediaLine`.
    /// Nothing changes then.
    pub fn create_offer(&mut self, streams: &Offer) -> Result<SessionDescription, OfferAnswerError> {
        if !matches!(self.state, State::Stable) {
            return Err(self.wrong_state(SignalingState::Stable));
        }
        let had_none = self.agreement().is_some_and(|agreement| agreement.streams().next().is_none());
        if streams.audio.is_none() && !had_none {
            return Err(OfferAnswerError::NoStreams);
        }
        let mut description = self.description();
        if let Some(agreed) = &self.agreed {
            // Every line keeps its place; those that are not filled below are gone.
            description.media = agreed.local.media.iter().map(MediaDescription::refused).collect();
        }
        let audio = match &streams.audio {
            Some(local) => Some(self.offer_audio(local, &mut description.media)?),
            None => None,
        };
        self.remember(audio.iter().flat_map(|stream| &stream.formats).cloned().collect());
        let description = self.sign(description);
        self.state = State::LocalOfferSent(LocalOffer { description: description.clone(), audio });
        Ok(description)
    }

    /// Takes the answer to our offer.
    ///
    /// # Errors
    /// `WrongState` unless our offer is open. Every other error closes the offer, and the last agreement stays in
    /// force: `MediaLineCount`, `MediaTypeChanged`; `NoCommonMedia` if a stream was accepted in a way that cannot be
    /// used, or if the first answer leaves no stream.
    pub fn on_answer(&mut self, answer: &SessionDescription) -> Result<Agreement, OfferAnswerError> {
        let State::LocalOfferSent(offer) = &self.state else {
            return Err(self.wrong_state(SignalingState::LocalOfferSent));
        };
        let offer = offer.clone();
        self.state = State::Stable;
        let (audio, agreement) = self.read_answer(&offer, answer)?;
        if agreement.streams().next().is_none() && self.agreed.is_none() {
            return Err(OfferAnswerError::NoCommonMedia(Incompatibility::MediaType));
        }
        if let Some((_, remote)) = &audio {
            self.remember_remote(remote);
        }
        self.agreed = Some(Agreed {
            local: offer.description,
            remote: answer.clone(),
            agreement: agreement.clone(),
            audio: audio.map(|(line, remote)| (line, remote.direction)),
        });
        Ok(agreement)
    }

    /// Takes an offer of the peer and says what it would change.
    ///
    /// What the peer does with the version in its `o=` is not held against it; see [`RemoteOffer::unchanged`].
    ///
    /// # Errors
    /// `Glare` or `OfferPending` if an offer is open already; `FewerMediaLines`, `MediaTypeChanged`; `NoCommonMedia` if
    /// the offer has live streams and none can be used, or is the first and has none. Nothing changes then; the
    /// error says which status answers it.
    pub fn on_offer(&mut self, offer: &SessionDescription) -> Result<RemoteOffer, OfferAnswerError> {
        match self.state {
            State::Stable => {}
            State::LocalOfferSent(_) => return Err(OfferAnswerError::Glare),
            State::RemoteOfferReceived(..) => return Err(OfferAnswerError::OfferPending),
        }
        self.check_lines(offer)?;
        let audio = self.find_audio(offer)?;
        let in_force = self.agreed.as_ref().and_then(|agreed| agreed.audio);
        let offered: Vec<StreamKind> = audio.iter().map(|_| StreamKind::Audio).collect();
        let before: Vec<StreamKind> = in_force.iter().map(|_| StreamKind::Audio).collect();
        let without = |list: &[StreamKind], gone: &[StreamKind]| -> Vec<StreamKind> {
            list.iter().copied().filter(|kind| !gone.contains(kind)).collect()
        };
        let change = RemoteOffer {
            added: without(&offered, &before),
            removed: without(&before, &offered),
            audio: audio.as_ref().map(|stream| OfferedAudio {
                direction: stream.remote.direction,
                direction_changed: in_force.is_none_or(|(_, said)| said != stream.remote.direction),
            }),
            offered,
            unchanged: self.remote().is_some_and(|last| last.same_content(offer)),
        };
        self.state = State::RemoteOfferReceived(offer.clone(), audio);
        Ok(change)
    }

    /// Answers the peer's offer, which then is in force.
    ///
    /// # Errors
    /// `WrongState` unless an offer of the peer is open; `NotOffered`; `NoStreams` if streams were offered and none is
    /// accepted: [`reject_offer`](OfferAnswer::reject_offer) is meant. Nothing changes then.
    pub fn create_answer(&mut self, accept: &Answer) -> Result<(SessionDescription, Agreement), OfferAnswerError> {
        let State::RemoteOfferReceived(offer, stream) = &self.state else {
            return Err(self.wrong_state(SignalingState::RemoteOfferReceived));
        };
        if accept.audio.is_none() && stream.is_some() {
            return Err(OfferAnswerError::NoStreams);
        }
        let mut description = self.description();
        // RFC 3264 6: the answer's t= equals the offer's.
        description.times.clone_from(&offer.times);
        description.media = offer.media.iter().map(MediaDescription::refused).collect();
        let mut agreement = Agreement::default();
        let mut audio = None;
        let mut formats = Vec::new();
        if let Some(local) = &accept.audio {
            let not_offered = OfferAnswerError::NotOffered(StreamKind::Audio);
            let OfferedStream { line, remote } = stream.as_ref().ok_or(not_offered.clone())?;
            let place = description.media.get_mut(*line).ok_or(not_offered)?;
            let direction = local.direction.answer_to(remote.direction);
            formats = format::answer(&remote.formats, &self.capability);
            *place = audio::write(local, direction, &formats, &self.capability, self.address);
            agreement.audio = audio::agree(&formats, remote, direction, &self.capability);
            audio = Some((*line, remote.clone()));
        }
        let remote = offer.clone();
        self.remember(formats);
        if let Some((_, remote)) = &audio {
            self.remember_remote(remote);
        }
        let local = self.sign(description);
        self.agreed = Some(Agreed {
            local: local.clone(),
            remote,
            agreement: agreement.clone(),
            audio: audio.map(|(line, remote)| (line, remote.direction)),
        });
        self.state = State::Stable;
        Ok((local, agreement))
    }

    /// Takes our open offer back, after the peer refused it or the request was canceled: the last agreement stays in
    /// force. True if an offer of ours was open.
    pub fn cancel_offer(&mut self) -> bool {
        let open = matches!(self.state, State::LocalOfferSent(_));
        if open {
            self.state = State::Stable;
        }
        open
    }

    /// Drops the peer's open offer, which is refused: the last agreement stays in force. True if an offer of the peer
    /// was open.
    pub fn reject_offer(&mut self) -> bool {
        let open = matches!(self.state, State::RemoteOfferReceived(..));
        if open {
            self.state = State::Stable;
        }
        open
    }

    const fn wrong_state(&self, needs: SignalingState) -> OfferAnswerError {
        OfferAnswerError::WrongState { needs, found: self.state() }
    }

    /// A description of ours without streams; its version is set by [`sign`](OfferAnswer::sign).
    fn description(&self) -> SessionDescription {
        let mut description = SessionDescription::new(Origin::new(self.session_id, self.version, self.address));
        description.connection = Some(Connection::ip(self.address));
        description
    }

    /// Gives a description its version: one more than the last, unless it says the same (RFC 3264 8).
    fn sign(&mut self, mut description: SessionDescription) -> SessionDescription {
        if self.sent.as_ref().is_none_or(|last| !last.same_content(&description)) {
            self.version += 1;
        }
        description.origin.version = self.version.to_string();
        self.sent = Some(description.clone());
        description
    }

    /// Writes the audio stream of an offer into its line: its own, else a free one, else a new one.
    fn offer_audio(
        &self,
        local: &LocalAudio,
        lines: &mut Vec<MediaDescription>,
    ) -> Result<LocalStream, OfferAnswerError> {
        let formats = format::offer(&self.capability, &self.audio_in_force(), &self.used)?;
        let media = audio::write(local, local.direction, &formats, &self.capability, self.address);
        let own = self.agreed.as_ref().and_then(|agreed| agreed.audio).map(|(line, _)| line);
        // No stream is in force beside the audio stream: every other line is free. One that was audio is preferred;
        // RFC 3264 8.1 allows any.
        let free = || lines.iter().position(|line| line.media == MediaType::Audio);
        let line = own.or_else(free).unwrap_or(lines.len());
        let room = lines.len() < limits::SDP_MEDIA;
        match lines.get_mut(line) {
            Some(place) => *place = media,
            None if room => lines.push(media),
            None => return Err(OfferAnswerError::NoMediaLine),
        }
        Ok(LocalStream { line, direction: local.direction, formats })
    }

    /// The formats of our audio stream in force, under our numbers, what is used first.
    fn audio_in_force(&self) -> Vec<Format> {
        let Some(agreed) = &self.agreed else { return Vec::new() };
        let Some((audio, (line, _))) = agreed.agreement.audio.as_ref().zip(agreed.audio) else { return Vec::new() };
        let local = agreed.local.media.get(line).map(format::formats_of).unwrap_or_default();
        let used = audio.receive.iter().map(|(number, codec)| Format::codec(*number, codec));
        let is_used = |format: &Format| audio.receive.iter().any(|(number, _)| *number == format.payload_type);
        used.chain(local.iter().filter(|format| !is_used(format)).cloned()).collect()
    }

    /// Checks an answer against our offer (RFC 3264 6, 7); the line and the peer's side of the audio stream, if it was
    /// accepted.
    fn read_answer(
        &self,
        offer: &LocalOffer,
        answer: &SessionDescription,
    ) -> Result<(Option<(usize, RemoteAudio)>, Agreement), OfferAnswerError> {
        let lines = &offer.description.media;
        if lines.len() != answer.media.len() {
            let (offered, answered) = (lines.len(), answer.media.len());
            return Err(OfferAnswerError::MediaLineCount { offered, answered });
        }
        let changed = lines.iter().zip(&answer.media).position(|(ours, theirs)| ours.media != theirs.media);
        if let Some(line) = changed {
            return Err(OfferAnswerError::MediaTypeChanged { line: line + 1 });
        }
        let accepted = |line: usize| answer.media.get(line).filter(|media| media.port != 0);
        let Some((stream, media)) =
            offer.audio.as_ref().and_then(|stream| accepted(stream.line).map(|media| (stream, media)))
        else {
            return Ok((None, Agreement::default()));
        };
        let remote = audio::read(answer, media, &self.capability).map_err(OfferAnswerError::NoCommonMedia)?;
        let direction = stream.direction.answer_to(remote.direction);
        let agreed = audio::agree(&stream.formats, &remote, direction, &self.capability)
            .ok_or(OfferAnswerError::NoCommonMedia(Incompatibility::Codec))?;
        Ok((Some((stream.line, remote)), Agreement { audio: Some(agreed) }))
    }

    /// Lines are never fewer, and one in use keeps its media type (RFC 3264 8).
    fn check_lines(&self, offer: &SessionDescription) -> Result<(), OfferAnswerError> {
        let Some(agreed) = &self.agreed else { return Ok(()) };
        let (before, now) = (agreed.remote.media.len(), offer.media.len());
        if now < before {
            return Err(OfferAnswerError::FewerMediaLines { before, now });
        }
        match agreed.audio.and_then(|(line, _)| Some((line, offer.media.get(line)?))) {
            Some((line, media)) if media.media != MediaType::Audio => {
                Err(OfferAnswerError::MediaTypeChanged { line: line + 1 })
            }
            _ => Ok(()),
        }
    }

    /// The audio stream of an offer that can be accepted: that in force, else the first one that we can take part in.
    /// `None` if the offer removes every stream.
    fn find_audio(&self, offer: &SessionDescription) -> Result<Option<OfferedStream>, OfferAnswerError> {
        let own = self.agreed.as_ref().and_then(|agreed| agreed.audio).map(|(line, _)| line);
        let mut why_not = Incompatibility::MediaType;
        for line in own.into_iter().chain(0..offer.media.len()) {
            let Some(media) = offer.media.get(line) else { continue };
            match audio::read(offer, media, &self.capability) {
                Ok(remote) => return Ok(Some(OfferedStream { line, remote })),
                // The first audio stream's reason says more than that of a line of another kind.
                Err(reason) if why_not == Incompatibility::MediaType => why_not = reason,
                Err(_) => {}
            }
        }
        let is_live = offer.media.iter().any(|media| media.port != 0);
        if is_live || self.agreed.is_none() { Err(OfferAnswerError::NoCommonMedia(why_not)) } else { Ok(None) }
    }

    /// Remembers what our numbers stand for.
    fn remember(&mut self, formats: Vec<Format>) {
        self.used.extend(formats.into_iter().map(|format| (format.payload_type, format)));
    }

    /// Remembers what the peer's numbers stand for, where we have not said so ourselves.
    fn remember_remote(&mut self, remote: &RemoteAudio) {
        for format in &remote.formats {
            self.used.entry(format.payload_type).or_insert_with(|| format.clone());
        }
    }
}
