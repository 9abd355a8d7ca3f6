//! Bytes from a proxy before the tunnel through it is open.

use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::NetError;

/// Appends what there is, at most `size` bytes where there is no TLS; the end is an error.
pub(crate) async fn read(
    connection: &mut Connection,
    size: usize,
    into: &mut Vec<u8>,
    deadline: Deadline,
) -> Result<(), NetError> {
    let read = connection.hear(size, into, deadline).await?;
    if read.ended {
        return Err(NetError::Proxy("unexpected EOF".to_owned()));
    }
    Ok(())
}

/// Reads so many bytes, and nothing beyond: what follows is the target's.
pub(crate) async fn read_exact(
    connection: &mut Connection,
    size: usize,
    deadline: Deadline,
) -> Result<Vec<u8>, NetError> {
    let mut bytes = Vec::with_capacity(size);
    while bytes.len() < size {
        read(connection, size - bytes.len(), &mut bytes, deadline).await?;
    }
    Ok(bytes)
}
