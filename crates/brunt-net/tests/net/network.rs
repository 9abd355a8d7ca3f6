//! Where connections go and come from: redirected hosts, refusals, local addresses, the rate.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use brunt_net::{Client, NetConfig, RateLimit, Request, Routes, Target, clock};

use crate::support::{OK, body, get, read_request, run, server, write};

fn with_routes(set: impl FnOnce(&mut Routes)) -> Client {
    let mut routes = Routes::new();
    set(&mut routes);
    Client::new(Arc::new(NetConfig {
        routes: Some(Arc::new(routes)),
        ..NetConfig::default()
    }))
}

#[test]
fn a_redirected_host_is_dialled_elsewhere_and_keeps_its_name() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        let head = read_request(&stream).unwrap().0;
        write(&stream, OK);
        head
    });
    run(async {
        let client = with_routes(|routes| {
            routes.redirect("*.shop.test", address.ip(), Some(address.port()));
            // A host that is redirected is not looked up, so it is not blocked either.
            routes.block("a.shop.test");
        });
        let url = Target::parse("http://a.shop.test:99/x").unwrap();
        let exchange = client.send(&get(&url)).await;
        assert_eq!((body(&exchange), exchange.remote), ("hi", Some(address)));
    });
    assert!(server.join().unwrap().contains("Host: a.shop.test:99\r\n"));
}

#[test]
fn refused_hosts_and_addresses_are_not_dialled() {
    run(async {
        let client = with_routes(|routes| {
            routes.block("*.blocked.test");
            routes.refuse([10, 0, 0, 0].into(), 8);
            routes.refuse([127, 0, 0, 3].into(), 32);
            routes.redirect("inside.test", [10, 9, 9, 9].into(), None);
        });
        for (url, code, text) in [
            ("http://WWW.blocked.test/", 1111, "hostname is blocked"),
            ("http://10.1.2.3/", 1110, "ip is blacklisted"),
            ("http://127.0.0.3:1/", 1110, "ip is blacklisted"),
            ("http://inside.test/", 1110, "ip is blacklisted"),
            ("http://127.0.0.2:1/", 1212, "dial: connection refused"),
        ] {
            let url = Target::parse(url).unwrap();
            let exchange = client.send(&get(&url)).await;
            let error = exchange.outcome.unwrap_err();
            assert_eq!((error.code(), error.to_string().as_str()), (code, text));
            assert_eq!(exchange.remote, None);
        }
    });
}

#[test]
fn connections_come_from_the_local_address() {
    let local = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 42));
    let (address, server) = server(|listener| {
        let (stream, from) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(&stream, OK);
        from.ip()
    });
    run(async {
        let client = Client::bound_to(Arc::default(), Some(local));
        let url = Target::parse(&format!("http://{address}/")).unwrap();
        assert_eq!(body(&*client.send(&get(&url)).await), "hi");
        // The wrong family, and an address that is not the machine's.
        for wrong in ["::1", "192.0.2.1"] {
            let client = Client::bound_to(Arc::default(), Some(wrong.parse().unwrap()));
            let error = client.send(&get(&url)).await.outcome.unwrap_err();
            assert_eq!(error.code(), 1213, "{error}");
        }
    });
    assert_eq!(server.join().unwrap(), local);
}

#[test]
fn the_rate_holds_over_clients_and_is_in_no_timing() {
    let (address, server) = server(|listener| {
        for _ in 0..2 {
            let (stream, _) = listener.accept().unwrap();
            std::thread::spawn(move || {
                while read_request(&stream).is_some() {
                    write(&stream, OK);
                }
            });
        }
    });
    run(async {
        let config = Arc::new(NetConfig {
            rate: RateLimit::per_second(50).map(Arc::new),
            ..NetConfig::default()
        });
        let clients = [Client::new(Arc::clone(&config)), Client::new(config)];
        let url = Target::parse(&format!("http://{address}/")).unwrap();
        let began = clock::now();
        for at in 0..4 {
            // Shorter than the wait, which is not part of it.
            let deadline = clock::now() + 15_000_000;
            let request = Request {
                deadline: Some(deadline),
                ..get(&url)
            };
            let exchange = clients[at % 2].send(&request).await;
            assert_eq!(body(&exchange), "hi");
            let timed = exchange.timings.blocked + exchange.timings.duration();
            assert!(timed <= exchange.end - began);
        }
        // The first goes at once, each other 20 ms after the one before.
        assert!(clock::now() - began >= 60_000_000);
    });
    server.join().unwrap();
}

#[test]
fn a_limited_request_is_given_up_at_its_deadline_though_nobody_polls() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        read_request(&stream).is_none()
    });
    run(async {
        let client = Client::new(Arc::new(NetConfig {
            rate: RateLimit::per_second(1_000_000).map(Arc::new),
            ..NetConfig::default()
        }));
        let url = Target::parse(&format!("http://{address}/")).unwrap();
        let request = Request {
            deadline: Some(clock::now() + 20_000_000),
            ..get(&url)
        };
        let exchange = tokio::time::timeout(Duration::from_secs(30), client.send(&request)).await;
        assert_eq!(exchange.unwrap().outcome.unwrap_err().code(), 1050);
        drop(client);
    });
    assert!(server.join().unwrap());
}
