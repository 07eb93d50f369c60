//! The messages of a stream (RFC 3261, 18.3) and its keep-alives (RFC 5626, 3.5.1).

use alloc::boxed::Box;

use bytes::{Buf, BytesMut};

use super::message::Head;
use super::scan::TOO_LARGE;
use super::{Broken, HeaderName, Message, ParseError, StatusCode};
use crate::limits;

/// What comes out of a stream.
// One frame exists at a time; a box would cost every message an allocation.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// A message that is none, but whose end is known: the stream goes on behind it.
    Broken(Broken),
    /// The second of two CRLF between messages: the peer's keep-alive, to be answered with one CRLF.
    Ping,
    /// A CRLF between messages: the answer to a keep-alive, or the first half of one. It shows that the peer lives.
    Pong,
}

/// The end of a message cannot be known, so nothing behind it can be read: the connection must be closed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct FrameError {
    /// What is wrong.
    pub error: ParseError,
    /// What could be read, so that a request can be answered before the connection is closed.
    pub message: Option<Box<Message>>,
}

#[derive(Debug)]
enum State {
    /// Before the first octet of a message; `half`: right after a first CRLF.
    Between { half: bool },
    /// In start line or header fields: where the unfinished line begins, and up to where it has been searched.
    Head { line: usize, searched: usize },
    /// In the body, of which so many octets are due.
    Body { head: Head, message: Box<Message>, length: usize },
    /// After a [`FrameError`].
    Dead,
}

/// Cuts a stream into messages and keep-alives. Whatever way the stream is split when it is pushed, the frames are the
/// same.
///
/// After each [`Framer::push`], take frames until there is none: what stays then is an unfinished message, at most
/// [`limits::SIP_HEAD`] and [`limits::SIP_BODY`] together.
#[derive(Debug)]
pub struct Framer {
    buffer: BytesMut,
    state: State,
}

impl Default for Framer {
    fn default() -> Framer {
        Framer::new()
    }
}

impl Framer {
    /// A framer at the beginning of a stream.
    pub fn new() -> Framer {
        Framer { buffer: BytesMut::new(), state: State::Between { half: false } }
    }

    /// Takes the next octets of the stream. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Dead) {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Whether a message has begun and not ended.
    pub fn partial(&self) -> bool {
        match self.state {
            State::Between { .. } => !self.buffer.is_empty(),
            State::Head { .. } | State::Body { .. } => true,
            State::Dead => false,
        }
    }

    /// The next frame; `None` if more octets are needed, and for good after an error.
    ///
    /// # Errors
    /// [`FrameError`]: the header section is larger than [`limits::SIP_HEAD`] and its kin allow; `Content-Length` is
    /// missing, wrong or there twice, or says more than [`limits::SIP_BODY`].
    #[allow(clippy::should_implement_trait)] // `None` is not the end: it means "push more".
    pub fn next(&mut self) -> Option<Result<Frame, FrameError>> {
        loop {
            match &mut self.state {
                State::Between { .. } => {
                    if let Some(frame) = self.between()? {
                        return Some(Ok(frame));
                    }
                }
                State::Head { .. } => {
                    if let Err(error) = self.head()? {
                        self.state = State::Dead;
                        self.buffer = BytesMut::new();
                        return Some(Err(error));
                    }
                }
                State::Body { length, .. } if self.buffer.len() < *length => return None,
                State::Body { .. } => return self.body().map(Ok),
                State::Dead => return None,
            }
        }
    }

    /// Takes what stands between messages. `Some(None)`: a message begins.
    fn between(&mut self) -> Option<Option<Frame>> {
        let State::Between { half } = &mut self.state else { return Some(None) };
        loop {
            match *self.buffer {
                [b'\r', b'\n', ..] => {
                    self.buffer.advance(2);
                    *half = !*half;
                    return Some(Some(if *half { Frame::Pong } else { Frame::Ping }));
                }
                [] | [b'\r'] => return None,
                // Half a line end means nothing here.
                [b'\r' | b'\n', ..] => self.buffer.advance(1),
                _ => {
                    self.state = State::Head { line: 0, searched: 0 };
                    return Some(None);
                }
            }
        }
    }

    /// Looks for the empty line; `None` while it is not there.
    fn head(&mut self) -> Option<Result<(), FrameError>> {
        let State::Head { line, searched } = &mut self.state else { return None };
        let end = loop {
            let Some(found) = memchr::memchr(b'\n', &self.buffer[*searched..]) else {
                *searched = self.buffer.len();
                if self.buffer.len() > limits::SIP_HEAD {
                    return Some(Err(FrameError { error: TOO_LARGE, message: None }));
                }
                return None;
            };
            let lf = *searched + found;
            let empty = lf == *line || lf == *line + 1 && self.buffer[*line] == b'\r';
            (*line, *searched) = (lf + 1, lf + 1);
            if empty {
                break lf + 1;
            }
        };
        let mut message = Box::new(Message::unread());
        let head = Head::read(&self.buffer.split_to(end).freeze(), &mut message);
        let length = match head.length.checked() {
            _ if head.error.is_some_and(|error| error.status() == StatusCode::MESSAGE_TOO_LARGE) => Err(TOO_LARGE),
            Ok(Some(length)) => Ok(length),
            Ok(None) => Err(ParseError::header(HeaderName::ContentLength, "missing in a stream")),
            Err(error) => Err(error),
        };
        Some(match length {
            Ok(length) => {
                self.state = State::Body { head, message, length };
                Ok(())
            }
            Err(error) => {
                let Broken { error, message } = head.broken(error, message);
                Err(FrameError { error, message })
            }
        })
    }

    fn body(&mut self) -> Option<Frame> {
        let state = core::mem::replace(&mut self.state, State::Between { half: false });
        let State::Body { head, mut message, length } = state else { return None };
        if length > 0 {
            message.put_body(self.buffer.split_to(length).freeze());
        }
        Some(match head.error {
            None => Frame::Message(*message),
            Some(error) => Frame::Broken(head.broken(error, message)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "Via: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\n";

    fn show(frame: Result<Frame, FrameError>) -> String {
        match frame {
            Ok(Frame::Message(message)) => format!("message {} {:?}", message.uri(), message.body()),
            Ok(Frame::Broken(broken)) => format!("broken {} {}", broken.error, broken.message.is_some()),
            Ok(Frame::Ping) => "ping".to_string(),
            Ok(Frame::Pong) => "pong".to_string(),
            Err(error) => format!("error {} {}", error.error, error.message.is_some()),
        }
    }

    fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut framer = Framer::new();
        let mut frames = Vec::new();
        for piece in pieces {
            framer.push(piece);
            while let Some(frame) = framer.next() {
                frames.push(show(frame));
            }
        }
        frames
    }

    fn stream() -> String {
        format!(
            "\r\n\r\nBYE sip:one SIP/2.0\r\n{HEAD}CSeq: 1 BYE\r\nContent-Length: 4\r\n\r\n\r\n\r\n\
             BYE sip:two SIP/2.0\n{}CSeq: 2\n BYE\nl: 0\n\n\
             BYE sip:three SIP/2.0\r\nno field\r\nl: 2\r\n\r\nab\r\n\
             BYE sip:four SIP/2.0\r\nX: \r\r\nl: 1\r\n\r\nz\r\n\r\n\r\n\
             BYE sip:five SIP/2.0\r\n{HEAD}\r\nlost",
            HEAD.replace('\r', "")
        )
    }

    #[test]
    fn a_stream_is_cut_into_its_frames() {
        assert_eq!(
            run([stream().as_bytes()]),
            [
                "pong",
                "ping",
                "message sip:one b\"\\r\\n\\r\\n\"",
                "message sip:two b\"\"",
                "broken header section: a line that is no header field true",
                "pong",
                "message sip:four b\"z\"",
                "pong",
                "ping",
                "pong",
                "error Content-Length: missing in a stream true",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_frames(cuts in prop::collection::vec(0usize..600, 0..40)) {
            let stream = stream();
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let pieces = cuts.iter().scan(0, |from, &to| Some(&bytes[core::mem::replace(from, to)..to]));
            prop_assert_eq!(run(pieces), run([bytes]));
        }
    }

    #[test]
    fn octet_by_octet() {
        let stream = stream();
        assert_eq!(run(stream.as_bytes().chunks(1)), run([stream.as_bytes()]));
    }

    #[test]
    fn what_never_ends_is_given_up() {
        let mut framer = Framer::new();
        framer.push(b"BYE sip:a SIP/2.0\r\nX: ");
        assert!(framer.next().is_none());
        assert!(framer.partial());
        for _ in 0..limits::SIP_HEAD / 1024 {
            framer.push(&[b'x'; 1024]);
        }
        let error = framer.next().unwrap().unwrap_err();
        assert_eq!(error.error.status(), StatusCode::MESSAGE_TOO_LARGE);
        framer.push(b"BYE");
        assert!(framer.next().is_none());
        assert!(!framer.partial());
    }

    #[test]
    fn a_body_too_large_is_answered_with_413() {
        let frames = run([format!("BYE sip:a SIP/2.0\r\n{HEAD}l: {}\r\n\r\n", limits::SIP_BODY + 1).as_bytes()]);
        assert_eq!(frames, ["error body: too large true"]);
    }
}
