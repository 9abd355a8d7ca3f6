//! Bytes to and from a proxy before the tunnel through it is open.

use std::future::poll_fn;

use crate::deadline::Deadline;
use crate::error::NetError;
use crate::socket::TimedSocket;

/// Writes all.
pub(crate) async fn write_all(
    socket: &TimedSocket,
    mut bytes: &[u8],
    deadline: Deadline,
) -> Result<(), NetError> {
    while !bytes.is_empty() {
        let sent = deadline
            .bound(poll_fn(|cx| socket.poll_send(cx, bytes, &[])))
            .await?
            .map_err(|error| NetError::from_io(&error, "write"))?;
        bytes = &bytes[sent..];
    }
    Ok(())
}

/// Reads what there is and gives how much; the end is an error.
pub(crate) async fn read(
    socket: &TimedSocket,
    buffer: &mut [u8],
    deadline: Deadline,
) -> Result<usize, NetError> {
    let read = deadline
        .bound(poll_fn(|cx| socket.poll_receive(cx, buffer)))
        .await?
        .map_err(|error| NetError::from_io(&error, "read"))?;
    if read.len == 0 {
        return Err(NetError::Proxy("unexpected EOF".to_owned()));
    }
    Ok(read.len)
}

/// Reads until the buffer is full, and nothing beyond: what follows is the target's.
pub(crate) async fn read_exact(
    socket: &TimedSocket,
    buffer: &mut [u8],
    deadline: Deadline,
) -> Result<(), NetError> {
    let mut filled = 0;
    while filled < buffer.len() {
        filled += read(socket, &mut buffer[filled..], deadline).await?;
    }
    Ok(())
}
