//! The hub's door: every connection from when it is accepted to when it ends.
//!
//! A connection is a stranger's until somebody proves who they are on it. When there is no room, strangers make it: of the
//! address that has the most of them the oldest goes. So nobody is refused for the address that they share, as the tills
//! behind one router do, and nobody keeps others out by holding connections open.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::Sleep;

use crate::limit::household;

/// Who takes nothing of an answer for this long is gone. On a line of 0.3 Mbit/s the system's buffers empty in half of it.
pub(crate) const STALLED: Duration = Duration::from_secs(60);

/// Pause after a connection could not be accepted: mostly because too many files are open.
const PAUSE: Duration = Duration::from_millis(50);

/// The log is told of the same trouble no more often than this.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Connections above the room while those that were told to go still do.
const GOING_MAX: usize = 64;

/// They are waited for this long, two seconds in all: nobody else can be let in meanwhile either.
const GOING_PAUSE: Duration = Duration::from_millis(5);
const GOING_ROUNDS: u32 = 400;

/// Who comes in, and for whom there is room.
#[derive(Debug)]
pub(crate) struct Door {
    room: usize,
    stalled: Duration,
    going_rounds: u32,
    /// Their connections are everybody's, and theirs to limit.
    proxies: Vec<IpAddr>,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    open: usize,
    /// Numbers connections in the order in which they came.
    next: u64,
    /// Somebody waited in vain for those that were told to go, and nobody has come in since.
    is_stuck: bool,
    strangers: HashMap<IpAddr, BTreeMap<u64, oneshot::Sender<()>>>,
    told: Option<Instant>,
}

impl Door {
    /// Makes a door to so much room, from which who takes nothing for so long is sent away.
    pub(crate) fn new(room: usize, stalled: Duration, proxies: Vec<IpAddr>) -> Arc<Door> {
        Arc::new(Door { room, stalled, going_rounds: GOING_ROUNDS, proxies, inside: Mutex::default() })
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.contains(&address.to_canonical())
    }

    /// Says whether there is room for somebody, or somebody to make it, who is then told to go.
    fn makes_room(&self, peer: SocketAddr) -> bool {
        let mut inside = self.inside();
        if inside.open < self.room {
            return true;
        }
        let gave_way = inside.make_room();
        if inside.is_to_tell() {
            tracing::warn!(
                code = "HUB-LIM-006",
                connections = inside.open,
                address = %gave_way.unwrap_or(household(peer.ip())),
                "no room for connections: the address with most that nobody signed gives way"
            );
        }
        gave_way.is_some()
    }

    /// Lets a connection in, unless too many that were told to go have not; gives what is told when it has to go.
    fn enter(self: &Arc<Door>, peer: SocketAddr) -> Option<(Arc<Pass>, oneshot::Receiver<()>)> {
        let (told, go) = oneshot::channel();
        let household = household(peer.ip());
        let mut inside = self.inside();
        if inside.open >= self.room.saturating_add(GOING_MAX) {
            return None;
        }
        inside.open = inside.open.saturating_add(1);
        inside.next = inside.next.saturating_add(1);
        let number = inside.next;
        if !self.is_proxy(peer.ip()) {
            inside.strangers.entry(household).or_default().insert(number, told);
        }
        drop(inside);
        Some((Arc::new(Pass { door: self.clone(), household, number }), go))
    }

    /// The same, and waits for those that were told to go: a busy machine takes a while to close what nobody reads. Where
    /// that was in vain, those who come next are not kept waiting too.
    async fn enter_soon(self: &Arc<Door>, peer: SocketAddr) -> Option<(Arc<Pass>, oneshot::Receiver<()>)> {
        let rounds = if self.inside().is_stuck { 0 } else { self.going_rounds };
        for _ in 0..rounds {
            if let Some(entered) = self.enter(peer) {
                return Some(entered);
            }
            tokio::time::sleep(GOING_PAUSE).await;
        }
        let entered = self.enter(peer);
        self.inside().is_stuck = entered.is_none();
        entered
    }

    fn tell(&self, error: &io::Error) {
        let mut inside = self.inside();
        if inside.is_to_tell() {
            tracing::error!(code = "HUB-LIM-007", %error, connections = inside.open, "a connection could not be accepted");
        }
    }
}

impl Inside {
    /// Sends the oldest stranger of the address with the most of them away; gives the address.
    fn make_room(&mut self) -> Option<IpAddr> {
        let (address, theirs) = self.strangers.iter_mut().max_by_key(|(_, theirs)| theirs.len())?;
        let (address, oldest) = (*address, theirs.pop_first());
        if theirs.is_empty() {
            self.strangers.remove(&address);
        }
        let (_, oldest) = oldest?;
        // It may be gone by itself.
        let _ = oldest.send(());
        Some(address)
    }

    fn is_to_tell(&mut self) -> bool {
        let due = self.told.is_none_or(|told| told.elapsed() >= TOLD_EVERY);
        if due {
            self.told = Some(Instant::now());
        }
        due
    }
}

/// A connection's place inside; left when the last of it is dropped.
#[derive(Debug)]
struct Pass {
    door: Arc<Door>,
    household: IpAddr,
    number: u64,
}

impl Pass {
    fn leave_strangers(&self, inside: &mut Inside) -> Option<oneshot::Sender<()>> {
        let theirs = inside.strangers.get_mut(&self.household)?;
        let told = theirs.remove(&self.number);
        if theirs.is_empty() {
            inside.strangers.remove(&self.household);
        }
        told
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut inside = self.door.inside();
        inside.open = inside.open.saturating_sub(1);
        drop(self.leave_strangers(&mut inside));
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    peer: SocketAddr,
    pass: Option<Arc<Pass>>,
}

impl Caller {
    /// The address at the other end.
    pub(crate) fn address(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }

    /// Whether it is one of the hub's own proxies.
    pub(crate) fn is_proxy(&self) -> bool {
        self.is_one_of_ours(self.peer.ip())
    }

    /// Whether an address is one of the hub's own proxies.
    pub(crate) fn is_one_of_ours(&self, address: IpAddr) -> bool {
        self.pass.as_ref().is_some_and(|pass| pass.door.is_proxy(address))
    }

    /// Who comes from an address to a hub behind some proxies.
    #[cfg(test)]
    pub(crate) fn of(address: IpAddr, proxies: Vec<IpAddr>) -> Caller {
        let peer = SocketAddr::from((address, 1));
        let (pass, _) = Door::new(1, STALLED, proxies).enter(peer).unwrap();
        Caller { peer, pass: Some(pass) }
    }

    /// Somebody proved on this connection who they are: it stays, whoever else comes.
    pub(crate) fn proved(&self) {
        let Some(pass) = &self.pass else { return };
        let mut inside = pass.door.inside();
        drop(pass.leave_strangers(&mut inside));
    }
}

impl Address for Caller {
    type Stream = Visitor;
    type Listener = Entrance;
}

impl Connected<Caller> for Caller {
    fn connect_info(caller: Caller) -> Caller {
        caller
    }
}

/// The socket that listens, behind which the door is.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) listener: TcpListener,
    pub(crate) door: Arc<Door>,
}

impl AddrListener<Visitor, Caller> for Entrance {
    async fn bind_to(_: Caller) -> io::Result<Entrance> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept_stream(&self) -> io::Result<(Visitor, Caller)> {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Who finds no room is cut off, and comes again.
                    if !self.door.makes_room(peer) {
                        continue;
                    }
                    let Some((pass, go)) = self.door.enter_soon(peer).await else { continue };
                    let caller = Caller { peer, pass: Some(pass.clone()) };
                    return Ok((Visitor { stream, go, is_told: false, stalled: None, pass }, caller));
                }
                Err(error) => {
                    self.door.tell(&error);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn get_local_addr(&self) -> io::Result<Caller> {
        Ok(Caller { peer: self.listener.local_addr()?, pass: None })
    }
}

/// A connection that ends when it is told to, or when the other end takes nothing any more.
#[derive(Debug)]
pub(crate) struct Visitor {
    stream: TcpStream,
    go: oneshot::Receiver<()>,
    is_told: bool,
    /// Set while the other end takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
    pass: Arc<Pass>,
}

impl Visitor {
    fn is_to_go(&mut self, context: &mut Context<'_>) -> bool {
        // Who is no stranger any more is never told.
        if !self.go.is_terminated()
            && let Poll::Ready(told) = Pin::new(&mut self.go).poll(context)
        {
            self.is_told = told.is_ok();
        }
        self.is_told
    }

    fn write(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.is_to_go(context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let written = write(Pin::new(&mut self.stream), context);
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.pass.door.stalled;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Visitor {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_to_go(context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Visitor {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn entrance(room: usize) -> (Entrance, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Entrance { listener, door: Door::new(room, Duration::from_millis(20), Vec::new()) }, address)
    }

    #[tokio::test]
    async fn where_there_is_no_room_the_oldest_stranger_goes_and_who_proved_themselves_stays() {
        let (entrance, address) = entrance(2).await;
        let come = async || {
            let client = TcpStream::connect(address).await.unwrap();
            let (visitor, caller) = entrance.accept_stream().await.unwrap();
            (client, visitor, caller)
        };
        let (_first, mut known, till) = come().await;
        till.proved();
        let (_second, mut stranger, _a) = come().await;
        let (_third, mut newest, _b) = come().await;
        let gone = stranger.read_u8().await.unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::ConnectionAborted);
        drop((stranger, _a));
        known.write_all(b"ack").await.unwrap();
        newest.write_all(b"hello").await.unwrap();
        assert_eq!(entrance.door.inside.lock().unwrap().open, 2);
        drop((known, till, newest, _b));
        assert_eq!(entrance.door.inside.lock().unwrap().open, 0);
        assert!(entrance.door.inside.lock().unwrap().strangers.is_empty());
    }

    #[tokio::test]
    async fn who_comes_while_others_still_go_waits_for_them() {
        let (entrance, address) = entrance(1).await;
        let peer = SocketAddr::from(([127, 0, 0, 9], 1));
        let going: Vec<_> = (0..=GOING_MAX).map(|_| entrance.door.enter(peer).unwrap()).collect();
        assert!(entrance.door.enter(peer).is_none());
        let _client = TcpStream::connect(address).await.unwrap();
        let leave = async {
            tokio::task::yield_now().await;
            drop(going);
        };
        let (accepted, ()) = tokio::join!(entrance.accept_stream(), leave);
        assert!(accepted.is_ok());
    }

    #[tokio::test]
    async fn after_a_wait_in_vain_the_next_one_is_not_kept_waiting() {
        let (stalled, proxies, inside) = (STALLED, Vec::new(), Mutex::default());
        let door = Arc::new(Door { room: 1, stalled, going_rounds: 3, proxies, inside });
        let peer = SocketAddr::from(([127, 0, 0, 9], 1));
        let mut going: Vec<_> = (0..=GOING_MAX).map(|_| door.enter(peer).unwrap()).collect();
        assert!(door.enter_soon(peer).now_or_never().is_none(), "the first one waits");
        assert!(door.enter_soon(peer).await.is_none());
        assert!(door.enter_soon(peer).now_or_never().unwrap().is_none(), "it is turned away at once");
        going.pop();
        going.push(door.enter_soon(peer).now_or_never().unwrap().unwrap());
        assert!(
            door.enter_soon(peer).now_or_never().is_none(),
            "since one came in, it is worth a wait again"
        );
    }

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_is_cut_off() {
        let (entrance, address) = entrance(2).await;
        let _client = TcpStream::connect(address).await.unwrap();
        let (mut visitor, _caller) = entrance.accept_stream().await.unwrap();
        let endless = vec![0; 64 << 20];
        let cut = visitor.write_all(&endless).await.unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
    }
}
