//! What can be read off a session at any time (`SPEC` 1.2).

use alloc::string::{String, ToString};
use core::net::IpAddr;

use super::Session;
use crate::ids::{AccountId, SessionId};
use crate::machines::locate::Target;
use crate::machines::media::stream::{AudioLevels, AudioStatistics};
use crate::middleware::notification::SessionState;
use crate::time::Instant;

/// Who called whom.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// The peer called.
    Incoming,
    /// We called.
    Outgoing,
}

/// The attributes of a session. What does not apply is `None`.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionInfo {
    /// The session.
    pub id: SessionId,
    /// Its state.
    pub state: SessionState,
    /// The account it belongs to.
    pub account: AccountId,
    /// Who called.
    pub direction: Option<Direction>,
    /// When the call was answered (the 2xx).
    pub start_time: Option<Instant>,
    /// When it ended; only if it had started.
    pub stop_time: Option<Instant>,
    /// We hold the peer.
    pub on_hold_by_local: bool,
    /// The peer holds us.
    pub on_hold_by_remote: bool,
    /// What the peer says it is.
    pub remote_user_agent: Option<String>,
    /// Our own URI.
    pub local_uri: String,
    /// The peer's URI.
    pub remote_uri: Option<String>,
    /// The URI of whoever called.
    pub caller_uri: Option<String>,
    /// The URI that was called.
    pub callee_uri: Option<String>,
    /// Where the call was sent first.
    pub route: Option<Target>,
    /// There is sound.
    pub has_audio: bool,
    /// A view of the audio stream.
    pub audio_transport: Option<AudioTransport>,
    /// Samples a second.
    pub audio_sample_rate: Option<u32>,
    /// The codec's encoding name.
    pub audio_codec: Option<String>,
    /// The sound is encrypted.
    pub audio_srtp_active: bool,
    /// Where we receive RTP.
    pub audio_local_rtp_address: Option<IpAddr>,
    /// The port there.
    pub audio_local_rtp_port: Option<u16>,
    /// Where the peer says it receives RTP.
    pub audio_remote_rtp_address_sdp: Option<IpAddr>,
    /// The port there.
    pub audio_remote_rtp_port_sdp: Option<u16>,
    /// Where the peer's RTP comes from.
    pub audio_remote_rtp_address_received: Option<IpAddr>,
    /// The port there.
    pub audio_remote_rtp_port_received: Option<u16>,
    /// Sound is active and the peer's RTP has been seen.
    pub audio_was_received: bool,
    /// The file that is being recorded.
    pub audio_recording_file_name: Option<String>,
}

/// What can be seen of a session's audio stream.
#[derive(Clone, PartialEq, Debug)]
pub struct AudioTransport {
    /// The codec's encoding name; `None` before one was agreed on.
    pub codec: Option<String>,
    /// True while silence is sent instead of what is said.
    pub muted: bool,
    /// How loud both sides are.
    pub levels: AudioLevels,
    /// Packets, loss, jitter, round trip.
    pub statistics: AudioStatistics,
}

impl SessionInfo {
    /// One of the sides holds.
    pub fn on_hold(&self) -> bool {
        self.on_hold_by_local || self.on_hold_by_remote
    }
}

impl Session {
    pub(crate) fn info(&self, account: AccountId) -> SessionInfo {
        let leg = self.audio.as_ref().filter(|leg| leg.agreed.is_some());
        let agreed = leg.and_then(|leg| leg.agreed.as_ref());
        let sdp = agreed.and_then(|agreed| agreed.remote_rtp);
        let source = leg.and_then(|leg| leg.stream.remote_source());
        let local_uri = self.account.uri();
        let remote_uri = self.remote_uri.as_ref().map(ToString::to_string);
        let (caller_uri, callee_uri) = match self.direction {
            Some(Direction::Outgoing) => (Some(local_uri.clone()), self.callee_uri()),
            Some(Direction::Incoming) => (remote_uri.clone(), self.called_uri()),
            None => (None, None),
        };
        let has_audio = leg.is_some_and(|leg| leg.is_active());
        SessionInfo {
            id: self.id,
            state: self.state,
            account,
            direction: self.direction,
            start_time: self.start_time,
            stop_time: self.stop_time,
            on_hold_by_local: self.on_hold_by_local,
            on_hold_by_remote: self.on_hold_by_remote,
            remote_user_agent: self.remote_user_agent.as_ref().map(ToString::to_string),
            local_uri,
            remote_uri,
            caller_uri,
            callee_uri,
            route: self.route,
            has_audio,
            audio_transport: leg.map(|leg| AudioTransport {
                codec: agreed.map(|agreed| agreed.codec.name.clone()),
                muted: leg.stream.is_muted(),
                levels: leg.stream.levels(),
                statistics: leg.stream.statistics(),
            }),
            audio_sample_rate: leg.map(|leg| leg.stream.sample_rate()),
            audio_codec: agreed.map(|agreed| agreed.codec.name.clone()),
            audio_srtp_active: false,
            audio_local_rtp_address: leg.and(self.local_ip),
            audio_local_rtp_port: leg.map(|leg| leg.ports.port),
            audio_remote_rtp_address_sdp: sdp.map(|a| a.ip()),
            audio_remote_rtp_port_sdp: sdp.map(|a| a.port()),
            audio_remote_rtp_address_received: source.map(|a| a.ip()),
            audio_remote_rtp_port_received: source.map(|a| a.port()),
            audio_was_received: has_audio && leg.is_some_and(|leg| leg.stream.received_anything()),
            audio_recording_file_name: self.recording_file_name.clone(),
        }
    }
}
