//! A server that answers with bytes, valid or not: no library would send what is needed here.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// A running server. Its threads end with the test's process.
pub(crate) struct RawServer {
    address: SocketAddr,
}

impl RawServer {
    /// Answers every request with `start`, then with `again` until the client closes (nothing:
    /// closes itself).
    pub(crate) fn answering(start: &[u8], again: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new((start.to_vec(), again.to_vec()));
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || serve(stream, &answer.0, &answer.1));
            }
        });
        Self { address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

fn serve(mut stream: TcpStream, start: &[u8], again: &[u8]) -> Option<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let got = stream.read(&mut buffer).ok().filter(|got| *got > 0)?;
        head.extend_from_slice(&buffer[..got]);
    }
    stream.write_all(start).ok()?;
    while !again.is_empty() {
        stream.write_all(again).ok()?;
    }
    stream.shutdown(Shutdown::Write).ok()
}
