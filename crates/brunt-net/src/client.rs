//! A virtual user's HTTP client: finds or opens a connection for each request and keeps it after.

use std::cell::{Cell, RefCell};
use std::future::{Future as _, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::coding::decode;
use crate::config::NetConfig;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::dial::Dialer;
use crate::error::NetError;
use crate::exchange::{Exchange, TlsInfo};
use crate::http1::{self, Failure};
use crate::http2::{self, Http2};
use crate::marks::Marks;
use crate::pool::{Pool, same};
use crate::rate::RateLimit;
use crate::request::Request;
use crate::response::Response;
use crate::socket::Counters;
use crate::stamp;

/// One virtual user's connections. Requests may run at the same time, all on one thread.
#[derive(Debug)]
pub struct Client {
    config: Arc<NetConfig>,
    pool: RefCell<Pool>,
    http2: RefCell<Vec<Rc<Http2>>>,
    counters: Rc<Counters>,
    /// The address that connections come from.
    local: Option<IpAddr>,
    /// Counts calls of [`Client::close_idle`], so that connections in use then are not kept.
    generation: Cell<u64>,
}

/// Which connection an exchange ran on.
#[derive(Debug, Clone, Copy, Default)]
struct Path {
    remote: Option<SocketAddr>,
    tls: Option<TlsInfo>,
    reused: bool,
}

impl Client {
    /// A client without connections.
    pub fn new(config: Arc<NetConfig>) -> Self {
        Self::bound_to(config, None)
    }

    /// A client whose connections come from this address of the machine (k6's `localIPs`).
    pub fn bound_to(config: Arc<NetConfig>, local: Option<IpAddr>) -> Self {
        stamp::warm_up();
        Self {
            config,
            local,
            pool: RefCell::default(),
            http2: RefCell::default(),
            counters: Rc::default(),
            generation: Cell::new(0),
        }
    }

    /// Sends a request and reads the response. Never fails as such: see [`Exchange::outcome`].
    ///
    /// A connection that was kept and turns out to be dead is replaced once, if nothing was sent or
    /// the method has no effects. Dropping the future closes the connection.
    ///
    /// With a limit on the rate it waits for its turn first; that is in no timing, and moves the
    /// deadline by as much.
    pub async fn send(&self, request: &Request<'_>) -> Box<Exchange> {
        if let Some(rate) = &self.config.rate {
            return Box::pin(self.send_in_turn(rate, request)).await;
        }
        self.send_now(request).await
    }

    /// Waits for a slot, then sends. Nobody else polls at the deadline that then holds.
    async fn send_in_turn(&self, rate: &RateLimit, request: &Request<'_>) -> Box<Exchange> {
        let waited = rate.wait().await;
        let request = Request {
            deadline: request.deadline.map(|it| it.saturating_add(waited)),
            ..*request
        };
        let mut exchange = pin!(self.send_now(&request));
        let Some(deadline) = request.deadline else {
            return exchange.await;
        };
        let left = u64::try_from(deadline - clock::now()).unwrap_or_default();
        let mut timer = pin!(tokio::time::sleep(Duration::from_nanos(left)));
        let mut fired = false;
        poll_fn(|cx| {
            // Polled first, so that the exchange sees a deadline that has passed.
            if !fired {
                fired = timer.as_mut().poll(cx).is_ready();
            }
            exchange.as_mut().poll(cx)
        })
        .await
    }

    async fn send_now(&self, request: &Request<'_>) -> Box<Exchange> {
        let mut exchange = self.exchange(request).await;
        if let Ok(response) = &mut exchange.outcome
            && response.encoded
            && !response.body.is_empty()
        {
            // All times are taken by now.
            let decoded = Box::pin(decode(response, self.config.max_decoded_bytes)).await;
            if let Err(error) = decoded {
                exchange.outcome = Err(error);
            }
        }
        exchange
    }

    async fn exchange(&self, request: &Request<'_>) -> Box<Exchange> {
        let mut marks = Marks::begin();
        let generation = self.generation.get();
        if !self.config.no_connection_reuse {
            if let Some(shared) = self.shared(request) {
                let mut path = Path {
                    remote: Some(shared.remote),
                    tls: shared.tls,
                    reused: true,
                };
                marks.connected = Some(marks.start);
                // The slow paths are boxed, so that the future of the fast one stays small.
                let result = Box::pin(http2::run(&shared, request, &self.config, &mut marks)).await;
                return match result {
                    Err(failure) if may_retry(&failure, request) => {
                        path = Path::default();
                        Box::pin(self.send_fresh(request, marks, path, generation)).await
                    }
                    result => conclude(&marks, path, result.map_err(|failure| failure.error)),
                };
            }
            let kept = self.pool.borrow_mut().take(request.url.shared_origin());
            if let Some(mut connection) = kept {
                let path = Path {
                    remote: Some(connection.remote),
                    tls: connection.tls,
                    reused: true,
                };
                marks.connected = Some(marks.start);
                match http1::run(&mut connection, request, &self.config, &mut marks).await {
                    Ok((response, reusable)) => {
                        self.keep(connection, reusable, generation);
                        return conclude(&marks, path, Ok(response));
                    }
                    Err(failure) if may_retry(&failure, request) => {}
                    Err(failure) => return conclude(&marks, path, Err(failure.error)),
                }
            }
        }
        Box::pin(self.send_fresh(request, marks, Path::default(), generation)).await
    }

    /// Closes the connections that no request uses; those in use are closed when they are free.
    pub fn close_idle(&self) {
        self.generation.set(self.generation.get().wrapping_add(1));
        // Dropped after the borrow, because closing runs code of ours.
        let pool = std::mem::take(&mut *self.pool.borrow_mut());
        let http2 = std::mem::take(&mut *self.http2.borrow_mut());
        drop((pool, http2));
    }

    /// Bytes written to sockets so far, TLS and headers included.
    pub fn bytes_sent(&self) -> u64 {
        self.counters.sent.get()
    }

    /// Bytes read from sockets so far, TLS and headers included.
    pub fn bytes_received(&self) -> u64 {
        self.counters.received.get()
    }

    /// Runs a request on a connection of its own making.
    async fn send_fresh(
        &self,
        request: &Request<'_>,
        mut marks: Marks,
        mut path: Path,
        generation: u64,
    ) -> Box<Exchange> {
        marks.retry();
        let origin = request.url.shared_origin();
        let deadline = Deadline(request.deadline);
        let dialer = Dialer {
            config: &self.config,
            counters: &self.counters,
            local: self.local,
        };
        let dialed = dialer
            .dial(origin, deadline, &mut marks, &mut path.remote)
            .await;
        let mut connection = match dialed {
            Ok(connection) => Box::new(connection),
            Err(error) => return conclude(&marks, path, Err(error)),
        };
        path.tls = connection.tls;
        marks.connected = Some(clock::now());
        if connection.speaks_http2() {
            return self
                .send_fresh_http2(*connection, request, marks, path, generation)
                .await;
        }
        match http1::run(&mut connection, request, &self.config, &mut marks).await {
            Ok((response, reusable)) => {
                self.keep(connection, reusable, generation);
                conclude(&marks, path, Ok(response))
            }
            Err(failure) => conclude(&marks, path, Err(failure.error)),
        }
    }

    async fn send_fresh_http2(
        &self,
        connection: Connection,
        request: &Request<'_>,
        mut marks: Marks,
        path: Path,
        generation: u64,
    ) -> Box<Exchange> {
        let started = Http2::start(connection, &self.config, Deadline(request.deadline)).await;
        let own = match started {
            Ok(own) => Rc::new(own),
            Err(error) => return conclude(&marks, path, Err(error)),
        };
        // Requests side by side have each dialled: as in Go the first connection to be there serves
        // them all, and the others are not used.
        let keep = !self.config.no_connection_reuse && generation == self.generation.get();
        if keep {
            if let Some(first) = self.shared(request) {
                let path = Path {
                    remote: Some(first.remote),
                    tls: first.tls,
                    reused: false,
                };
                let result = http2::run(&first, request, &self.config, &mut marks).await;
                match result {
                    Err(failure) if may_retry(&failure, request) => {
                        marks.retry();
                        marks.connected = Some(clock::now());
                    }
                    result => {
                        return conclude(&marks, path, result.map_err(|failure| failure.error));
                    }
                }
            }
            self.http2.borrow_mut().push(Rc::clone(&own));
        }
        let result = http2::run(&own, request, &self.config, &mut marks).await;
        conclude(&marks, path, result.map_err(|failure| failure.error))
    }

    /// An HTTP/2 connection to the request's origin that can still be used.
    fn shared(&self, request: &Request<'_>) -> Option<Rc<Http2>> {
        if self.http2.borrow().is_empty() {
            return None;
        }
        let origin = request.url.shared_origin();
        let mut all = self.http2.borrow_mut();
        all.retain(|shared| !same(&shared.origin, origin) || shared.is_usable());
        all.iter()
            .find(|shared| same(&shared.origin, origin))
            .map(Rc::clone)
    }

    fn keep(&self, connection: Box<Connection>, reusable: bool, generation: u64) {
        let config = &self.config;
        if reusable && !config.no_connection_reuse && generation == self.generation.get() {
            let mut pool = self.pool.borrow_mut();
            pool.put(connection, config.max_idle, config.max_idle_per_host);
        }
    }
}

fn may_retry(failure: &Failure, request: &Request<'_>) -> bool {
    failure.unsent || (failure.stale && request.replayable())
}

fn conclude(marks: &Marks, path: Path, outcome: Result<Response, NetError>) -> Box<Exchange> {
    let end = if outcome.is_ok() {
        marks.end()
    } else {
        clock::now()
    };
    Box::new(Exchange {
        timings: marks.timings(end),
        end,
        outcome,
        remote: path.remote,
        reused: path.reused,
        tls: path.tls,
        read_delay: marks.read_delay,
        stamp_fallback: marks.fallback,
    })
}
