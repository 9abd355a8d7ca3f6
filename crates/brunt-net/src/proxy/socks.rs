//! A tunnel through a SOCKS proxy: version 5 (RFC 1928), with a user name and password (RFC 1929)
//! or without.
//!
//! Three short messages each way, so written here: the crates for it bring sockets of their own,
//! and these are timed.

use std::net::IpAddr;

use super::wire;
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::NetError;
use crate::target::Origin;

const VERSION: u8 = 5;
/// Of the negotiation of user name and password.
const LOGIN_VERSION: u8 = 1;
const NO_LOGIN: u8 = 0;
const WITH_LOGIN: u8 = 2;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// User name and password, 255 bytes each at most.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Login {
    user: Vec<u8>,
    password: Vec<u8>,
}

impl Login {
    /// Fails where the protocol has no room for them.
    pub(crate) fn new(user: Vec<u8>, password: Vec<u8>) -> Result<Self, &'static str> {
        if user.len() > 255 || password.len() > 255 {
            return Err("SOCKS5 takes user names and passwords of at most 255 bytes");
        }
        Ok(Self { user, password })
    }

    fn message(&self) -> Vec<u8> {
        let mut message = vec![LOGIN_VERSION];
        for part in [&self.user, &self.password] {
            // At most 255, see `new`.
            message.push(part.len() as u8);
            message.extend_from_slice(part);
        }
        message
    }
}

/// Asks the proxy at the other end for a tunnel to the connection's origin, whose name it looks up.
pub(crate) async fn open(
    connection: &mut Connection,
    login: Option<&Login>,
    deadline: Deadline,
) -> Result<(), NetError> {
    let request = request(&connection.origin)?;
    let methods: &[u8] = match login {
        None => &[VERSION, 1, NO_LOGIN],
        Some(_) => &[VERSION, 2, NO_LOGIN, WITH_LOGIN],
    };
    connection.say(methods, deadline).await?;
    let choice = wire::read_exact(connection, 2, deadline).await?;
    match (&choice[..], login) {
        ([VERSION, NO_LOGIN], _) => {}
        ([VERSION, WITH_LOGIN], Some(login)) => {
            connection.say(&login.message(), deadline).await?;
            let verdict = wire::read_exact(connection, 2, deadline).await?;
            if verdict[1] != 0 {
                return Err(refused("user name or password refused"));
            }
        }
        ([VERSION, _], None) => return Err(refused("it asks for a user name and password")),
        ([VERSION, _], Some(_)) => return Err(refused("no method of authentication in common")),
        _ => return Err(refused("the answer is not SOCKS5")),
    }
    connection.say(&request, deadline).await?;
    let answer = wire::read_exact(connection, 4, deadline).await?;
    let &[VERSION, reply, _, kind] = &answer[..] else {
        return Err(refused("the answer is not SOCKS5"));
    };
    if reply != 0 {
        return Err(refused(reply_text(reply)));
    }
    // The address that the proxy connected from, which nobody needs, and its port.
    let address = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => {
            let length = wire::read_exact(connection, 1, deadline).await?;
            usize::from(length[0])
        }
        _ => return Err(refused("an address of an unknown kind")),
    };
    wire::read_exact(connection, address + 2, deadline).await?;
    Ok(())
}

fn request(origin: &Origin) -> Result<Vec<u8>, NetError> {
    let mut request = vec![VERSION, CONNECT, 0];
    match origin.host.parse() {
        Ok(IpAddr::V4(address)) => {
            request.push(IPV4);
            request.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(IPV6);
            request.extend_from_slice(&address.octets());
        }
        Err(_) => {
            let length = u8::try_from(origin.host.len())
                .map_err(|_| refused("the host's name is longer than 255 bytes"))?;
            request.extend_from_slice(&[NAME, length]);
            request.extend_from_slice(origin.host.as_bytes());
        }
    }
    request.extend_from_slice(&origin.port.to_be_bytes());
    Ok(request)
}

fn refused(reason: &str) -> NetError {
    NetError::Proxy(format!("socks5: {reason}"))
}

/// RFC 1928, section 6.
fn reply_text(reply: u8) -> &'static str {
    match reply {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown failure",
    }
}
