//! Notifications as short lines, so that a test can state the whole list that it expects.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::middleware::notification::{SessionNotification, StreamKind};

/// A notification in short: `ChangedState(NULL->CALLING)`, `DidFail(remote 486 Busy Here)`, `GotDTMF(5)`.
///
/// The name is the original's without `SIPSession`; what follows is its data.
pub fn tell(notification: &SessionNotification) -> String {
    use SessionNotification::*;
    let name = notification.name();
    let name = name.strip_prefix("SIPSession").unwrap_or(name);
    match notification {
        ChangedState { prev_state, state } => format!("{name}({}->{})", prev_state.name(), state.name()),
        NewIncoming { streams } | NewOutgoing { streams } | GotStreamUpdate { streams } => {
            format!("{name}({})", list(streams))
        }
        GotProvisionalResponse { code, reason } => format!("{name}({code} {reason})"),
        DidFail { originator, code, reason } => format!("{name}({} {code} {reason})", originator.name()),
        DidEnd { originator } | GotHoldRequest { originator } | GotUnholdRequest { originator } => {
            format!("{name}({})", originator.name())
        }
        WillStartRecordingAudio { file_name }
        | DidStartRecordingAudio { file_name }
        | WillStopRecordingAudio { file_name } => format!("{name}({file_name})"),
        DidStopRecordingAudio { file_name, error } => match error {
            None => format!("{name}({file_name})"),
            Some(_) => format!("{name}({file_name}, failed)"),
        },
        GotDtmf { digit } => format!("{name}({digit})"),
        GotStreamProposal { proposer, streams } => format!("{name}({} {})", proposer.name(), list(streams)),
        AcceptedStreamProposal { proposer } => format!("{name}({})", proposer.name()),
        RejectedStreamProposal { proposer, code, reason } => format!("{name}({} {code} {reason})", proposer.name()),
        GotRingIndication | WillStart | DidStart | WillEnd | GotNoAudio => name.to_string(),
    }
}

fn list(streams: &[StreamKind]) -> String {
    let names: Vec<&str> = streams.iter().map(|stream| stream.name()).collect();
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::middleware::notification::{Originator, SessionState};

    #[test]
    fn stories_are_short_and_complete() {
        let changed =
            SessionNotification::ChangedState { prev_state: SessionState::Null, state: SessionState::Calling };
        assert_eq!(tell(&changed), "ChangedState(NULL->CALLING)");
        assert_eq!(
            tell(&SessionNotification::NewOutgoing { streams: [StreamKind::Audio].into() }),
            "NewOutgoing(audio)"
        );
        assert_eq!(tell(&SessionNotification::GotStreamUpdate { streams: Vec::new() }), "GotStreamUpdate()");
        let failed =
            SessionNotification::DidFail { originator: Originator::Remote, code: 486, reason: "Busy Here".into() };
        assert_eq!(tell(&failed), "DidFail(remote 486 Busy Here)");
        assert_eq!(tell(&SessionNotification::GotDtmf { digit: '5' }), "GotDTMF(5)");
    }
}
