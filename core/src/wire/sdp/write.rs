//! [`SessionDescription`] to text, in the order of RFC 8866 5.

use alloc::string::String;
use core::fmt::{self, Write as _};

use super::{Attributes, MediaDescription, OtherLine, SessionDescription, Timing};

/// Writes a whole description at the end of `out`.
pub(super) fn session(session: &SessionDescription, out: &mut String) {
    line(out, 'v', format_args!("0"));
    line(out, 'o', format_args!("{}", session.origin));
    // RFC 8866 5.3: never empty; "-" where there is no name.
    line(out, 's', format_args!("{}", if session.name.is_empty() { "-" } else { &session.name }));
    optional(out, 'i', session.information.as_deref());
    optional(out, 'u', session.uri.as_deref());
    session.emails.iter().for_each(|email| line(out, 'e', format_args!("{email}")));
    session.phones.iter().for_each(|phone| line(out, 'p', format_args!("{phone}")));
    session.connection.iter().for_each(|connection| line(out, 'c', format_args!("{connection}")));
    session.bandwidths.iter().for_each(|bandwidth| line(out, 'b', format_args!("{bandwidth}")));
    if session.times.is_empty() {
        timing(&Timing::unbounded(), out);
    }
    session.times.iter().for_each(|time| timing(time, out));
    optional(out, 'k', session.key.as_deref());
    attributes(&session.attributes, out);
    others(&session.other_lines, out);
    session.media.iter().for_each(|description| media(description, out));
}

fn media(media: &MediaDescription, out: &mut String) {
    let start = begin(out, 'm');
    push(out, format_args!("{} {}", media.media, media.port));
    if media.port_count > 1 {
        push(out, format_args!("/{}", media.port_count));
    }
    push(out, format_args!(" {}", media.protocol));
    media.formats.iter().for_each(|format| push(out, format_args!(" {format}")));
    end(out, start);
    optional(out, 'i', media.information.as_deref());
    media.connections.iter().for_each(|connection| line(out, 'c', format_args!("{connection}")));
    media.bandwidths.iter().for_each(|bandwidth| line(out, 'b', format_args!("{bandwidth}")));
    optional(out, 'k', media.key.as_deref());
    attributes(&media.attributes, out);
    others(&media.other_lines, out);
}

fn timing(time: &Timing, out: &mut String) {
    line(out, 't', format_args!("{} {}", time.start, time.stop));
    time.repeats.iter().for_each(|repeat| line(out, 'r', format_args!("{repeat}")));
    optional(out, 'z', time.zones.as_deref());
}

fn attributes(attributes: &Attributes, out: &mut String) {
    for attribute in attributes {
        match &attribute.value {
            Some(value) => line(out, 'a', format_args!("{}:{value}", attribute.name)),
            None => line(out, 'a', format_args!("{}", attribute.name)),
        }
    }
}

fn others(lines: &[OtherLine], out: &mut String) {
    lines.iter().for_each(|other| line(out, other.kind, format_args!("{}", other.value)));
}

fn optional(out: &mut String, kind: char, text: Option<&str>) {
    if let Some(text) = text {
        line(out, kind, format_args!("{text}"));
    }
}

fn line(out: &mut String, kind: char, value: fmt::Arguments<'_>) {
    let start = begin(out, kind);
    push(out, value);
    end(out, start);
}

fn begin(out: &mut String, kind: char) -> usize {
    let start = out.len();
    out.push(kind);
    out.push('=');
    start
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

/// Ends the line that began at `start`. No value may end it earlier: that would be a line of somebody else's making.
fn end(out: &mut String, start: usize) {
    let breaks = |letter: char| matches!(letter, '\r' | '\n' | '\0');
    if out.get(start..).is_some_and(|line| line.contains(breaks)) {
        let line: String =
            out.split_off(start).chars().map(|letter| if breaks(letter) { ' ' } else { letter }).collect();
        out.push_str(&line);
    }
    out.push_str("\r\n");
}
