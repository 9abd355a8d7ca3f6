use std::sync::Arc;

use brunt_output::kit::{self, Fixture};
use brunt_output::{Catalogue, Environment, Item};

use super::*;

fn describe(argument: &str, environment: &Environment) -> Result<String, String> {
    let made = Catalogue::new()
        .with(Csv)
        .configure(&[argument.to_owned()], environment);
    made.map(|outputs| outputs[0].output.describe())
        .map_err(|error| error.to_string())
}

#[test]
fn targets_and_keys_name_the_file() {
    let none = Environment::new();
    let some: Environment = [("K6_CSV_FILENAME".to_owned(), "env.csv".to_owned())].into();
    let table = [
        ("csv", &none, "csv (file.csv)"),
        ("csv=a.csv", &some, "csv (a.csv)"),
        ("csv", &some, "csv (env.csv)"),
        ("csv=fileName=b.csv,saveInterval=1s", &some, "csv (b.csv)"),
        ("csv=-", &none, "csv (stdout)"),
    ];
    for (argument, environment, expected) in table {
        assert_eq!(
            describe(argument, environment).unwrap(),
            expected,
            "{argument}"
        );
    }
}

#[test]
fn wrong_values_are_told_with_what_would_be_right() {
    let table = [
        ("csv=a,timeFormat=rfc", "rfc3339_nano"),
        ("csv=a,precision=7", "full or k6"),
        ("csv=a,compat=k7", "k6"),
        ("csv=a,saveInterval=often", "a duration"),
    ];
    for (argument, hint) in table {
        let error = describe(argument, &Environment::new()).unwrap_err();
        assert!(error.contains(hint), "{error}");
    }
}

#[tokio::test]
async fn a_file_holds_every_sample() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.csv");
    let fixture = Fixture::new();
    let series = fixture.series("http_req_duration", &[("url", "a\nb")]);
    let samples: Vec<_> = (0..3_000).map(|at| (series, at, at as f64 / 7.0)).collect();
    let items = [Item::Samples(Arc::new(fixture.batch(&samples)))];
    let make = || {
        let settings = Settings {
            target: path.to_str().unwrap().to_owned(),
            ..Settings::default()
        };
        Csv.configure(&settings).unwrap()
    };
    let fed = kit::conform(make, &items, fixture.context()).await.unwrap();
    assert_eq!(fed.counts.delivered, 3_000);
    let text = std::fs::read(&path).unwrap();
    assert_eq!(fed.counts.bytes, text.len() as u64);
    let rows = csv::Reader::from_reader(&text[..]).records().count();
    assert_eq!(rows, 3_000);
}
