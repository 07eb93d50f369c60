//! Two agents ready to call each other.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use super::host::{Host, HostId};
use super::world::World;
use crate::agent::{Route, SessionHandle};
use crate::error::Misuse;
use crate::ids::{AccountId, SessionId};
use crate::middleware::notification::{Event, SessionNotification, SessionState};
use crate::middleware::settings::Settings;
use crate::wire::sip::Transport;

/// One of the two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// `alice@10.0.0.1`.
    Alice,
    /// `bob@10.0.0.2`.
    Bob,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Side {
        match self {
            Side::Alice => Side::Bob,
            Side::Bob => Side::Alice,
        }
    }

    /// The host's address.
    pub fn ip(self) -> IpAddr {
        match self {
            Side::Alice => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
            Side::Bob => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
        }
    }

    /// The account's id.
    pub fn account_name(self) -> &'static str {
        match self {
            Side::Alice => "alice@10.0.0.1",
            Side::Bob => "bob@10.0.0.2",
        }
    }

    /// The URI to call.
    pub fn uri(self) -> &'static str {
        match self {
            Side::Alice => "sip:alice@10.0.0.1",
            Side::Bob => "sip:bob@10.0.0.2",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Side::Alice => "alice",
            Side::Bob => "bob",
        }
    }

    fn index(self) -> usize {
        match self {
            Side::Alice => 0,
            Side::Bob => 1,
        }
    }
}

/// How long a call may take to be set up or to end: more than 64*T1 (RFC 3261 17.1.1.2).
const PATIENCE: Duration = Duration::from_secs(40);
/// What [`Pair::settle`] waits for.
const SETTLE: Duration = Duration::from_secs(1);

/// Two agents on a network, with an account each, started.
#[derive(Debug)]
pub struct Pair {
    /// The world they are in.
    pub world: World,
    hosts: [HostId; 2],
    accounts: [AccountId; 2],
}

impl Pair {
    /// Two agents with default settings.
    pub fn new(seed: u64) -> Pair {
        Pair::with(seed, |_, _| {})
    }

    /// Two agents whose settings `change` has changed.
    ///
    /// # Panics
    /// If an agent refuses its settings or does not start.
    pub fn with(seed: u64, change: impl Fn(Side, &mut Settings)) -> Pair {
        let mut world = World::new(seed);
        let sides = [Side::Alice, Side::Bob];
        let hosts = sides.map(|side| {
            let mut settings = Settings::default();
            change(side, &mut settings);
            world.add_host(side.name(), side.ip(), settings).expect("the settings are good")
        });
        let accounts = sides.map(|side| world.add_account(hosts[side.index()], side.account_name()));
        for host in hosts {
            world.start(host);
        }
        Pair { world, hosts, accounts }
    }

    /// The host of a side.
    pub fn id(&self, side: Side) -> HostId {
        self.hosts[side.index()]
    }

    /// The account of a side.
    pub fn account(&self, side: Side) -> AccountId {
        self.accounts[side.index()]
    }

    /// The host of a side, to look at.
    pub fn host(&self, side: Side) -> &Host {
        self.world.host(self.id(side))
    }

    /// The host of a side, to change.
    pub fn host_mut(&mut self, side: Side) -> &mut Host {
        let host = self.id(side);
        self.world.host_mut(host)
    }

    /// Gives a session a command.
    ///
    /// # Errors
    /// What the agent has against it.
    pub fn session<R>(
        &mut self,
        side: Side,
        session: SessionId,
        command: impl FnOnce(SessionHandle<'_>) -> Result<R, Misuse>,
    ) -> Result<R, Misuse> {
        let host = self.id(side);
        self.world.command(host, |agent| command(agent.session(session)?))
    }

    /// The state of a session; `None` if the agent has forgotten it.
    pub fn state(&self, side: Side, session: SessionId) -> Option<SessionState> {
        self.host(side).agent().info(session).ok().map(|info| info.state)
    }

    /// `caller` calls the other side, straight over UDP. Nothing has arrived yet.
    ///
    /// # Panics
    /// If the agent refuses.
    pub fn dial(&mut self, caller: Side) -> SessionId {
        self.dial_over(caller, Transport::Udp)
    }

    /// `caller` calls the other side straight over a transport. Nothing has arrived yet.
    ///
    /// # Panics
    /// If the agent refuses.
    pub fn dial_over(&mut self, caller: Side, transport: Transport) -> SessionId {
        let callee = caller.other();
        let routes = [Route::new(callee.ip().to_string(), 5060, transport)];
        let (host, account) = (self.id(caller), self.account(caller));
        let dialled = self.world.command(host, |agent| {
            let session = agent.new_session(account)?;
            agent.session(session)?.connect(callee.uri(), &routes, true)?;
            Ok::<SessionId, Misuse>(session)
        });
        dialled.expect("the call is started")
    }

    /// Lets time pass until a call rings at the other side, and gives the session there.
    ///
    /// # Panics
    /// If it does not.
    pub fn ring(&mut self, caller: Side) -> SessionId {
        let callee = self.id(caller.other());
        let before = self.world.host(callee).incoming().len();
        let rings = self.world.run_until(|world| world.host(callee).incoming().len() > before, PATIENCE);
        rings.expect("the call arrives");
        self.host(caller.other()).incoming()[before]
    }

    /// Alice calls, Bob accepts, both are established. The sessions, Alice's first.
    ///
    /// # Panics
    /// If it does not come to that.
    pub fn call(&mut self) -> (SessionId, SessionId) {
        self.call_from(Side::Alice)
    }

    /// A call from `caller` which the other side accepts. The sessions, the caller's first.
    ///
    /// # Panics
    /// If it is not established.
    pub fn call_from(&mut self, caller: Side) -> (SessionId, SessionId) {
        let out = self.dial(caller);
        let inc = self.ring(caller);
        self.session(caller.other(), inc, |session| session.accept(true)).expect("accept() is allowed");
        self.run_until_states(caller, (out, inc), SessionState::Established);
        (out, inc)
    }

    /// Lets time pass until both ends of a call are in a state; the first is `side`'s.
    ///
    /// # Panics
    /// If they do not get there.
    pub fn run_until_states(&mut self, side: Side, sessions: (SessionId, SessionId), state: SessionState) {
        let (here, there) = (self.id(side), self.id(side.other()));
        let is = |world: &World, host: HostId, id: SessionId| {
            world.host(host).agent().info(id).is_ok_and(|info| info.state == state)
        };
        let both = self.world.run_until(|world| is(world, here, sessions.0) && is(world, there, sessions.1), PATIENCE);
        if let Err(timeout) = both {
            let (one, other) = (self.story(side, sessions.0), self.story(side.other(), sessions.1));
            panic!("both {}: {timeout}\n{one:#?}\n{other:#?}", state.name());
        }
    }

    /// Lets a second pass, in which all that is under way arrives.
    pub fn settle(&mut self) {
        self.world.run_for(SETTLE);
    }

    /// The notifications of all of a side's sessions so far.
    pub fn notifications(&self, side: Side) -> Vec<&SessionNotification> {
        let mut found = vec![];
        for notification in self.host(side).notifications() {
            if let Event::Session(_, what) = &notification.event {
                found.push(what);
            }
        }
        found
    }

    /// The notifications of one session so far, each [told](super::tell) in a line.
    pub fn story(&self, side: Side, session: SessionId) -> Vec<String> {
        self.host(side).story(session)
    }

    /// Forgets the notifications of both sides so far, so that what follows can be told alone.
    pub fn forget(&mut self) {
        for host in self.hosts {
            self.world.host_mut(host).forget_notifications();
        }
    }
}
