use std::sync::Arc;

use brunt_metrics::{Interner, MetricKind, Registry, ValueType};

use super::*;
use crate::foreign::testing::told;

fn read(log: &str) -> (Vec<String>, Lines) {
    let known = Known {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(1000)),
    };
    let errors = known
        .registry
        .register(ERRORS, MetricKind::Counter, ValueType::Default);
    errors.unwrap();
    let mut lines = Lines::default();
    GatlingReader::new(known.clone()).read(log.as_bytes(), &mut lines);
    (told(&known, &lines), lines)
}

#[test]
fn a_log_of_3_9_becomes_k6s_metrics() {
    let (samples, lines) = read(
        "ASSERTION\tAAECAAIBAAAAAAAAACRA\n\
         RUN\trds.Combined\tcombined\t1649137767000\t \t3.9.5\n\
         USER\tbuy\tSTART\t1649137768000\n\
         REQUEST\t\thome\t1649137768100\t1649137768350\tOK\t \n\
         REQUEST\tcart,pay\torder\t1649137768400\t1649137768500\tKO\tstatus.find.is(200), but actually found 503\n\
         REQUEST\t\tgone\t1649137768500\t1649137768500\tKO\ti.n.c.ConnectException: Connection refused: localhost/127.0.0.1:1\n\
         GROUP\tcart,pay\t1649137768400\t1649137768600\t100\tKO\n\
         ERROR\tFailed to build request: no attribute\t1649137768700\n\
         USER\tbuy\tEND\t1649137769000\n",
    );
    assert_eq!(
        samples,
        [
            "1649137768.000 vus 1",
            "1649137768.350 http_reqs 1 expected_response=true name=home",
            "1649137768.350 http_req_duration 250 expected_response=true name=home",
            "1649137768.350 http_req_failed 0 expected_response=true name=home",
            "1649137768.500 http_reqs 1 error=status.find.is(200), but actually found 503 error_code=1503 expected_response=false group=::cart::pay name=order status=503",
            "1649137768.500 http_req_duration 100 error=status.find.is(200), but actually found 503 error_code=1503 expected_response=false group=::cart::pay name=order status=503",
            "1649137768.500 http_req_failed 1 error=status.find.is(200), but actually found 503 error_code=1503 expected_response=false group=::cart::pay name=order status=503",
            "1649137768.500 http_reqs 1 error=i.n.c.ConnectException: Connection refused: localhost/127.0.0.1:1 error_code=1212 expected_response=false name=gone status=0",
            "1649137768.500 http_req_duration 0 error=i.n.c.ConnectException: Connection refused: localhost/127.0.0.1:1 error_code=1212 expected_response=false name=gone status=0",
            "1649137768.500 http_req_failed 1 error=i.n.c.ConnectException: Connection refused: localhost/127.0.0.1:1 error_code=1212 expected_response=false name=gone status=0",
            "1649137768.600 group_duration 200 group=::cart::pay",
            "1649137768.700 gatling_errors 1 error=Failed to build request: no attribute",
            "1649137769.000 vus 0",
            "1649137769.000 iterations 1 scenario=buy",
        ]
    );
    assert_eq!((lines.seen, lines.told().count()), (9, 0));
}

#[test]
fn requests_of_older_logs_are_in_the_scenario_of_their_user() {
    for log in [
        // 3.3
        "RUN\tx.Y\ty\t1591718392166\t \t3.3.1\n\
         USER\tbrowse\t1\tSTART\t1591718392166\t1591718392166\n\
         REQUEST\t1\tg\thome\t1591718392200\t1591718392300\tOK\t \n\
         GROUP\t1\tg\t1591718392200\t1591718392300\t100\tOK\n\
         USER\tbrowse\t1\tEND\t1591718392166\t1591718393166\n",
        // 2.0
        "RUN\tx.Y\t\ty\t1591718392166\tName\t2.0\n\
         USER\tbrowse\t1\tSTART\t1591718392166\t1591718392166\n\
         REQUEST\tbrowse\t1\tg\thome\t1591718392200\t1591718392300\tOK\t \n\
         GROUP\tbrowse\t1\tg\t1591718392200\t1591718392300\t100\tOK\n\
         USER\tbrowse\t1\tEND\t1591718392166\t1591718393166\n",
    ] {
        let (samples, lines) = read(log);
        assert_eq!(
            samples,
            [
                "1591718392.166 vus 1",
                "1591718392.300 http_reqs 1 expected_response=true group=::g name=home scenario=browse",
                "1591718392.300 http_req_duration 100 expected_response=true group=::g name=home scenario=browse",
                "1591718392.300 http_req_failed 0 expected_response=true group=::g name=home scenario=browse",
                "1591718392.300 group_duration 100 group=::g scenario=browse",
                "1591718393.166 vus 0",
                "1591718393.166 iterations 1 scenario=browse",
                "1591718393.166 iteration_duration 1000 scenario=browse",
            ],
            "{log}"
        );
        assert_eq!(lines.told().count(), 0);
    }
}

#[test]
fn a_broken_line_is_told_and_a_half_last_one_left_out() {
    let (samples, lines) = read(
        "RUN\tx.Y\ty\t1591718392166\t \t3.9.0\n\
         REQUEST\t\thome\t1591718392200\tx\tOK\t \n\
         what is this\n\
         REQUEST\t\thome\t1591718392200\t15917",
    );
    assert!(samples.is_empty(), "{samples:?}");
    let told: Vec<u64> = lines.told().map(|(line, _)| line).collect();
    assert_eq!(told, [1, 2]);
    assert!(lines.half);
}

#[test]
fn the_binary_log_is_recognised() {
    assert!(is_binary(b"\0\0\0\0\x063.12.0\x00\0\0\0\x08x.Y"));
    assert!(is_binary(b"\0\0\0\0\x063.13.1"));
    for other in [&b"\0\0\0\0"[..], b"\0\0\0\0\x06abcdef", b"RUN\tx", b""] {
        assert!(!is_binary(other), "{other:?}");
    }
}
