//! Every cap on what a peer can make grow. One name, one number, one reason.

use core::time::Duration;

/// Longest header section of a SIP message, start line included, in octets.
pub const SIP_HEAD: usize = 64 * 1024;
/// Longest single line of a SIP message before unfolding, in octets.
pub const SIP_LINE: usize = 16 * 1024;
/// Most header fields in a SIP message.
pub const SIP_HEADERS: usize = 256;
/// Longest body of a SIP message, in octets. More is answered with 413.
pub const SIP_BODY: usize = 256 * 1024;
/// Deepest nesting of multipart bodies.
pub const MULTIPART_DEPTH: usize = 4;
/// Most parts of a multipart body.
pub const MULTIPART_PARTS: usize = 32;

/// Longest session description, in octets.
pub const SDP_BYTES: usize = 64 * 1024;
/// Most media descriptions in a session description.
pub const SDP_MEDIA: usize = 32;
/// Most attributes at session level, and of one media description.
pub const SDP_ATTRIBUTES: usize = 256;
/// Most lines of any other kind (`e=`, `b=`, unknown ones, …) at session level, and of one media description.
pub const SDP_LINES: usize = 64;
/// Most formats of one media description: an RTP payload type has 7 bits.
pub const SDP_FORMATS: usize = 128;

/// Most server transactions; a request beyond is answered with 503 without one.
pub const SERVER_TRANSACTIONS: usize = 20_000;
/// Most stream connections.
pub const CONNECTIONS: usize = 4_096;
/// Most messages that wait for one connection to come up.
pub const CONNECTION_QUEUE: usize = 64;
/// How long a connection may take to come up.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long an unused connection is kept.
pub const CONNECTION_IDLE: Duration = Duration::from_secs(300);
/// How long a connection may leave a message unfinished.
pub const PARTIAL_MESSAGE_TIME: Duration = Duration::from_secs(32);

/// Most sessions; an INVITE beyond is answered with 503.
pub const SESSIONS: usize = 10_000;
/// Ended sessions whose attributes can still be read.
pub const ENDED_SESSIONS: usize = 256;
/// ACKs that wait for a host name to be looked up.
pub const WAITING_ACKS: usize = 64;
/// Most early dialogs (forks) of one INVITE; provisional responses of more are not followed.
pub const FORKS: usize = 16;
/// Most entries in a route set that are believed.
pub const ROUTE_SET: usize = 32;
/// Most operations (hold, unhold, …) that wait in a session's queue.
pub const SESSION_QUEUE: usize = 64;
/// Most challenges of one request that are answered before it is given up.
pub const AUTH_ATTEMPTS: usize = 4;
/// Most challenges read from one response.
pub const CHALLENGES: usize = 16;
/// Most realms whose challenge one authenticator remembers: each is answered in every request.
pub const AUTH_REALMS: usize = 8;
/// Most requests of one authenticator that are followed from challenge to answer; beyond, the oldest is forgotten.
pub const AUTH_REQUESTS: usize = 64;
/// How long an incoming call may wait for the application.
pub const INCOMING_TIME: Duration = Duration::from_secs(600);
/// Most routes of a call.
pub const ROUTES: usize = 32;
/// How many times a re-INVITE that met a 491 is tried again.
pub const GLARE_RETRIES: u32 = 3;

/// Longest RTP or RTCP packet that is read, in octets.
pub const RTP_PACKET: usize = 1_500;
/// Packets that a jitter buffer holds at most.
pub const JITTER_PACKETS: usize = 64;
/// Digits that wait to be sent in one session.
pub const DTMF_QUEUE: usize = 64;
/// Longest telephone-event that is believed; one that goes on is ended here.
pub const DTMF_LONGEST: Duration = Duration::from_secs(8);

/// Notifications of malformed messages per second; more are only counted.
pub const MALFORMED_NOTIFICATIONS_PER_SECOND: u32 = 10;

/// Packets of an audio stream that wait to be fetched; the oldest is dropped beyond.
pub const AUDIO_PACKETS: usize = 64;
/// Events of an audio stream that wait to be fetched; a peer that sends digits faster loses them.
pub const AUDIO_EVENTS: usize = 64;
/// RTP sources that are on probation at a time (RFC 3550 A.1).
pub const PROBATION_SOURCES: usize = 4;
/// Most octets of a recording that wait to be fetched: half a minute in two channels at 8 kHz.
pub const RECORDER_QUEUE: usize = 1024 * 1024;
