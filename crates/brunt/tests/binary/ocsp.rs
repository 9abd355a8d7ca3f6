//! What a server staples to its certificate, against OpenSSL's server with answers that OpenSSL's
//! responder signed.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Brunt;

fn openssl(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(line.split_whitespace()).current_dir(folder);
    command
}

fn done(folder: &Path, line: &str) {
    let output = openssl(folder, line).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {line}: {text}");
}

/// OpenSSL's server for `localhost`, stopped when it is dropped.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// `staple` is a file with an answer, or nothing.
    fn start(folder: &Path, staple: &str) -> Self {
        let staple = match staple {
            "" => String::new(),
            file => format!("-status -status_file {file}"),
        };
        let line =
            format!("s_server -accept 127.0.0.1:0 -www -cert leaf.pem -key leaf.key {staple}");
        let mut process = openssl(folder, &line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.as_mut().unwrap()).lines();
        // `ACCEPT 127.0.0.1:40123`
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                line.strip_prefix("ACCEPT ")?
                    .rsplit(':')
                    .next()?
                    .parse()
                    .ok()
            })
            .unwrap();
        Self { process, port }
    }

    /// What a script sees in `ocsp`, and the tags of `http_reqs`.
    fn seen(&self, folder: &Path) -> (Value, Value) {
        let script = format!(
            "import http from 'k6/http';
             export const options = {{ systemTags: ['status', 'ocsp_status'] }};
             export default function () {{
               const r = http.get('https://localhost:{}/');
               console.log(JSON.stringify({{ status: r.status, error: r.error, ocsp: r.ocsp }}));
             }}",
            self.port
        );
        let authority = folder.join("ca.pem");
        let run = Brunt::script(script)
            .variable("SSL_CERT_FILE", authority.to_str().unwrap())
            .args(&["--out", "json=out.json"])
            .run()
            .expect(0);
        let console = run.console();
        let shown: Value = serde_json::from_str(&console[0]).unwrap();
        assert_eq!(
            (&shown["status"], &shown["error"]),
            (&json!(200), &json!(""))
        );
        let tags = run
            .read("out.json")
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .find(|line| line["type"] == "Point" && line["metric"] == "http_reqs")
            .map(|point| point["data"]["tags"].clone())
            .unwrap();
        (shown["ocsp"].clone(), tags)
    }
}

#[test]
fn what_a_server_staples_to_its_certificate_is_shown_and_tagged() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    done(
        at,
        &format!("req -x509 {new} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"),
    );
    done(
        at,
        &format!("req {new} -keyout leaf.key -out leaf.csr -subj /CN=localhost"),
    );
    fs::write(
        at.join("names"),
        "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n",
    )
    .unwrap();
    done(
        at,
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 1 -days 2 -extfile names -out leaf.pem",
    );
    // One line for each certificate that the responder knows: flag, end, revocation, serial, file, name.
    for (name, entry) in [
        ("good", "V\t491231235959Z\t\t01\tunknown\t/CN=localhost\n"),
        (
            "revoked",
            "R\t491231235959Z\t240102030405Z,keyCompromise\t01\tunknown\t/CN=localhost\n",
        ),
        ("unknown", "V\t491231235959Z\t\t02\tunknown\t/CN=other\n"),
    ] {
        fs::write(at.join("index.txt"), entry).unwrap();
        done(
            at,
            &format!(
                "ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -issuer ca.pem -cert leaf.pem \
             -ndays 1 -noverify -respout {name}.der"
            ),
        );
    }

    let (ocsp, tags) = Server::start(at, "good.der").seen(at);
    let time = |name: &str| ocsp[name].as_i64().unwrap();
    assert_eq!(
        (
            &ocsp["status"],
            &ocsp["revocation_reason"],
            time("revoked_at")
        ),
        (&json!("good"), &json!(""), 0)
    );
    assert_eq!(time("next_update") - time("this_update"), 24 * 3600 * 1000);
    assert!(time("produced_at") > 1_700_000_000_000 && time("produced_at") % 1000 == 0);
    assert_eq!(tags, json!({ "status": "200", "ocsp_status": "good" }));

    let (ocsp, tags) = Server::start(at, "revoked.der").seen(at);
    // 2024-01-02T03:04:05Z
    assert_eq!(ocsp["revoked_at"], json!(1_704_164_645_000_i64));
    assert_eq!(
        (&ocsp["status"], &ocsp["revocation_reason"]),
        (&json!("revoked"), &json!("key_compromise"))
    );
    assert_eq!(tags["ocsp_status"], json!("revoked"));

    let (ocsp, _) = Server::start(at, "unknown.der").seen(at);
    assert_eq!(
        (&ocsp["status"], &ocsp["revoked_at"]),
        (&json!("unknown"), &json!(0))
    );

    let (ocsp, tags) = Server::start(at, "").seen(at);
    assert_eq!(
        (&ocsp["status"], &ocsp["produced_at"]),
        (&json!(""), &json!(0))
    );
    assert_eq!(tags, json!({ "status": "200" }));
}
