//! Settings: plain typed values with their defaults. Where they are kept is the application's affair.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::machines::media::codec::CodecKind;
use crate::machines::transaction::TimerValues;

/// What an agent is set to.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// What the `User-Agent` and `Server` header fields say.
    pub user_agent: String,
    /// The address to put into Via, Contact and SDP; `None` asks the machine, peer by peer.
    pub local_ip: Option<IpAddr>,
    /// SIP transports and timers.
    pub sip: SipSettings,
    /// Sessions.
    pub session: SessionSettings,
    /// Sound.
    pub audio: AudioSettings,
    /// RTP.
    pub rtp: RtpSettings,
    /// What is told for logs.
    pub logging: LoggingSettings,
    /// A call to a user no account is named after goes to the default account instead of being answered with 404. For
    /// answering machines and tests.
    pub answer_unknown_users: bool,
}

/// SIP transports and timers.
#[derive(Clone, PartialEq, Debug)]
pub struct SipSettings {
    /// The address to bind for UDP; port 0 takes any free port. `None`: no UDP.
    pub udp: Option<SocketAddr>,
    /// The address to listen on for TCP; port 0 takes any free port. `None`: no TCP listening (calls out still work).
    pub tcp: Option<SocketAddr>,
    /// Requests longer than this many octets go by TCP rather than UDP (RFC 3261 18.1.1).
    pub udp_limit: usize,
    /// T1, T2 and T4 (RFC 3261 table 4).
    pub timers: TimerValues,
}

/// How sessions behave.
#[derive(Clone, PartialEq, Debug)]
pub struct SessionSettings {
    /// How long a call may ring before it is given up with 408.
    pub invite_timeout: Duration,
}

/// How sound is sent, received and recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct AudioSettings {
    /// The codecs to offer, best first.
    pub codecs: Vec<CodecKind>,
    /// The packet time to ask for, 10 to 60 ms.
    pub ptime: Duration,
    /// How long after audio started [`GotNoAudio`](super::notification::SessionNotification::GotNoAudio) is due.
    pub no_audio_timeout: Duration,
    /// The directory under which recordings go, in a folder for each account.
    pub recordings_directory: String,
    /// Records the two sides as two channels instead of one mix: left what is sent, right what is received.
    pub record_stereo: bool,
    /// How long a DTMF digit sounds.
    pub dtmf_duration: Duration,
}

/// Where RTP goes.
#[derive(Clone, PartialEq, Debug)]
pub struct RtpSettings {
    /// The ports to choose from; RTP takes an even one, RTCP the odd one above.
    pub port_range: RangeInclusive<u16>,
}

/// What is told for logs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LoggingSettings {
    /// Tell of each SIP message, with credentials masked.
    pub trace_sip: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            user_agent: concat!("sansip/", env!("CARGO_PKG_VERSION")).into(),
            local_ip: None,
            sip: SipSettings {
                udp: Some(SocketAddr::from(([0, 0, 0, 0], 5060))),
                tcp: Some(SocketAddr::from(([0, 0, 0, 0], 5060))),
                udp_limit: 1_300,
                timers: TimerValues::default(),
            },
            session: SessionSettings { invite_timeout: Duration::from_secs(90) },
            audio: AudioSettings {
                codecs: vec![CodecKind::Pcmu, CodecKind::Pcma],
                ptime: Duration::from_millis(20),
                no_audio_timeout: Duration::from_secs(5),
                recordings_directory: "recordings".into(),
                record_stereo: false,
                dtmf_duration: Duration::from_millis(200),
            },
            rtp: RtpSettings { port_range: 50_000..=50_400 },
            logging: LoggingSettings::default(),
            answer_unknown_users: false,
        }
    }
}
