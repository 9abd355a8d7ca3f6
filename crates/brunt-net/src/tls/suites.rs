//! k6's option `tlsCipherSuites`: IANA names to what rustls speaks.
//!
//! As in Go the list only chooses among the suites of TLS 1.2, unless it names some of TLS 1.3.

use rustls::{CipherSuite, SupportedCipherSuite};

use super::info::suite_name;

/// What a list of names comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CipherSuites {
    /// The names that are spoken.
    pub(crate) chosen: Vec<CipherSuite>,
    /// Names of suites that k6 knows but that are not spoken here, because they are broken or
    /// have no forward secrecy.
    pub left_out: Vec<String>,
}

impl CipherSuites {
    /// Reads names. An error says which name is none, or that nothing is left, and what there is.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let spoken = spoken();
        let mut suites = Self::default();
        for name in names {
            // Go's older spelling lacks the hash.
            let alias = format!("{name}_SHA256");
            let known = spoken.iter().find(|suite| {
                let own = suite_name(suite.suite());
                own == name || (own == alias && name.ends_with("_POLY1305"))
            });
            match known {
                Some(suite) => suites.chosen.push(suite.suite()),
                None if is_legacy(name) => suites.left_out.push(name.to_owned()),
                None => {
                    return Err(format!(
                        "there is no cipher suite {name:?}; {}",
                        list(&spoken)
                    ));
                }
            }
        }
        if suites.chosen.is_empty() && !suites.left_out.is_empty() {
            return Err(format!(
                "none of these suites is spoken here; {}",
                list(&spoken)
            ));
        }
        Ok(suites)
    }

    /// Those of `all` that may be offered; an empty choice allows all.
    pub(crate) fn filter(&self, all: &mut Vec<SupportedCipherSuite>) {
        for new in [false, true] {
            let of = |suite: &SupportedCipherSuite| matches!(suite, SupportedCipherSuite::Tls13(_));
            let named = all
                .iter()
                .any(|suite| of(suite) == new && self.chosen.contains(&suite.suite()));
            // Go cannot choose among those of TLS 1.3 and so keeps them all.
            if named || (!new && !self.chosen.is_empty()) {
                all.retain(|suite| of(suite) != new || self.chosen.contains(&suite.suite()));
            }
        }
    }
}

fn spoken() -> Vec<SupportedCipherSuite> {
    rustls::crypto::aws_lc_rs::default_provider().cipher_suites
}

fn list(suites: &[SupportedCipherSuite]) -> String {
    let names: Vec<&str> = suites.iter().map(|it| suite_name(it.suite())).collect();
    format!("there are {}", names.join(", "))
}

/// Suites that Go knows and rustls does not speak.
fn is_legacy(name: &str) -> bool {
    let broken = ["_CBC_SHA", "_RC4_128_SHA", "_3DES_EDE_CBC_SHA"];
    let known = [
        "TLS_RSA_WITH_",
        "TLS_ECDHE_RSA_WITH_",
        "TLS_ECDHE_ECDSA_WITH_",
    ]
    .iter()
    .any(|start| name.starts_with(start));
    known
        && (broken.iter().any(|part| name.contains(part)) || name.starts_with("TLS_RSA_WITH_AES_"))
        || name == "TLS_FALLBACK_SCSV"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(names: &[&str]) -> Vec<&'static str> {
        let mut all = spoken();
        CipherSuites::parse(names.iter().copied())
            .unwrap()
            .filter(&mut all);
        all.iter().map(|suite| suite_name(suite.suite())).collect()
    }

    #[test]
    fn names_choose_among_their_own_version() {
        let ecdsa = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        let chosen = offered(&[ecdsa, "TLS_RSA_WITH_AES_128_CBC_SHA"]);
        assert_eq!(chosen.len(), 4, "{chosen:?}");
        assert!(chosen.contains(&ecdsa) && chosen.contains(&"TLS_AES_128_GCM_SHA256"));
        let chosen = offered(&["TLS_AES_256_GCM_SHA384", ecdsa]);
        assert_eq!(chosen, ["TLS_AES_256_GCM_SHA384", ecdsa]);
        assert_eq!(offered(&[]).len(), spoken().len());
        let alias = offered(&["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"]);
        assert!(alias.contains(&"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"));
    }

    #[test]
    fn what_is_not_spoken_is_told() {
        let wrong = CipherSuites::parse(["TLS_NONSENSE"]).unwrap_err();
        assert!(wrong.contains("TLS_NONSENSE") && wrong.contains("TLS_AES_128_GCM_SHA256"));
        let nothing = CipherSuites::parse(["TLS_RSA_WITH_RC4_128_SHA"]).unwrap_err();
        assert!(nothing.contains("none of these"), "{nothing}");
    }
}
