//! The options of the network, each seen from the other side of the connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use brunt_testkit::Target;

use crate::support::Brunt;

/// A server that answers every request with `ok` and tells what came: who, and the head.
fn listen() -> (SocketAddr, Receiver<(SocketAddr, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, heard) = channel();
    std::thread::spawn(move || {
        while let Ok((stream, from)) = listener.accept() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(&stream);
                loop {
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") {
                        if reader.read_line(&mut head).unwrap_or(0) == 0 {
                            return;
                        }
                    }
                    let _ = tell.send((from, head));
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                    if (&stream).write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, heard)
}

fn script(options: &str, body: &str) -> Brunt {
    Brunt::script(format!(
        "import http from 'k6/http';
export const options = {options};
export default function () {{ {body} }}"
    ))
}

#[test]
fn hosts_refusals_and_their_codes() {
    let target = Target::http().unwrap();
    let address = target.address();
    let options = format!(
        "{{ hosts: {{ 'shop.test': '{address}', '*.branch.test': '{address}' }},
          blockHostnames: ['*.blocked.test'], blacklistIPs: ['10.0.0.0/8'] }}"
    );
    let run = script(
        &options,
        "for (const url of ['http://shop.test/', 'http://a.b.branch.test:1/', 'http://x.blocked.test/', 'http://10.1.1.1/']) {
           const r = http.get(url);
           console.log(r.status, r.error_code, r.error, r.url);
         }",
    )
    .run()
    .expect(0);
    let expected = [
        "200 0  http://shop.test/",
        "200 0  http://a.b.branch.test:1/",
        "0 1111 hostname is blocked http://x.blocked.test/",
        "0 1110 ip is blacklisted http://10.1.1.1/",
    ];
    assert_eq!(run.console(), expected);
    let flags = ["--blacklist-ip", "127.0.0.0/8"];
    let run = script("{}", "console.log(http.get(__ENV.URL).error_code);")
        .env_flag("URL", &target.url("/"))
        .args(&flags)
        .run();
    assert_eq!(run.expect(0).console(), ["1110"]);
    let run = script("{}", "console.log(http.get('http://shop.test/').status);")
        .variable("K6_HOSTS", &format!("{{\"shop.test\": \"{address}\"}}"))
        .run();
    assert_eq!(run.expect(0).console(), ["200"]);
}

#[test]
fn vus_connect_from_the_local_addresses_in_turn() {
    let (address, heard) = listen();
    let run = script(
        "{ scenarios: { a: { executor: 'per-vu-iterations', vus: 4, iterations: 1 } } }",
        "http.get(__ENV.URL);",
    )
    .env_flag("URL", &format!("http://{address}/"))
    .args(&["--local-ips", "127.0.0.5-127.0.0.6,127.0.1.0/30"])
    .run();
    run.expect(0);
    let mut from: Vec<String> = heard
        .try_iter()
        .map(|(from, _)| from.ip().to_string())
        .collect();
    from.sort();
    assert_eq!(from, ["127.0.0.5", "127.0.0.6", "127.0.1.1", "127.0.1.2"]);
}

#[test]
fn rps_spreads_requests_over_all_vus() {
    let target = Target::http().unwrap();
    let run = script("{ vus: 4, iterations: 8, rps: 20 }", "http.get(__ENV.URL);")
        .env_flag("URL", &target.url("/"))
        .args(&["--out", "json=o.json"])
        .run()
        .expect(0);
    let points = run.points("o.json");
    assert_eq!(points.values("http_reqs").len(), 8);
    // Seven intervals of 50 ms lie between the first and the last; the wait is in no timing.
    let waited: f64 = points.values("iteration_duration").iter().sum();
    assert!(waited >= 350.0, "{waited}");
}

#[test]
fn proxies_of_the_environment_are_used() {
    let (address, heard) = listen();
    let run = script("{}", "console.log(http.get('http://proxied.test/x').body);")
        .variable("HTTP_PROXY", &format!("http://ann:secret@{address}"))
        .run();
    assert_eq!(run.expect(0).console(), ["ok"]);
    let head = heard.recv().unwrap().1;
    assert!(
        head.starts_with("GET http://proxied.test/x HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains("Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n"),
        "{head}"
    );
    let run = script(
        "{}",
        "console.log(http.get('http://proxied.test/x').error_code);",
    )
    .variable("HTTP_PROXY", &format!("http://{address}"))
    .variable("NO_PROXY", "proxied.test")
    .args(&["--block-hostnames", "proxied.test"])
    .run();
    assert_eq!(run.expect(0).console(), ["1111"]);
}

const TLS: &str = "const r = http.get(__ENV.URL);
  console.log(r.tls_version, r.tls_cipher_suite, r.proto, r.error_code);";

#[test]
fn versions_and_suites_of_tls_are_those_asked_for() {
    let target = Target::https().unwrap();
    let tls = |options: &str| {
        script(options, TLS)
            .env_flag("URL", &target.url("/"))
            .args(&["--insecure-skip-tls-verify"])
    };
    let run = tls("{ tlsVersion: 'tls1.2' }").run().expect(0);
    assert!(run.console()[0].starts_with("tls1.2 TLS_ECDHE_"));
    let suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    let options = format!(
        "{{ tlsVersion: {{ max: 'tls1.2' }}, tlsCipherSuites: ['{suite}', 'TLS_RSA_WITH_RC4_128_SHA'] }}"
    );
    let run = tls(&options)
        .run()
        .expect(0)
        .says(&["TLS_RSA_WITH_RC4_128_SHA not offered"]);
    assert_eq!(run.console(), [format!("tls1.2 {suite} HTTP/2.0 0")]);
    let run = tls("{}").variable("GODEBUG", "http2client=0").run();
    assert!(run.expect(0).console()[0].ends_with("HTTP/1.1 0"));
}

#[test]
fn certificates_of_a_file_are_trusted_and_secrets_are_logged() {
    let target = Target::https().unwrap();
    let run = script("{}", TLS).env_flag("URL", &target.url("/"));
    let (ca, keys) = (run.folder().join("ca.pem"), run.folder().join("keys.log"));
    target.write_ca(&ca).unwrap();
    let run = run
        .variable("SSL_CERT_FILE", ca.to_str().unwrap())
        .variable("SSLKEYLOGFILE", keys.to_str().unwrap())
        .run()
        .expect(0);
    assert!(run.console()[0].ends_with(" 0"), "{:?}", run.console());
    assert!(run.read("keys.log").contains("CLIENT_TRAFFIC_SECRET_0 "));
    let run = script("{}", TLS).env_flag("URL", &target.url("/")).run();
    assert_eq!(run.expect(0).console(), ["   1310"]);
}

#[test]
fn a_socks_proxy_of_the_environment_gets_the_name_and_the_target_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut methods = [0; 3];
        stream.read_exact(&mut methods).unwrap();
        stream.write_all(&[5, 0]).unwrap();
        let mut asked = [0; 4 + 1 + "proxied.test".len() + 2];
        stream.read_exact(&mut asked).unwrap();
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(answer).unwrap();
        (asked.to_vec(), line)
    });
    let body = "console.log(http.get('http://proxied.test:81/x').body);
        console.log(http.get('http://127.0.0.1:1/').error_code);";
    let run = script("{}", body)
        .variable("ALL_PROXY", &format!("socks5://{address}"))
        .run();
    assert_eq!(run.expect(0).console(), ["ok", "1212"]);
    let (asked, line) = proxy.join().unwrap();
    assert_eq!(asked, b"\x05\x01\x00\x03\x0cproxied.test\x00\x51");
    assert_eq!(line, "GET /x HTTP/1.1\r\n");
}

#[test]
fn options_that_cannot_be_are_refused_before_the_start() {
    for (options, texts) in [
        ("{ tlsVersion: 'tls1.1' }", &["tlsVersion", "tls1.2"][..]),
        (
            "{ tlsCipherSuites: ['TLS_X'] }",
            &["tlsCipherSuites", "TLS_X", "TLS_AES_128_GCM_SHA256"],
        ),
        (
            "{ tlsAuth: [{ cert: 'x', key: 'y' }] }",
            &["tlsAuth", "[0]: cert", "BEGIN CERTIFICATE"],
        ),
        (
            "{ tlsVersion: { min: 'tls1.3' }, tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_RC4_128_SHA'] }",
            &["tlsCipherSuites", "none of these"],
        ),
    ] {
        script(options, "").run().expect(104).one_error(texts);
    }
    let run = script("{}", "")
        .args(&["--local-ips", "10.0.0.9-10.0.0.1"])
        .run();
    run.expect(104)
        .one_error(&["--local-ips", "10.0.0.9-10.0.0.1"]);
}

#[test]
fn digest_asks_first_and_both_exchanges_are_measured() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut seen = Vec::new();
        for answer in [
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ] {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(reader.read_line(&mut head).unwrap(), 0);
            }
            let mut body = [0; 4];
            reader.read_exact(&mut body).unwrap();
            assert_eq!(&body, b"data");
            seen.push(head);
            (&stream).write_all(answer.as_bytes()).unwrap();
        }
        seen
    });
    let run = script(
        "{}",
        "const r = http.post(__ENV.URL, 'data', { auth: 'digest' });
         console.log(r.status, r.url.includes('secret'));",
    )
    .env_flag("URL", &format!("http://bob:secret@{address}/a?b"))
    .args(&["--out", "json=o.json"])
    .run()
    .expect(0);
    assert_eq!(run.console(), ["200 false"]);
    let seen = server.join().unwrap();
    assert!(!seen[0].contains("Authorization"), "{}", seen[0]);
    assert!(seen[1].contains(
        "Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"/a?b\""
    ));
    let points = run.points("o.json");
    assert_eq!(points.values("http_req_failed"), [0.0, 0.0]);
    assert_eq!(
        points.tag("http_reqs", "url"),
        [format!("http://{address}/a?b")]
    );
}

#[test]
fn ntlm_is_refused_with_a_reason() {
    let run = script(
        "{}",
        "console.log(http.get('http://a:b@127.0.0.1:1/', { auth: 'ntlm' }).error);",
    )
    .run();
    assert!(run.expect(0).console()[0].contains("NTLM is not supported"));
}

#[test]
fn bodies_are_packed_in_order_and_unpacked_in_reverse() {
    let (address, heard) = listen();
    let run = script(
        "{}",
        "const r = http.post(__ENV.URL, 'x'.repeat(4000), { compression: 'gzip, zstd' });
         console.log(r.request.headers['Content-Encoding'].join(), r.request.body.length);
         console.log(http.post(__ENV.URL, 'x', { compression: 'lzma' }).error);",
    )
    .env_flag("URL", &format!("http://{address}/"))
    .run()
    .expect(0);
    let console = run.console();
    assert_eq!(console[0], "gzip, zstd 4000");
    assert!(
        console[1].contains("'lzma'") && console[1].contains("zstd"),
        "{}",
        console[1]
    );
    let head = heard.recv().unwrap().1;
    assert!(head.contains("Content-Encoding: gzip, zstd\r\n"), "{head}");
    let target = Target::http().unwrap();
    let run = script(
        "{}",
        "const r = http.get(__ENV.URL + 'gzip'); console.log(typeof r.json(), r.headers['Content-Encoding']);
         const n = http.get(__ENV.URL + 'deflate', { responseType: 'none' }); console.log(n.body, n.status);",
    )
    .env_flag("URL", &target.url("/"))
    .run();
    assert_eq!(run.expect(0).console(), ["object gzip", "null 200"]);
}

#[test]
fn dns_chooses_the_family() {
    let (address, _heard) = listen();
    let ask = |dns: &str| {
        let run = script(
            &format!("{{ dns: {dns} }}"),
            "const r = http.get(__ENV.URL); console.log(r.status, r.error_code);",
        )
        .env_flag("URL", &format!("http://localhost:{}/", address.port()))
        .run();
        run.expect(0).console()
    };
    assert_eq!(ask("{ policy: 'onlyIPv4', ttl: '0' }"), ["200 0"]);
    // Nobody listens there on IPv6.
    let other = ask("{ policy: 'onlyIPv6', select: 'first' }");
    assert!(other[0].starts_with("0 12"), "{other:?}");
}
