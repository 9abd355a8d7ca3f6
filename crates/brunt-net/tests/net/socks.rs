//! SOCKS proxies (RFC 1928, RFC 1929): a tunnel for http and https, names looked up by the proxy.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use brunt_net::{Client, NetConfig, Target, TlsSettings};

use crate::proxy::{config, pump};
use crate::support::{Identity, OK, Secure, body, get, read_request, run, server, write};

fn read(mut stream: &TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn send(mut stream: &TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
}

/// A proxy that wants a login if one is given, opens a tunnel to `to`, and gives what was asked
/// for, from the command on.
fn socks(login: Option<&'static [u8]>, to: SocketAddr) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    server(move |listener| {
        let (client, _) = listener.accept().unwrap();
        let head = read(&client, 2);
        let methods = read(&client, head[1].into());
        assert_eq!(head[0], 5);
        if let Some(login) = login {
            assert!(methods.contains(&2));
            send(&client, &[5, 2]);
            assert_eq!(read(&client, login.len()), login);
            send(&client, &[1, 0]);
        } else {
            assert!(methods.contains(&0));
            send(&client, &[5, 0]);
        }
        let mut request = read(&client, 5);
        let rest = match request[3] {
            1 => 3,
            4 => 15,
            _ => usize::from(request[4]),
        };
        request.extend(read(&client, rest + 2));
        let target = TcpStream::connect(to).unwrap();
        // In pieces, and with a name as the address that it connected from.
        send(&client, &[5, 0]);
        send(&client, &[0, 3, 4]);
        send(&client, b"here\x00\x50");
        let (from, into) = (target.try_clone().unwrap(), client.try_clone().unwrap());
        let back = std::thread::spawn(move || pump(from, into));
        pump(client, target);
        back.join().unwrap();
        request[1..].to_vec()
    })
}

#[test]
fn http_goes_through_a_tunnel_and_the_proxy_looks_up_the_name() {
    let (address, target) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        let head = read_request(&stream).unwrap().0;
        write(&stream, OK);
        head
    });
    let (proxy, seen) = socks(None, address);
    run(async {
        let client = Client::new(Arc::new(config(&format!("socks5://{proxy}"))));
        let url = Target::parse("http://no-such-name.invalid:8080/a?b").unwrap();
        let exchange = client.send(&get(&url)).await;
        assert_eq!((body(&exchange), exchange.remote), ("hi", Some(proxy)));
    });
    let head = target.join().unwrap();
    // As if there were no proxy.
    assert!(head.starts_with("GET /a?b HTTP/1.1\r\n"), "{head}");
    let asked = seen.join().unwrap();
    assert_eq!(asked, b"\x01\x00\x03\x14no-such-name.invalid\x1f\x90");
}

#[test]
fn https_and_addresses_with_a_login() {
    for protocol in ["http/1.1", "h2"] {
        let identity = Identity::new(&["10.1.2.3"]);
        let secure = Secure::start(&identity, &[protocol], 0);
        let target = ([127, 0, 0, 1], secure.port).into();
        let (proxy, seen) = socks(Some(b"\x01\x05us:er\x06secret"), target);
        run(async {
            let client = Client::new(Arc::new(NetConfig {
                tls: Arc::new(TlsSettings::new(identity.options())),
                ..config(&format!("socks5h://us%3Aer:secret@{proxy}"))
            }));
            let url = Target::parse("https://10.1.2.3/x").unwrap();
            let exchange = client.send(&get(&url)).await;
            assert!(body(&exchange).contains("/x"), "{exchange:?}");
        });
        assert_eq!(
            seen.join().unwrap(),
            b"\x01\x00\x01\x0a\x01\x02\x03\x01\xbb"
        );
    }
}

#[test]
fn a_proxy_that_refuses_or_speaks_something_else_says_so() {
    let answers: [(&[&[u8]], bool, &str); 8] = [
        (&[&[5, 0xff]], false, "asks for a user name"),
        (&[&[5, 0xff]], true, "no method of authentication"),
        (&[&[5, 2], &[1, 1]], true, "user name or password refused"),
        (&[&[5, 0], &[5, 5, 0, 1]], false, "connection refused"),
        (&[&[5, 0], &[5, 2, 0, 1]], false, "not allowed by ruleset"),
        (&[&[5, 0], &[5, 0, 0, 9]], false, "unknown kind"),
        (&[b"HTTP/1.1 400 Bad Request\r\n\r\n"], false, "not SOCKS5"),
        (&[&[5, 0], &[5]], false, "unexpected EOF"),
    ];
    for (answers, login, text) in answers {
        let (address, server) = server(move |listener| {
            let (stream, _) = listener.accept().unwrap();
            for answer in answers {
                let mut buffer = [0; 512];
                assert_ne!((&stream).read(&mut buffer).unwrap(), 0);
                send(&stream, answer);
            }
            // The client may have gone already.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut &stream, &mut std::io::sink());
        });
        run(async {
            let login = if login { "ann:secret@" } else { "" };
            let client = Client::new(Arc::new(config(&format!("socks5://{login}{address}"))));
            let url = Target::parse("http://proxied.test/").unwrap();
            let error = client.send(&get(&url)).await.outcome.unwrap_err();
            assert_eq!(error.code(), 1000);
            let error = error.to_string();
            assert!(
                error.starts_with("proxyconnect: ") && error.contains(text),
                "{error}"
            );
        });
        server.join().unwrap();
    }
}
