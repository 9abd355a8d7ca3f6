//! Opening a connection: look-up, TCP, TLS, each with its own time.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::clock;
use crate::config::NetConfig;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::NetError;
use crate::marks::Marks;
use crate::socket::{Counters, TimedSocket};
use crate::target::{Origin, Scheme};
use crate::tls::Session;

/// Connects to an origin: to TCP within the dial timeout, all within the request's own deadline.
/// `remote` is set as soon as a connection is there, so that failures of TLS can name it.
pub(crate) async fn dial(
    config: &NetConfig,
    counters: &Rc<Counters>,
    origin: &Arc<Origin>,
    deadline: Deadline,
    marks: &mut Marks,
    remote: &mut Option<SocketAddr>,
) -> Result<Connection, NetError> {
    let connected = connect(config, origin, deadline, marks);
    let (stream, address) = match tokio::time::timeout(config.dial_timeout, connected).await {
        Ok(connected) => connected?,
        Err(_) => return Err(NetError::DialTimeout),
    };
    *remote = Some(address);
    let socket = TimedSocket::new(stream, Rc::clone(counters))
        .map_err(|error| NetError::from_dial(&error))?;

    let session = match origin.scheme {
        Scheme::Http => None,
        Scheme::Https => Some(Box::new(Session::new(&config.tls, &origin.host)?)),
    };
    let mut connection = Connection {
        socket,
        session,
        origin: Arc::clone(origin),
        remote: address,
        tls: None,
        early: Vec::new(),
    };
    if connection.session.is_some() {
        // Reading the system's certificates happens once per process and is nobody's handshake.
        let began = clock::now();
        let shaken = connection.handshake(deadline).await;
        marks.tls_handshaking = clock::now() - began;
        shaken?;
    }
    Ok(connection)
}

async fn connect(
    config: &NetConfig,
    origin: &Arc<Origin>,
    deadline: Deadline,
    marks: &mut Marks,
) -> Result<(TcpStream, SocketAddr), NetError> {
    let began = clock::now();
    let address: IpAddr = deadline.bound(config.dns.resolve(&origin.host)).await??;
    let address = SocketAddr::new(address, origin.port);
    let found = clock::now();
    marks.looking_up = found - began;

    let connected = deadline.bound(TcpStream::connect(address)).await;
    marks.connecting = clock::now() - found;
    let stream = connected?.map_err(|error| NetError::from_dial(&error))?;
    Ok((stream, address))
}
