//! Attributes of ICE (RFC 8839 5).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{TypedAttribute, digits};

text_attribute!(
    /// `a=ice-ufrag` (RFC 8839 5.4): the user name fragment.
    IceUfrag, "ice-ufrag"
);
text_attribute!(
    /// `a=ice-pwd` (RFC 8839 5.4): the password.
    IcePwd, "ice-pwd"
);
list_attribute!(
    /// `a=ice-options` (RFC 8839 5.6): extensions, for example `trickle` and `ice2`.
    IceOptions, "ice-options"
);

/// Where a candidate's address comes from (RFC 8839 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CandidateKind {
    /// An address of the host.
    Host,
    /// What a STUN server saw.
    ServerReflexive,
    /// What the peer saw.
    PeerReflexive,
    /// An address on a TURN server.
    Relayed,
    /// Any other token.
    Other(String),
}

impl CandidateKind {
    fn from_name(name: &str) -> CandidateKind {
        match name {
            "host" => CandidateKind::Host,
            "srflx" => CandidateKind::ServerReflexive,
            "prflx" => CandidateKind::PeerReflexive,
            "relay" => CandidateKind::Relayed,
            other => CandidateKind::Other(other.into()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            CandidateKind::Host => "host",
            CandidateKind::ServerReflexive => "srflx",
            CandidateKind::PeerReflexive => "prflx",
            CandidateKind::Relayed => "relay",
            CandidateKind::Other(name) => name,
        }
    }
}

/// `a=candidate` (RFC 8839 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Candidate {
    /// Equal for candidates of the same kind, base and server.
    pub foundation: String,
    /// 1 for RTP, 2 for RTCP.
    pub component: u16,
    /// `UDP`, or `TCP` (RFC 6544).
    pub transport: String,
    /// The greater, the better.
    pub priority: u32,
    /// A literal address, or a name.
    pub address: String,
    /// The port.
    pub port: u16,
    /// Where the address comes from.
    pub kind: CandidateKind,
    /// `raddr`: the address behind it.
    pub related_address: Option<String>,
    /// `rport`: the port behind it.
    pub related_port: Option<u16>,
    /// Further pairs of name and value.
    pub extensions: Vec<(String, String)>,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Candidate { foundation, component, transport, priority, address, port, .. } = self;
        write!(f, "{foundation} {component} {transport} {priority} {address} {port} typ {}", self.kind.name())?;
        if let Some(address) = &self.related_address {
            write!(f, " raddr {address}")?;
        }
        if let Some(port) = self.related_port {
            write!(f, " rport {port}")?;
        }
        self.extensions.iter().try_for_each(|(name, value)| write!(f, " {name} {value}"))
    }
}

impl TypedAttribute for Candidate {
    const NAME: &'static str = "candidate";

    fn parse(value: &str) -> Option<Candidate> {
        let mut words = value.split_ascii_whitespace();
        let mut candidate = Candidate {
            foundation: words.next()?.into(),
            component: digits(words.next()?)?,
            transport: words.next()?.into(),
            priority: digits(words.next()?)?,
            address: words.next()?.into(),
            port: digits(words.next()?)?,
            kind: match (words.next()?, words.next()?) {
                ("typ", kind) => CandidateKind::from_name(kind),
                _ => return None,
            },
            related_address: None,
            related_port: None,
            extensions: Vec::new(),
        };
        while let Some(name) = words.next() {
            match (name, words.next()?) {
                ("raddr", address) => candidate.related_address = Some(address.into()),
                ("rport", port) => candidate.related_port = Some(digits(port)?),
                (name, value) => candidate.extensions.push((name.into(), value.into())),
            }
        }
        Some(candidate)
    }
}

/// One of the pairs of [`RemoteCandidates`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RemoteCandidate {
    /// 1 for RTP, 2 for RTCP.
    pub component: u16,
    /// A literal address, or a name.
    pub address: String,
    /// The port.
    pub port: u16,
}

/// `a=remote-candidates` (RFC 8839 5.2): the candidates of the other side that were chosen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RemoteCandidates(pub Vec<RemoteCandidate>);

impl fmt::Display for RemoteCandidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, RemoteCandidate { component, address, port }) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{component} {address} {port}")?;
        }
        Ok(())
    }
}

impl TypedAttribute for RemoteCandidates {
    const NAME: &'static str = "remote-candidates";

    fn parse(value: &str) -> Option<RemoteCandidates> {
        let mut words = value.split_ascii_whitespace();
        let mut candidates = Vec::new();
        while let Some(component) = words.next() {
            candidates.push(RemoteCandidate {
                component: digits(component)?,
                address: words.next()?.into(),
                port: digits(words.next()?)?,
            });
        }
        (!candidates.is_empty()).then_some(RemoteCandidates(candidates))
    }
}
