//! What comes in, to the layer it belongs to.

use super::{Input, UserAgent, Waiting, cx};
use crate::ids::RequestId;
use crate::io::Reply;
use crate::machines::Hop;
use crate::machines::dialog::id_of_request;
use crate::machines::transaction::Absorbed;
use crate::wire::sip::{Message, StatusCode};

impl UserAgent {
    pub(super) fn receive(&mut self, input: Input) {
        match input {
            Input::Time => {}
            Input::Datagram { socket, from, data } => match self.media.get(&socket) {
                Some(&id) => {
                    self.with_session(id, |session, cx| session.on_media(cx, socket, from, &data));
                }
                None => self.transports.on_datagram(cx!(self, transport), socket, from, data),
            },
            // RTP that meets nobody is no reason to end a call; the peer's silence is noticed elsewhere.
            Input::Unreachable { socket, to } if !self.media.contains_key(&socket) => {
                self.transports.on_unreachable(cx!(self, transport), socket, to);
            }
            Input::Unreachable { .. } => {}
            Input::Accepted { connection, remote, .. } => {
                self.transports.on_accepted(cx!(self, transport), connection, remote);
            }
            Input::Stream { connection, data } => {
                self.transports.on_stream(cx!(self, transport), connection, data);
            }
            Input::Closed { connection, error } => {
                self.transports.on_closed(cx!(self, transport), connection, error);
            }
            Input::Reply(id, reply) => self.on_reply(id, reply),
        }
    }

    fn on_reply(&mut self, id: RequestId, reply: Reply) {
        match self.asked.remove(&id) {
            Some(Waiting::Transport(asked)) => self.transports.on_reply(cx!(self, transport), asked, reply),
            Some(Waiting::Locate(asker)) => self.locator.on_reply(cx!(self, transport), asker, reply),
            Some(Waiting::Session(session, asked)) => {
                self.with_session(session, |session, cx| session.on_reply(cx, asked, reply));
            }
            None => {}
        }
    }

    /// A whole message came by a transport.
    pub(super) fn on_message(&mut self, message: Message, hop: Hop) {
        if !message.is_request() {
            // A response that matches no transaction is dropped (RFC 6026 8.10).
            self.transactions.on_response(cx!(self, transport), message);
            return;
        }
        if let Absorbed::TooMany(request) = self.transactions.on_request(cx!(self, transport), message, hop) {
            let busy = request.reply(StatusCode::SERVICE_UNAVAILABLE);
            self.transports.send(cx!(self, transport), hop, busy.to_bytes());
        }
    }

    /// The ACK to a 2xx.
    pub(super) fn on_ack(&mut self, ack: &Message) {
        let Some(&id) = id_of_request(ack).and_then(|dialog| self.dialogs.get(&dialog)) else { return };
        self.with_session(id, |session, cx| session.on_ack(cx, ack));
    }
}
