use std::io::Cursor;
use std::sync::Arc;

use brunt_metrics::{Interner, Registry};
use proptest::prelude::*;

use super::*;
use crate::foreign::testing::told;
use crate::series::Known;

fn known() -> Known {
    Known {
        registry: Arc::new(Registry::new()),
        interner: Arc::new(Interner::new(1000)),
    }
}

fn read_csv(file: &str) -> (Vec<String>, Lines) {
    let known = known();
    let columns = Columns::read(file.lines().next().unwrap().as_bytes()).expect("JMeter's");
    let mut lines = Lines::default();
    JmeterCsvReader::new(known.clone()).read(file.as_bytes(), &columns, &mut lines);
    (told(&known, &lines), lines)
}

fn read_xml(file: &[u8]) -> std::io::Result<(Vec<String>, Lines, State)> {
    let known = known();
    let mut reader = JmeterXmlReader::new(known.clone(), Box::new(Cursor::new(file.to_vec())));
    let mut lines = Lines::default();
    let state = reader.read(&mut lines)?;
    Ok((told(&known, &lines), lines, state))
}

const HEADER: &str = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n";

const ROWS: &str = "\
1662749136019,170,get it,200,OK,Thread Group 1-1,text,true,,1430,129,1,1,http://a/1,162,0,100
1662749137019,10,get it,404,Not Found,Thread Group 1-2,text,false,,30,12,1,2,http://a/2,9,0,0
1662749137020,5,\"say \"\"hi\"\"
there\",Non HTTP response code: java.net.ConnectException,Non HTTP response message: Connection refused,Shop 2-1,text,false,,0,0,1,2,null,0,0,5
1662749138000,900,buy,200,\"Number of samples in transaction : 2, number of failing samples : 0\",Shop 2-1,,true,,1460,141,1,2,null,0,0,0
1662749138100,20,check it,200,OK,Shop 2-1,text,false,Test failed: text expected to contain /ok/,5,6,1,2,http://a/3,19,0,0
";

/// What they are in k6's metrics.
const SAMPLES: [&str; 30] = [
    "1662749136.189 http_reqs 1 expected_response=true name=get it scenario=Thread Group status=200 url=http://a/1",
    "1662749136.189 http_req_duration 170 expected_response=true name=get it scenario=Thread Group status=200 url=http://a/1",
    "1662749136.189 http_req_failed 0 expected_response=true name=get it scenario=Thread Group status=200 url=http://a/1",
    "1662749136.189 http_req_waiting 162 expected_response=true name=get it scenario=Thread Group status=200 url=http://a/1",
    "1662749136.189 http_req_connecting 100 expected_response=true name=get it scenario=Thread Group status=200 url=http://a/1",
    "1662749136.189 data_sent 129 scenario=Thread Group",
    "1662749136.189 data_received 1430 scenario=Thread Group",
    "1662749136.189 vus 1",
    "1662749137.029 http_reqs 1 error_code=1404 expected_response=false name=get it scenario=Thread Group status=404 url=http://a/2",
    "1662749137.029 http_req_duration 10 error_code=1404 expected_response=false name=get it scenario=Thread Group status=404 url=http://a/2",
    "1662749137.029 http_req_failed 1 error_code=1404 expected_response=false name=get it scenario=Thread Group status=404 url=http://a/2",
    "1662749137.029 http_req_waiting 9 error_code=1404 expected_response=false name=get it scenario=Thread Group status=404 url=http://a/2",
    "1662749137.029 http_req_connecting 0 error_code=1404 expected_response=false name=get it scenario=Thread Group status=404 url=http://a/2",
    "1662749137.029 data_sent 12 scenario=Thread Group",
    "1662749137.029 data_received 30 scenario=Thread Group",
    "1662749137.029 vus 2",
    "1662749137.025 http_reqs 1 error=java.net.ConnectException: Connection refused error_code=1212 expected_response=false name=say \"hi\"\nthere scenario=Shop status=0",
    "1662749137.025 http_req_duration 5 error=java.net.ConnectException: Connection refused error_code=1212 expected_response=false name=say \"hi\"\nthere scenario=Shop status=0",
    "1662749137.025 http_req_failed 1 error=java.net.ConnectException: Connection refused error_code=1212 expected_response=false name=say \"hi\"\nthere scenario=Shop status=0",
    "1662749137.025 http_req_waiting 0 error=java.net.ConnectException: Connection refused error_code=1212 expected_response=false name=say \"hi\"\nthere scenario=Shop status=0",
    "1662749137.025 http_req_connecting 5 error=java.net.ConnectException: Connection refused error_code=1212 expected_response=false name=say \"hi\"\nthere scenario=Shop status=0",
    "1662749137.025 data_sent 0 scenario=Shop",
    "1662749137.025 data_received 0 scenario=Shop",
    "1662749138.900 group_duration 900 group=::buy scenario=Shop",
    "1662749138.900 vus 2",
    "1662749138.120 http_reqs 1 error=Test failed: text expected to contain /ok/ expected_response=false name=check it scenario=Shop status=200 url=http://a/3",
    "1662749138.120 http_req_duration 20 error=Test failed: text expected to contain /ok/ expected_response=false name=check it scenario=Shop status=200 url=http://a/3",
    "1662749138.120 http_req_failed 1 error=Test failed: text expected to contain /ok/ expected_response=false name=check it scenario=Shop status=200 url=http://a/3",
    "1662749138.120 http_req_waiting 19 error=Test failed: text expected to contain /ok/ expected_response=false name=check it scenario=Shop status=200 url=http://a/3",
    "1662749138.120 http_req_connecting 0 error=Test failed: text expected to contain /ok/ expected_response=false name=check it scenario=Shop status=200 url=http://a/3",
];

#[track_caller]
fn is_the_same((samples, lines): &(Vec<String>, Lines), seen: u64) {
    let expected: Vec<&str> = SAMPLES.to_vec();
    let known: Vec<&str> = samples
        .iter()
        .take(expected.len())
        .map(String::as_str)
        .collect();
    assert_eq!(known, expected);
    // Of the last request: two more, of its place.
    assert_eq!(samples.len(), SAMPLES.len() + 2);
    assert_eq!((lines.seen, lines.told().count()), (seen, 0));
}

#[test]
fn samples_of_a_csv_file_are_k6s_metrics() {
    is_the_same(&read_csv(&format!("{HEADER}{ROWS}")), 7);
}

#[test]
fn a_file_without_names_of_columns_is_read_in_jmeters_order() {
    is_the_same(&read_csv(ROWS), 6);
    // Before version 5 there was no URL.
    let old =
        "1662749136019,170,get it,200,OK,Thread Group 1-1,text,true,,1430,129,1,1,162,0,100\n";
    let (samples, lines) = read_csv(old);
    assert_eq!(
        samples[3],
        "1662749136.189 http_req_waiting 162 expected_response=true name=get it scenario=Thread Group status=200"
    );
    assert_eq!(lines.told().count(), 0);
}

#[test]
fn columns_may_stand_in_any_order_with_any_delimiter() {
    for delimiter in [b';', b'\t', b'|'] {
        let mut reader = ::csv::Reader::from_reader(HEADER.as_bytes());
        let names = reader.headers().unwrap().clone();
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(ROWS.as_bytes());
        let mut writer = ::csv::WriterBuilder::new()
            .delimiter(delimiter)
            .from_writer(Vec::new());
        let turned =
            |row: &::csv::StringRecord| row.iter().rev().map(str::to_owned).collect::<Vec<_>>();
        writer.write_record(turned(&names)).unwrap();
        for row in reader.records() {
            writer.write_record(turned(&row.unwrap())).unwrap();
        }
        let file = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        is_the_same(&read_csv(&file), 7);
    }
}

#[test]
fn broken_rows_are_told_with_their_line() {
    let file = format!(
        "{HEADER}{ROWS}1662749138100,20\n{HEADER}\
         2022/09/09 18:45:36,20,a,200,OK,Shop 2-1,text,true,,5,6,1,2,http://a/3,19,0,0\n\
         1662749138100,x,a,200,OK,Shop 2-1,text,true,,5,6,1,2,http://a/3,19,0,0\n\
         1662749138100,20,a,200,OK,Shop 2-1,text,perhaps,,5,6,1,2,http://a/3,19,0,0\n\
         1662749138100,20,a,200,OK,Sh"
    );
    let (_, lines) = read_csv(&file);
    let told: Vec<u64> = lines.told().map(|(line, _)| line).collect();
    assert_eq!(told, [7, 9, 10, 11]);
    assert!(lines.half);
}

#[test]
fn rows_that_stand_for_several_samples_are_refused() {
    let file = "timeStamp,elapsed,label,success,SampleCount\n1662749138100,20,a,true,1\n1662749138100,20,a,true,5\n";
    let (samples, lines) = read_csv(file);
    assert_eq!(samples.len(), 3);
    assert_eq!(lines.told().map(|(line, _)| line).collect::<Vec<_>>(), [2]);
}

#[test]
fn what_is_none_of_jmeters_is_not_taken_for_it() {
    for row in [
        "metric_name,timestamp,metric_value,extra_tags,metadata",
        "a,b,c",
        "",
        "timeStamp,value",
        "1662749136019,170,get it,200,OK,Thread Group 1-1,text,maybe,,1430,129,1,1,162,0,100",
    ] {
        assert_eq!(Columns::read(row.as_bytes()), None, "{row}");
    }
}

#[test]
fn thread_groups_are_scenarios() {
    for (thread, scenario) in [
        ("Thread Group 1-12", "Thread Group"),
        ("10.0.0.1-Shop 2-1", "10.0.0.1-Shop"),
        ("jp@gc - Ultimate 1-1", "jp@gc - Ultimate"),
        ("no numbers", "no numbers"),
        ("main a-1", "main a-1"),
        ("", ""),
    ] {
        let row = Row {
            thread,
            ..Row::default()
        };
        assert_eq!(row.scenario(), scenario);
    }
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="170" it="0" lt="162" ct="100" ts="1662749136019" s="true" lb="a &amp; b" rc="200" rm="OK" tn="Shop 1-1" dt="text" by="1430" sby="129" ng="1" na="1" hn="gen-1">
  <httpSample t="20" it="0" lt="19" ct="0" ts="1662749136020" s="true" lb="a &amp; b-0" rc="302" rm="Found" tn="Shop 1-1" dt="text" by="130" sby="60" ng="1" na="1">
    <java.net.URL>http://a/old</java.net.URL>
  </httpSample>
  <assertionResult>
    <name>has &lt;b&gt;</name>
    <failure>false</failure>
    <error>false</error>
  </assertionResult>
  <responseHeader class="java.lang.String">HTTP/1.1 200 OK</responseHeader>
  <responseData class="java.lang.String"><![CDATA[<httpSample t="1"/>]]></responseData>
  <method class="java.lang.String">GET</method>
  <java.net.URL>http://a/1?x=1&amp;y=2</java.net.URL>
</httpSample>
<sample t="900" it="0" lt="0" ct="0" ts="1662749138000" s="false" lb="buy" rc="" rm="Number of samples in transaction : 1, number of failing samples : 1" tn="Shop 1-1" dt="" by="30" sby="12" ng="1" na="1">
  <httpSample t="10" it="0" lt="9" ct="0" ts="1662749138001" s="false" lb="order" rc="200" rm="OK" tn="Shop 1-1" dt="text" by="30" sby="12" ng="1" na="1">
    <assertionResult><name>ok</name><failure>true</failure><error>false</error><failureMessage>Test failed: no
ok</failureMessage></assertionResult>
    <java.net.URL>http://a/2</java.net.URL>
  </httpSample>
</sample>
</testResults>
"#;

#[test]
fn xml_counts_requests_once_and_puts_them_into_their_transactions() {
    let (samples, lines, state) = read_xml(XML.as_bytes()).unwrap();
    let first = "expected_response=true instance=gen-1 method=GET name=a & b scenario=Shop status=200 url=http://a/1?x=1&y=2";
    let second = "error=Test failed: no\nok expected_response=false group=::buy name=order scenario=Shop status=200 url=http://a/2";
    let second = second.replace("expected_response", "error_code=1000 expected_response");
    // A status that says nothing of an error gives no code.
    let second = second.replace("error_code=1000 ", "");
    assert_eq!(
        samples,
        [
            "1662749136.040 vus 1".to_owned(),
            format!("1662749136.189 http_reqs 1 {first}"),
            format!("1662749136.189 http_req_duration 170 {first}"),
            format!("1662749136.189 http_req_failed 0 {first}"),
            format!("1662749136.189 http_req_waiting 162 {first}"),
            format!("1662749136.189 http_req_connecting 100 {first}"),
            "1662749136.189 data_sent 129 instance=gen-1 scenario=Shop".to_owned(),
            "1662749136.189 data_received 1430 instance=gen-1 scenario=Shop".to_owned(),
            "1662749136.189 checks 1 check=has <b> instance=gen-1 name=a & b scenario=Shop"
                .to_owned(),
            format!("1662749138.011 http_reqs 1 {second}"),
            format!("1662749138.011 http_req_duration 10 {second}"),
            format!("1662749138.011 http_req_failed 1 {second}"),
            format!("1662749138.011 http_req_waiting 9 {second}"),
            format!("1662749138.011 http_req_connecting 0 {second}"),
            "1662749138.011 data_sent 12 group=::buy scenario=Shop".to_owned(),
            "1662749138.011 data_received 30 group=::buy scenario=Shop".to_owned(),
            "1662749138.011 vus 1".to_owned(),
            "1662749138.011 checks 0 check=ok group=::buy name=order scenario=Shop".to_owned(),
            "1662749138.900 group_duration 900 group=::buy scenario=Shop".to_owned(),
        ]
    );
    assert_eq!(state, State::Whole);
    assert_eq!(
        (lines.seen, lines.told().count()),
        (XML.lines().count() as u64, 0)
    );
}

#[test]
fn xml_and_csv_of_a_sample_say_the_same() {
    let csv = format!(
        "{HEADER}1662749136019,170,get it,200,OK,Thread Group 1-1,text,true,,1430,129,1,1,http://a/1,162,0,100\n"
    );
    let xml = r#"<testResults version="1.2"><httpSample t="170" lt="162" ct="100" ts="1662749136019" s="true" lb="get it" rc="200" rm="OK" tn="Thread Group 1-1" by="1430" sby="129" na="1"><java.net.URL>http://a/1</java.net.URL></httpSample></testResults>"#;
    assert_eq!(read_csv(&csv).0, read_xml(xml.as_bytes()).unwrap().0);
}

#[test]
fn a_broken_sample_of_xml_is_told_and_the_next_one_read() {
    let xml = "<testResults>\n<sample ts=\"x\" t=\"1\" s=\"true\" lb=\"a\"/>\n<sample ts=\"1662749136019\" t=\"1\" s=\"true\" lb=\"b\"/>\n</testResults>";
    let (samples, lines, _) = read_xml(xml.as_bytes()).unwrap();
    assert_eq!(samples.len(), 3);
    assert_eq!(lines.told().collect::<Vec<_>>(), [(1, 14)]);
}

#[test]
fn what_is_nested_too_deep_or_never_ends_is_an_error() {
    let deep = format!("<testResults>{}", "<sample>".repeat(1000));
    let error = read_xml(deep.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("nested too deep"), "{error}");
    let endless = std::io::Read::chain(
        Cursor::new(b"<testResults><a>".to_vec()),
        std::io::repeat(b'x'),
    );
    let mut reader = JmeterXmlReader::new(known(), Box::new(endless));
    let error = reader.read(&mut Lines::default()).unwrap_err().to_string();
    assert!(error.contains("longer than 32 MiB"), "{error}");
    let error = read_xml(b"<testResults><a></b></testResults>")
        .unwrap_err()
        .to_string();
    assert!(error.contains("at byte "), "{error}");
}

proptest! {
    /// JMeter writes no end when it is killed.
    #[test]
    fn a_file_that_was_cut_off_anywhere_is_read_as_far_as_it_goes(at in 45..XML.len() - 16) {
        let (samples, lines, state) = read_xml(&XML.as_bytes()[..at]).unwrap();
        let whole = read_xml(XML.as_bytes()).unwrap().0;
        prop_assert!(whole.starts_with(&samples));
        prop_assert_eq!(state, State::Cut);
        prop_assert_eq!(lines.told().count(), 0);
    }

    #[test]
    fn no_text_is_a_panic(text in proptest::collection::vec(prop_oneof![
        Just("<"), Just(">"), Just("sample"), Just("\""), Just(" t="), Just("&"), Just(";"), Just("/"), Just("1"), Just("<![CDATA["), Just("]]>")
    ], 0..40)) {
        let _ = read_xml(text.concat().as_bytes());
    }
}
