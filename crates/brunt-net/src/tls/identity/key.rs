//! Private keys in PEM, encrypted or not.
//!
//! `rustls` reads the plain forms, `pkcs8` the encrypted one of PKCS#8. OpenSSL's older form, which
//! is the only one that k6 can decrypt, is decrypted here: a hash and AES.

use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};

use super::IdentityError;

const ENCRYPTED_PKCS8: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// What to do with a key that is encrypted in a way that is not supported.
const CONVERT: &str = "convert it with `openssl pkey -in KEY.pem -aes256 -out NEW.pem`";

fn error(text: impl Into<String>) -> IdentityError {
    IdentityError::Key(text.into())
}

/// Reads the first private key of a PEM text.
pub(crate) fn read(
    pem: &str,
    password: Option<&str>,
) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let password = || {
        password
            .filter(|it| !it.is_empty())
            .ok_or_else(|| error("it is encrypted, and no `password` is given"))
    };
    if let Some(at) = pem.find(ENCRYPTED_PKCS8) {
        return pkcs8(&pem[at..], password()?);
    }
    if let Some(section) = OpenSsl::find(pem) {
        return section.decrypt(password()?);
    }
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|reason| {
        error(format!(
            "no private key in PEM form (BEGIN PRIVATE KEY) in it: {reason}"
        ))
    })
}

fn pkcs8(pem: &str, password: &str) -> Result<PrivateKeyDer<'static>, IdentityError> {
    const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
    let end = pem
        .find(END)
        .ok_or_else(|| error("the end of the key is missing"))?;
    let der = decode(&pem[ENCRYPTED_PKCS8.len()..end])?;
    let info = pkcs8::EncryptedPrivateKeyInfoRef::try_from(der.as_slice())
        .map_err(|reason| error(reason.to_string()))?;
    let plain = info.decrypt(password).map_err(|_| {
        error(format!(
            "it cannot be decrypted: wrong password, or a cipher that is not supported ({CONVERT})"
        ))
    })?;
    Ok(PrivatePkcs8KeyDer::from(plain.as_bytes().to_vec()).into())
}

/// The key's bytes in base64, with line ends.
fn decode(text: &str) -> Result<Vec<u8>, IdentityError> {
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD
        .decode(text)
        .map_err(|reason| error(format!("broken base64: {reason}")))
}

/// A section with the header lines of RFC 1421 that OpenSSL writes.
struct OpenSsl<'a> {
    /// What stands between `BEGIN` and `PRIVATE KEY`.
    kind: &'a str,
    cipher: &'a str,
    iv: &'a str,
    data: &'a str,
}

impl<'a> OpenSsl<'a> {
    fn find(pem: &'a str) -> Option<Self> {
        let (_, rest) = pem.split_once("-----BEGIN ")?;
        let (kind, rest) = rest.split_once(" PRIVATE KEY-----")?;
        let (section, _) = rest.split_once("-----END")?;
        if !section.contains("Proc-Type: 4,ENCRYPTED") {
            return None;
        }
        let (_, info) = section.split_once("DEK-Info:")?;
        let (info, data) = info.split_once('\n')?;
        let (cipher, iv) = info.trim().split_once(',')?;
        Some(Self {
            kind,
            cipher,
            iv,
            data,
        })
    }

    fn decrypt(&self, password: &str) -> Result<PrivateKeyDer<'static>, IdentityError> {
        let (algorithm, length) = match self.cipher {
            "AES-128-CBC" => (&AES_128, 16),
            "AES-256-CBC" => (&AES_256, 32),
            other => {
                return Err(error(format!(
                    "it is encrypted with {other}, which is not supported: {CONVERT}"
                )));
            }
        };
        let iv = hex(self.iv)
            .and_then(|iv| <[u8; 16]>::try_from(iv).ok())
            .ok_or_else(|| error("broken DEK-Info"))?;
        let mut data = decode(self.data)?;
        let wrong = || error("it cannot be decrypted: wrong password");
        let secret = derive(password.as_bytes(), &iv[..8], length);
        let key = UnboundCipherKey::new(algorithm, &secret).map_err(|_| wrong())?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| wrong())?;
        let plain = key
            .decrypt(&mut data, DecryptionContext::Iv128(FixedLength::from(&iv)))
            .map_err(|_| wrong())?
            .to_vec();
        // A wrong password leaves valid padding now and then, but never a key.
        if plain.first() != Some(&0x30) {
            return Err(wrong());
        }
        Ok(match self.kind {
            "RSA" => PrivatePkcs1KeyDer::from(plain).into(),
            "EC" => PrivateSec1KeyDer::from(plain).into(),
            _ => PrivatePkcs8KeyDer::from(plain).into(),
        })
    }
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round.
fn derive(password: &[u8], salt: &[u8], length: usize) -> Vec<u8> {
    let mut key: Vec<u8> = Vec::new();
    let mut last: Vec<u8> = Vec::new();
    while key.len() < length {
        let mut hash = Md5::new();
        hash.update(&last);
        hash.update(password);
        hash.update(salt);
        last = hash.finalize().to_vec();
        key.extend_from_slice(&last);
    }
    key.truncate(length);
    key
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
