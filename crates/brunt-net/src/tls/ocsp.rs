//! What a server staples to its certificate: the answer of an OCSP responder about it (RFC 6066,
//! section 8). It is read and shown to scripts, not judged: as with k6 a revoked certificate is a
//! matter for a check. RFC 6960, section 4.2.1, has the shape.

use std::fmt;
use std::sync::{Arc, OnceLock};

use der::asn1::{AnyRef, GeneralizedTime, ObjectIdentifier};
use der::{Decode, Error, ErrorKind, Reader as _, SliceReader, Tag, TagNumber};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};

use crate::exchange::Ocsp;

/// `id-pkix-ocsp-basic`, the only kind of answer that there is.
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");

/// Reasons for a revocation in k6's words, by number: RFC 5280, section 5.3.1.
const REASONS: [&str; 11] = [
    "unspecified",
    "key_compromise",
    "ca_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "certificate_hold",
    "",
    "remove_from_crl",
    "privilege_withdrawn",
    "aa_compromise",
];

/// Reads an answer. `None` for none, and for one that is malformed.
pub(crate) fn read(der: &[u8]) -> Option<Ocsp> {
    if der.is_empty() {
        return None;
    }
    response(der).ok()
}

/// `OCSPResponse`
fn response(der: &[u8]) -> Result<Ocsp, Error> {
    let mut fields = inside(der, Tag::Sequence)?;
    let status = AnyRef::decode(&mut fields)?;
    if status.value() != [0] {
        return Ok(Ocsp {
            status: "server_failed",
            ..Ocsp::default()
        });
    }
    let mut bytes = inside(tagged(&mut fields, 0)?, Tag::Sequence)?;
    if ObjectIdentifier::decode(&mut bytes)? != BASIC {
        return Err(malformed());
    }
    let basic = AnyRef::decode(&mut bytes)?;
    let mut basic = inside(basic.value(), Tag::Sequence)?;
    response_data(basic.tlv_bytes()?)
}

/// `ResponseData`, of which the first `SingleResponse` counts: one certificate was asked about.
fn response_data(der: &[u8]) -> Result<Ocsp, Error> {
    let mut fields = inside(der, Tag::Sequence)?;
    let mut field = AnyRef::decode(&mut fields)?;
    if is_context(field, 0) {
        // The version, where it is not the default.
        field = AnyRef::decode(&mut fields)?;
    }
    if !is_context(field, 1) && !is_context(field, 2) {
        // The responder's name or key should have been here.
        return Err(malformed());
    }
    let produced_at = GeneralizedTime::decode(&mut fields)?;
    let mut responses = inside(fields.tlv_bytes()?, Tag::Sequence)?;
    let mut single = inside(responses.tlv_bytes()?, Tag::Sequence)?;
    let _certificate = single.tlv_bytes()?;
    let mut ocsp = status(AnyRef::decode(&mut single)?)?;
    ocsp.produced_at = millis(&produced_at);
    ocsp.this_update = millis(&GeneralizedTime::decode(&mut single)?);
    if !single.is_finished() {
        let next = AnyRef::decode(&mut single)?;
        if is_context(next, 0) {
            ocsp.next_update = millis(&GeneralizedTime::from_der(next.value())?);
        }
    }
    Ok(ocsp)
}

/// `CertStatus`
fn status(field: AnyRef<'_>) -> Result<Ocsp, Error> {
    let mut ocsp = Ocsp::default();
    if is_context(field, 0) {
        ocsp.status = "good";
    } else if is_context(field, 1) {
        ocsp.status = "revoked";
        let mut info = SliceReader::new(field.value())?;
        ocsp.revoked_at = millis(&GeneralizedTime::decode(&mut info)?);
        ocsp.revocation_reason = REASONS[0];
        if !info.is_finished() {
            let reason = AnyRef::from_der(tagged(&mut info, 0)?)?;
            let known = reason
                .value()
                .first()
                .and_then(|it| REASONS.get(usize::from(*it)));
            ocsp.revocation_reason = known.copied().unwrap_or_default();
        }
    } else {
        ocsp.status = "unknown";
    }
    Ok(ocsp)
}

/// What an explicit field with this number holds.
fn tagged<'a>(fields: &mut SliceReader<'a>, number: u32) -> Result<&'a [u8], Error> {
    let field = AnyRef::decode(fields)?;
    if is_context(field, number) {
        Ok(field.value())
    } else {
        Err(malformed())
    }
}

/// The fields in a value that is there as a whole.
fn inside(der: &[u8], tag: Tag) -> Result<SliceReader<'_>, Error> {
    let value = AnyRef::decode(&mut SliceReader::new(der)?)?;
    der::Tagged::tag(&value).assert_eq(tag)?;
    SliceReader::new(value.value())
}

fn is_context(field: AnyRef<'_>, number: u32) -> bool {
    matches!(
        der::Tagged::tag(&field),
        Tag::ContextSpecific { number: TagNumber(it), .. } if it == number
    )
}

fn malformed() -> Error {
    ErrorKind::Failed.into()
}

/// Milliseconds since 1970.
fn millis(time: &GeneralizedTime) -> i64 {
    i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX)
}

/// What a server stapled to its certificate, once the handshake has come so far; shared with the
/// connection's [`Listener`].
#[derive(Debug, Clone, Default)]
pub(crate) struct Staple(Arc<OnceLock<Ocsp>>);

impl Staple {
    /// What it says, if there is one that can be read.
    pub(crate) fn read(&self) -> Option<Ocsp> {
        self.0.get().copied()
    }
}

/// Keeps what a server staples while somebody else judges its certificate: rustls shows it to
/// nobody but the judge.
pub(crate) struct Listener {
    judge: Arc<dyn ServerCertVerifier>,
    staple: Staple,
}

impl Listener {
    /// For one connection.
    pub(crate) fn new(judge: Arc<dyn ServerCertVerifier>, staple: Staple) -> Self {
        Self { judge, staple }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Listener {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(ocsp) = read(ocsp_response) {
            // A handshake shows its certificate once.
            let _ = self.staple.0.set(ocsp);
        }
        self.judge
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.judge.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A value of at most 255 bytes.
    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        let len = u8::try_from(value.len()).unwrap();
        let head = if len < 128 {
            vec![tag, len]
        } else {
            vec![tag, 0x81, len]
        };
        [head, value].concat()
    }

    /// An answer with this `CertStatus`, signed with nothing.
    fn answer(status: &[u8]) -> Vec<u8> {
        let time = tlv(0x18, &[b"20240102030405Z"]);
        let next = tlv(0xa0, &[&time]);
        let single = tlv(0x30, &[&tlv(0x30, &[]), status, &time, &next]);
        let key = tlv(0xa2, &[&tlv(0x04, &[b"key"])]);
        let data = tlv(0x30, &[&key, &time, &tlv(0x30, &[&single])]);
        let basic = tlv(0x04, &[&tlv(0x30, &[&data])]);
        let kind = tlv(0x06, &[BASIC.as_bytes()]);
        let bytes = tlv(0xa0, &[&tlv(0x30, &[&kind, &basic])]);
        tlv(0x30, &[&tlv(0x0a, &[&[0]]), &bytes])
    }

    #[test]
    fn reasons_are_named_and_a_responder_without_an_answer_has_a_status_of_its_own() {
        let time = tlv(0x18, &[b"20240102030405Z"]);
        for (reason, name) in [
            (Some(0), "unspecified"),
            (Some(5), "cessation_of_operation"),
            (Some(8), "remove_from_crl"),
            (Some(77), ""),
            (None, "unspecified"),
        ] {
            let reason = reason.map(|it| tlv(0xa0, &[&tlv(0x0a, &[&[it]])]));
            let revoked = tlv(0xa1, &[&time, &reason.unwrap_or_default()]);
            let ocsp = read(&answer(&revoked)).unwrap();
            assert_eq!((ocsp.status, ocsp.revocation_reason), ("revoked", name));
            assert_eq!(ocsp.revoked_at, 1_704_164_645_000);
        }
        // tryLater
        let failed = read(&tlv(0x30, &[&tlv(0x0a, &[&[3]])])).unwrap();
        assert_eq!((failed.status, failed.produced_at), ("server_failed", 0));
    }

    #[test]
    fn what_is_cut_is_like_nothing() {
        let whole = answer(&tlv(0x80, &[]));
        assert_eq!(read(&whole).unwrap().status, "good");
        for end in 0..whole.len() {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(at in 0_usize..100, byte: u8, noise: Vec<u8>) {
            let mut bent = answer(&tlv(0x80, &[]));
            let at = at % bent.len();
            bent[at] = byte;
            let _ = read(&bent);
            let _ = read(&noise);
        }
    }
}
