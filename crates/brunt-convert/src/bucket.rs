//! Result files in a bucket, `s3://BUCKET/KEY` or `s3://BUCKET/PREFIX`: fetched into temporary files before anything is
//! read.
//!
//! Not read where they are: each file is read more than once (what it is, what it declares, its samples), and Parquet
//! from its end.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as Key;
use object_store::{BackoffConfig, Error, ObjectStore as _, ObjectStoreExt as _, RetryConfig};
use tempfile::{NamedTempFile, TempPath};

/// A request that fails is repeated for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// An object, in a file that goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Its address.
    pub(crate) name: String,
    pub(crate) file: TempPath,
}

/// The object of this address, or all below it in the order of their names. Keys, tokens, endpoint and region come from
/// the environment, in all ways of `object_store`.
pub(crate) fn fetch(url: &str) -> io::Result<Vec<Fetched>> {
    let place = url.strip_prefix(super::SCHEME).unwrap_or(url);
    let (bucket, key) = place.split_once('/').unwrap_or((place, ""));
    if bucket.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "write s3://BUCKET/KEY or s3://BUCKET/PREFIX",
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let store = store(bucket).map_err(failed)?;
        let key = Key::parse(key.trim_end_matches('/')).map_err(failed)?;
        let mut fetched = Vec::new();
        for key in keys(&store, &key).await.map_err(failed)? {
            fetched.push(Fetched {
                file: copy(&store, &key).await?,
                name: format!("{}{bucket}/{key}", super::SCHEME),
            });
        }
        Ok(fetched)
    })
}

fn store(bucket: &str) -> Result<AmazonS3, Error> {
    let builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    let plain = endpoint.is_some_and(|url| url.starts_with("http://"));
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 10,
        retry_timeout: PATIENCE,
    };
    builder.with_allow_http(plain).with_retry(retry).build()
}

/// The object of this key, or those below it.
async fn keys(store: &AmazonS3, key: &Key) -> Result<Vec<Key>, Error> {
    let is_root = key.as_ref().is_empty();
    if !is_root {
        match store.head(key).await {
            Ok(_) => return Ok(vec![key.clone()]),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut objects = store.list(Some(key).filter(|_| !is_root));
    let mut keys = Vec::new();
    while let Some(object) = objects.try_next().await? {
        let is_hidden = object
            .location
            .filename()
            .is_none_or(|name| name.starts_with('.'));
        if !is_hidden && object.size > 0 {
            keys.push(object.location);
        }
    }
    keys.sort();
    Ok(keys)
}

async fn copy(store: &AmazonS3, key: &Key) -> io::Result<TempPath> {
    let mut file = NamedTempFile::new()?;
    let object = store.get(key).await.map_err(failed)?;
    let mut pieces = object.into_stream();
    while let Some(piece) = pieces.try_next().await.map_err(failed)? {
        file.write_all(&piece)?;
    }
    file.flush()?;
    Ok(file.into_temp_path())
}

fn failed(error: impl Display) -> io::Error {
    let mut reason = error.to_string();
    // Without keys in the environment a machine's own role is asked for, which most machines lack.
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
        reason.push_str(" (AWS_ACCESS_KEY_ID is not set)");
    }
    io::Error::other(reason)
}
