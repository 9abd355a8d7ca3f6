//! k6's codes for what went wrong before there was an answer, from the words of programs on the Java virtual machine.
//! Without codes, dashboards that ask for them would show such requests as if nothing had been wrong.

/// What a message says, and the code that k6 has for it; the first that fits counts.
const KINDS: [(&str, &str); 13] = [
    ("unknownhost", "1101"),
    ("no such host", "1101"),
    ("connecttimeout", "1211"),
    ("connect timed out", "1211"),
    ("connection timed out", "1211"),
    ("connection refused", "1212"),
    ("connection reset", "1220"),
    ("timeout", "1050"),
    ("timed out", "1050"),
    ("connectexception", "1210"),
    ("ssl", "1300"),
    ("socketexception", "1200"),
    ("premature", "1200"),
];

/// Of what is none of them.
const OTHER: &str = "1000";

/// The code of a message; a generic one of those that say nothing known.
pub(super) fn of(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    let kind = KINDS.iter().find(|(words, _)| message.contains(words));
    kind.map_or(OTHER, |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_jmeter_and_gatling_have_k6s_codes() {
        let table = [
            ("java.net.UnknownHostException: test.invalid", "1101"),
            (
                "org.apache.http.conn.HttpHostConnectException: Connect to localhost failed: Connection refused",
                "1212",
            ),
            ("java.net.ConnectException: Connection timed out", "1211"),
            ("java.net.SocketTimeoutException: Read timed out", "1050"),
            (
                "i.g.h.c.i.RequestTimeoutException: Request timeout to localhost/127.0.0.1:80 after 60000 ms",
                "1050",
            ),
            (
                "javax.net.ssl.SSLHandshakeException: PKIX path building failed",
                "1300",
            ),
            ("java.net.SocketException: Connection reset", "1220"),
            ("Test failed: text expected to contain /ok/", "1000"),
        ];
        for (message, code) in table {
            assert_eq!(of(message), code, "{message}");
        }
    }
}
