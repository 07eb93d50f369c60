//! Notifications and moments as text.

use std::fmt::Write;

use sansip_core::middleware::notification::{AgentNotification, Event, Notification, SessionNotification, StreamKind};
use sansip_core::time::WallTime;

/// A notification in one line: its original name, what it is about, its data.
pub(crate) fn notification(event: &Event) -> String {
    let mut line = match event {
        Event::Session(id, _) => format!("{} {id}", event.name()),
        _ => format!("{} agent", event.name()),
    };
    match event {
        Event::Agent(what) => agent(&mut line, what),
        Event::Session(_, what) => session(&mut line, what),
        _ => {}
    }
    line
}

/// Adds ` name=value`, the value in quotes where it has blanks.
fn add(line: &mut String, name: &str, value: impl std::fmt::Display) {
    let value = value.to_string();
    let quoted = value.is_empty() || value.contains(|c: char| c.is_whitespace() || c == '"' || c.is_control());
    // Writing to a String cannot fail.
    let _ = if quoted { write!(line, " {name}={value:?}") } else { write!(line, " {name}={value}") };
}

fn agent(line: &mut String, what: &AgentNotification) {
    match what {
        AgentNotification::DidStart { listening } => {
            for at in listening {
                add(line, "listening", format_args!("{}:{}", at.transport.uri_param(), at.address));
            }
        }
        AgentNotification::DidFail { reason } => add(line, "reason", reason),
        AgentNotification::GotMalformedMessage { from, reason, total } => {
            add(line, "from", from);
            add(line, "reason", reason);
            add(line, "total", total);
        }
        _ => {}
    }
}

fn session(line: &mut String, what: &SessionNotification) {
    use SessionNotification::*;
    match what {
        ChangedState { prev_state, state } => {
            add(line, "prev_state", prev_state.name());
            add(line, "state", state.name());
        }
        NewIncoming { streams } | NewOutgoing { streams } | GotStreamUpdate { streams } => {
            add(line, "streams", names(streams));
        }
        GotProvisionalResponse { code, reason } => {
            add(line, "code", code);
            add(line, "reason", reason);
        }
        DidFail { originator, code, reason } => {
            add(line, "originator", originator.name());
            add(line, "code", code);
            add(line, "reason", reason);
        }
        DidEnd { originator } | GotHoldRequest { originator } | GotUnholdRequest { originator } => {
            add(line, "originator", originator.name());
        }
        WillStartRecordingAudio { file_name }
        | DidStartRecordingAudio { file_name }
        | WillStopRecordingAudio { file_name } => add(line, "file_name", file_name),
        DidStopRecordingAudio { file_name, error } => {
            add(line, "file_name", file_name);
            if let Some(error) = error {
                add(line, "error", error);
            }
        }
        GotDtmf { digit } => add(line, "digit", digit),
        GotStreamProposal { proposer, streams } => {
            add(line, "proposer", proposer.name());
            add(line, "streams", names(streams));
        }
        AcceptedStreamProposal { proposer } => add(line, "proposer", proposer.name()),
        RejectedStreamProposal { proposer, code, reason } => {
            add(line, "proposer", proposer.name());
            add(line, "code", code);
            add(line, "reason", reason);
        }
        _ => {}
    }
}

fn names(streams: &[StreamKind]) -> String {
    let names: Vec<&str> = streams.iter().map(|stream| stream.name()).collect();
    if names.is_empty() { "none".into() } else { names.join(",") }
}

/// The time of day at this machine, to the millisecond.
pub(crate) fn time_of_day(at: WallTime) -> String {
    let offset = i64::from(sansip_host::clock::utc_offset_seconds()) * 1_000;
    let millis = (i64::try_from(at.as_unix_micros() / 1_000).unwrap_or(0) + offset).rem_euclid(86_400_000);
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// A SIP message that went over the wire, if that is what the notification tells.
pub(crate) fn trace(notification: &Notification) -> Option<String> {
    let Event::Trace(traced) = &notification.event else { return None };
    let way = match traced.direction {
        sansip_core::trace::Direction::Received => "received from",
        sansip_core::trace::Direction::Sent => "sent to",
    };
    let (time, transport) = (time_of_day(notification.timestamp), traced.transport.uri_param());
    let text: String = traced.text.lines().flat_map(|line| ["    ", line.trim_end_matches('\r'), "\n"]).collect();
    Some(format!("--- {time} {way} {transport} {}\n{text}", traced.peer))
}

#[cfg(test)]
mod tests {
    use sansip_core::ids::SessionId;
    use sansip_core::middleware::notification::Originator;

    use super::*;

    #[test]
    fn a_notification_is_one_line() {
        let failed =
            SessionNotification::DidFail { originator: Originator::Remote, code: 486, reason: "Busy\r\nHere".into() };
        let line = notification(&Event::Session(SessionId::from_number(7), failed));
        assert_eq!(line, "SIPSessionDidFail session-7 originator=remote code=486 reason=\"Busy\\r\\nHere\"");
        assert_eq!(notification(&Event::Agent(AgentNotification::WillStart)), "SIPEngineWillStart agent");
        let digit = SessionNotification::GotDtmf { digit: '#' };
        let line = notification(&Event::Session(SessionId::from_number(1), digit));
        assert_eq!(line, "SIPSessionGotDTMF session-1 digit=#");
    }
}
