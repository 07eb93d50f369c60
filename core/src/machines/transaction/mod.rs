//! The transaction layer (RFC 3261 17, RFC 6026): four machines that absorb retransmissions, and make them.
//!
//! It knows nothing of dialogs or sessions: requests and responses go up once each, what is to be sent goes down.

mod client;
mod key;
mod server;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use self::client::{Client, ClientKey};
use self::key::{MergeKey, ServerKey};
use self::server::Server;
use super::{Cx, Hop};
use crate::ids::{CallerId, Counter, TransactionId};
use crate::io::Channel;
use crate::limits;
use crate::timers::{Timer, TransactionTimer};
use crate::wire::sip::{Message, Method, StatusCode};

/// The base values of RFC 3261 table 4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerValues {
    /// The round-trip estimate, 500 ms.
    pub t1: Duration,
    /// The longest retransmission interval of non-INVITE requests and INVITE responses, 4 s.
    pub t2: Duration,
    /// The longest a message stays in the network, 5 s.
    pub t4: Duration,
}

impl Default for TimerValues {
    fn default() -> TimerValues {
        TimerValues { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}

impl TimerValues {
    /// 64*T1: how long a transaction may take.
    pub fn timeout(&self) -> Duration {
        self.t1 * 64
    }
}

/// What the layer wants done or tells.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send these bytes.
    Send {
        /// Where to.
        hop: Hop,
        /// The message.
        bytes: Bytes,
    },
    /// A new request: it waits for [`Transactions::respond`].
    Request {
        /// Its transaction.
        id: TransactionId,
        /// The request.
        request: Message,
        /// Where responses go, which is where it came from.
        hop: Hop,
    },
    /// An ACK that belongs to a 2xx: it has no transaction of its own.
    Ack {
        /// The ACK.
        request: Message,
    },
    /// A response to a request of ours. A 2xx to an INVITE may come several times, by retransmission or forking.
    Response {
        /// Whose request it answers.
        user: CallerId,
        /// Its transaction.
        id: TransactionId,
        /// The response.
        response: Message,
    },
    /// No final response came in time (timers B and F).
    TimedOut {
        /// Whose request it was.
        user: CallerId,
        /// Its transaction.
        id: TransactionId,
    },
    /// The request could not be sent.
    TransportFailed {
        /// Whose request it was.
        user: CallerId,
        /// Its transaction.
        id: TransactionId,
    },
    /// No ACK came for our final response to an INVITE (timer H).
    ServerFailed {
        /// The transaction.
        id: TransactionId,
    },
    /// A transaction is over and forgotten.
    Ended {
        /// Which.
        id: TransactionId,
        /// Whose it was, if it was a client transaction.
        user: Option<CallerId>,
    },
}

/// Every transaction of an agent.
#[derive(Debug)]
pub struct Transactions {
    values: TimerValues,
    ids: Counter,
    // Boxed: a table whose keys only grow is half empty.
    clients: BTreeMap<TransactionId, Box<Client>>,
    client_keys: BTreeMap<ClientKey, TransactionId>,
    servers: BTreeMap<TransactionId, Box<Server>>,
    server_keys: BTreeMap<ServerKey, TransactionId>,
    merge_keys: BTreeMap<MergeKey, TransactionId>,
}

/// What became of a request that came in.
#[derive(Clone, Debug)]
pub enum Absorbed {
    /// It has been dealt with, or passed up.
    Yes,
    /// There are too many transactions: answer it with 503 statelessly, or drop it.
    TooMany(Message),
}

impl Transactions {
    /// An empty layer.
    pub fn new(values: TimerValues) -> Transactions {
        Transactions {
            values,
            ids: Counter::default(),
            clients: BTreeMap::new(),
            client_keys: BTreeMap::new(),
            servers: BTreeMap::new(),
            server_keys: BTreeMap::new(),
            merge_keys: BTreeMap::new(),
        }
    }

    /// The timers' base values.
    pub fn values(&self) -> TimerValues {
        self.values
    }

    /// How many client and server transactions there are.
    pub fn len(&self) -> (usize, usize) {
        (self.clients.len(), self.servers.len())
    }

    /// True if there is no transaction.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.servers.is_empty()
    }

    /// Starts a client transaction (17.1). The request has its Via with our branch. Returns `None`, and sends nothing, if
    /// its Via or CSeq cannot be read, or another transaction has the same branch.
    pub fn request(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        request: Message,
        hop: Hop,
        user: CallerId,
    ) -> Option<TransactionId> {
        let key = ClientKey::of_request(&request)?;
        if self.client_keys.contains_key(&key) {
            return None;
        }
        let id = TransactionId::from_number(self.ids.next_number());
        self.client_keys.insert(key.clone(), id);
        let mut client = Client::new(id, key, request, hop, user);
        client.start(cx, &self.values);
        self.clients.insert(id, Box::new(client));
        Some(id)
    }

    /// The request of a client transaction, as it was sent; `None` once it has its final response.
    pub fn client_request(&self, id: TransactionId) -> Option<(&Message, Hop)> {
        let client = self.clients.get(&id)?;
        Some((client.request()?, client.hop()))
    }

    /// Takes a response (17.1.3). False if it matches no transaction: it is stray and to be dropped.
    pub fn on_response(&mut self, cx: &mut Cx<'_, Effect>, response: Message) -> bool {
        let Some(&id) = ClientKey::of_response(&response).and_then(|key| self.client_keys.get(&key)) else {
            return false;
        };
        let Some(client) = self.clients.get_mut(&id) else { return false };
        let over = client.on_response(cx, &self.values, response);
        self.forget_client_if(cx, id, over);
        true
    }

    /// Takes a request (17.2.3).
    pub fn on_request(&mut self, cx: &mut Cx<'_, Effect>, request: Message, hop: Hop) -> Absorbed {
        let Some(key) = ServerKey::of(&request) else { return Absorbed::Yes };
        let is_ack = request.method() == Some(&Method::Ack);
        if let Some(&id) = self.server_keys.get(&key) {
            let Some(server) = self.servers.get_mut(&id) else { return Absorbed::Yes };
            if is_ack {
                let over = server.on_ack(cx, &self.values, request);
                self.forget_server_if(cx, id, over);
            } else {
                server.on_retransmission(cx);
            }
            return Absorbed::Yes;
        }
        if is_ack {
            cx.out.put(Effect::Ack { request });
            return Absorbed::Yes;
        }
        if self.servers.len() >= limits::SERVER_TRANSACTIONS {
            return Absorbed::TooMany(request);
        }
        let id = TransactionId::from_number(self.ids.next_number());
        let merge = MergeKey::of(&request);
        let server = Server::new(id, key.clone(), merge.clone(), &request, hop);
        server.start(cx);
        self.server_keys.insert(key, id);
        if let Some(merge) = merge {
            self.merge_keys.entry(merge).or_insert(id);
        }
        self.servers.insert(id, Box::new(server));
        cx.out.put(Effect::Request { id, request, hop });
        Absorbed::Yes
    }

    /// Sends a response by a server transaction (17.2). Nothing happens if the transaction is over or has had its final
    /// response; only a 2xx may be repeated (RFC 6026 7.1).
    pub fn respond(&mut self, cx: &mut Cx<'_, Effect>, id: TransactionId, response: &Message) {
        let Some(server) = self.servers.get_mut(&id) else { return };
        let over = server.respond(cx, &self.values, response);
        self.forget_server_if(cx, id, over);
    }

    /// The transaction that a CANCEL is about (9.2), if there is one.
    pub fn cancelled_by(&self, cancel: &Message) -> Option<TransactionId> {
        self.server_keys.get(&ServerKey::of_cancelled(cancel)?).copied()
    }

    /// The To tag of the responses that a server transaction of an INVITE has sent, if one had a tag.
    pub fn to_tag(&self, id: TransactionId) -> Option<&ByteString> {
        self.servers.get(&id)?.to_tag()
    }

    /// True while one of our refusals of an INVITE waits for its ACK.
    pub fn awaits_ack(&self) -> bool {
        self.servers.values().any(|server| server.awaits_ack())
    }

    /// True if `request`, which began the transaction `id`, came here before by another path (8.2.2.2): 482 is due.
    pub fn is_merged(&self, id: TransactionId, request: &Message) -> bool {
        MergeKey::of(request).and_then(|key| self.merge_keys.get(&key)).is_some_and(|&first| first != id)
    }

    /// A timer went off.
    pub fn on_timer(&mut self, cx: &mut Cx<'_, Effect>, id: TransactionId, timer: TransactionTimer) {
        if let Some(client) = self.clients.get_mut(&id) {
            let over = client.on_timer(cx, &self.values, timer);
            self.forget_client_if(cx, id, over);
        } else if let Some(server) = self.servers.get_mut(&id) {
            let over = server.on_timer(cx, &self.values, timer);
            self.forget_server_if(cx, id, over);
        }
    }

    /// What was sent by `channel` to `remote` (`None`: to anybody) could not be delivered (17.1.4, 17.2.4).
    pub fn on_transport_error(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        channel: Channel,
        remote: Option<core::net::SocketAddr>,
    ) {
        let hit = |hop: Hop| hop.channel == channel && remote.is_none_or(|remote| remote == hop.remote);
        let clients: alloc::vec::Vec<_> =
            self.clients.values().filter(|c| hit(c.hop()) && c.awaits()).map(|c| c.id()).collect();
        for id in clients {
            if let Some(client) = self.clients.get(&id) {
                cx.out.put(Effect::TransportFailed { user: client.user(), id });
            }
            self.forget_client_if(cx, id, true);
        }
    }

    /// Ends a client transaction without a word; responses to it are stray from now on.
    pub fn abandon(&mut self, cx: &mut Cx<'_, Effect>, id: TransactionId) {
        self.forget_client_if(cx, id, true);
    }

    fn forget_client_if(&mut self, cx: &mut Cx<'_, Effect>, id: TransactionId, over: bool) {
        if !over {
            return;
        }
        if let Some(client) = self.clients.remove(&id) {
            self.client_keys.remove(client.key());
            cancel_timers(cx, id);
            cx.out.put(Effect::Ended { id, user: Some(client.user()) });
        }
    }

    fn forget_server_if(&mut self, cx: &mut Cx<'_, Effect>, id: TransactionId, over: bool) {
        if !over {
            return;
        }
        if let Some(server) = self.servers.remove(&id) {
            self.server_keys.remove(server.key());
            if let Some(merge) = server.merge_key()
                && self.merge_keys.get(merge) == Some(&id)
            {
                self.merge_keys.remove(merge);
            }
            cancel_timers(cx, id);
            cx.out.put(Effect::Ended { id, user: None });
        }
    }
}

fn cancel_timers(cx: &mut Cx<'_, Effect>, id: TransactionId) {
    cx.timers
        .cancel_range(Timer::Transaction(id, TransactionTimer::A), Timer::Transaction(id, TransactionTimer::Trying));
}

fn set_timer(cx: &mut Cx<'_, Effect>, id: TransactionId, timer: TransactionTimer, after: Duration) {
    let at = cx.now + after;
    cx.timers.set(Timer::Transaction(id, timer), at);
}

/// The interval after `interval`, doubled up to `cap`.
fn doubled(interval: Duration, cap: Duration) -> Duration {
    (interval * 2).min(cap)
}

/// True for the response code that ends an INVITE well.
fn is_success(status: Option<StatusCode>) -> bool {
    status.is_some_and(StatusCode::is_success)
}
