//! Opening a connection: look-up, TCP, TLS, each with its own time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use tokio::net::{TcpSocket, TcpStream};

use crate::clock;
use crate::config::NetConfig;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::NetError;
use crate::marks::Marks;
use crate::socket::{Counters, TimedSocket};
use crate::target::{Origin, Scheme};
use crate::tls::Session;

/// How a client connects.
pub(crate) struct Dialer<'a> {
    pub(crate) config: &'a NetConfig,
    pub(crate) counters: &'a Rc<Counters>,
    /// The address that connections come from.
    pub(crate) local: Option<IpAddr>,
}

impl Dialer<'_> {
    /// Connects to an origin: to TCP within the dial timeout, all within the request's own
    /// deadline. `remote` is set as soon as a connection is there, so that failures of TLS can name
    /// it.
    pub(crate) async fn dial(
        &self,
        origin: &Arc<Origin>,
        deadline: Deadline,
        marks: &mut Marks,
        remote: &mut Option<SocketAddr>,
    ) -> Result<Connection, NetError> {
        let config = self.config;
        let proxy = match &config.proxies {
            Some(proxies) => proxies.towards(origin)?,
            None => None,
        };
        let peer = proxy.as_ref().map_or(origin, |proxy| &proxy.origin);
        let connected = self.connect(peer, deadline, marks);
        let (stream, address) = match tokio::time::timeout(config.dial_timeout, connected).await {
            Ok(connected) => connected?,
            Err(_) => return Err(NetError::DialTimeout),
        };
        *remote = Some(address);
        let socket = TimedSocket::new(stream, Rc::clone(self.counters))
            .map_err(|error| NetError::from_dial(&error))?;

        let mut connection = Connection {
            socket,
            session: None,
            origin: Arc::clone(origin),
            via: None,
            remote: address,
            tls: None,
            early: Vec::new(),
        };
        if let Some(proxy) = &proxy {
            if proxy.origin.scheme == Scheme::Https {
                let session = Session::with_proxy(&config.tls, &proxy.origin.host)?;
                shake(&mut connection, session, deadline, marks).await?;
            }
            if !proxy.reads_requests(origin.scheme) {
                proxy.tunnel(&mut connection, deadline).await?;
            }
        }
        connection.via = proxy.filter(|proxy| proxy.reads_requests(origin.scheme));
        if origin.scheme == Scheme::Https {
            let outer = connection.session.take();
            let session = Session::new(&config.tls, &origin.host, outer)?;
            shake(&mut connection, session, deadline, marks).await?;
        }
        Ok(connection)
    }

    async fn connect(
        &self,
        origin: &Origin,
        deadline: Deadline,
        marks: &mut Marks,
    ) -> Result<(TcpStream, SocketAddr), NetError> {
        let began = clock::now();
        let address = self.find(origin, deadline).await?;
        let found = clock::now();
        marks.looking_up = found - began;

        let connected = deadline.bound(self.open(address)).await;
        marks.connecting = clock::now() - found;
        let stream = connected?.map_err(|error| NetError::from_dial(&error))?;
        Ok((stream, address))
    }

    /// The address to connect to, unless the user refuses it.
    async fn find(&self, origin: &Origin, deadline: Deadline) -> Result<SocketAddr, NetError> {
        let dns = &self.config.dns;
        let (host, port) = (origin.host.as_str(), origin.port);
        let Some(routes) = &self.config.routes else {
            let address = deadline.bound(dns.resolve(host)).await??;
            return Ok(SocketAddr::new(address, port));
        };
        let address = match routes.instead(host, port) {
            Some(address) => address,
            None if routes.is_blocked(host) => return Err(NetError::HostBlocked),
            None => SocketAddr::new(deadline.bound(dns.resolve(host)).await??, port),
        };
        if routes.is_refused(address.ip()) {
            return Err(NetError::AddressRefused);
        }
        Ok(address)
    }

    async fn open(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let Some(local) = self.local else {
            return TcpStream::connect(address).await;
        };
        let socket = if local.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.bind(SocketAddr::new(local, 0))?;
        socket.connect(address).await
    }
}

/// Runs a handshake. Reading the system's certificates, once in a process, came before.
async fn shake(
    connection: &mut Connection,
    session: Session,
    deadline: Deadline,
    marks: &mut Marks,
) -> Result<(), NetError> {
    connection.session = Some(Box::new(session));
    let began = clock::now();
    let shaken = connection.handshake(deadline).await;
    marks.tls_handshaking += clock::now() - began;
    shaken
}
