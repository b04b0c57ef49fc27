//! The service of a target: which one, with which keys, and for how long it signs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::signer::Signer;
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};
use url::Url;

use super::error::Words;
use super::{Environment, Error, Options, Target, is_fetchable, is_loopback};

/// The longest that S3 and Google sign for.
///
/// S3: "at most seven days", `AuthenticatingRequests` of its API reference; Google: 604800 s in V4 signing. Both read 2026-11.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// Azure's keys for signing last seven days from its own clock's now; a day of room for ours.
const AZURE_LIFE: Duration = Duration::from_secs(6 * 86_400);

/// Google signs with the machine's own account for 12 hours only.
const GOOGLE_MACHINE_LIFE: Duration = Duration::from_secs(12 * 3_600);

/// A lasting upload over a slow line must not be cut; a dead line must be noticed.
const TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How addresses are signed, and for how long.
#[derive(Debug)]
pub(super) struct Signing {
    pub(super) signer: Arc<dyn Signer>,
    pub(super) life: Duration,
}

/// The opened service of a target.
pub(super) struct Backend {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) signing: Option<Signing>,
    /// What a user should know when addresses are signed.
    pub(super) note: Option<String>,
    pub(super) words: Words,
}

/// Opens what `options` name; nothing is sent.
pub(super) fn open(options: &Options) -> Result<Backend, Error> {
    let (target, environment) = (&options.target, &options.environment);
    if let Some(name) = environment.broken() {
        return Err(Error::Settings {
            message: format!(
                "the environment variable `{name}` holds characters that its value cannot have"
            ),
            hint: "set it anew; an `.env` file from Windows ends its lines with one more character"
                .into(),
        });
    }
    match target {
        Target::S3 { bucket, .. } => s3(target, bucket, environment),
        Target::Gcs { bucket, .. } => gcs(target, bucket, environment),
        Target::Azure { container, .. } => azure(target, container, environment),
        Target::Folder(dir) => folder(dir, options),
    }
}

/// A folder without an address.
pub(super) fn unseen() -> Error {
    Error::Settings {
        message: "`[upload] to` is a folder, and nobody outside can see into it".into(),
        hint: "add `public_url`, the https address under which a web server shows it, or rehearse with `--sandbox`"
            .into(),
    }
}

/// As long as any store may take.
fn client() -> ClientOptions {
    ClientOptions::new()
        .with_timeout(TIMEOUT)
        .with_connect_timeout(CONNECT_TIMEOUT)
}

/// Reaches a service on this machine or in a private network directly: a proxy for the outside does not know it.
#[derive(Debug)]
struct Direct;

impl HttpConnector for Direct {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .build();
        let client = client.map_err(|source| object_store::Error::Generic {
            store: "HTTP",
            source: Box::new(source),
        })?;
        Ok(HttpClient::new(client))
    }
}

/// Whether an endpoint is reached without a proxy.
fn is_near(endpoint: Option<&str>) -> bool {
    let url = endpoint.and_then(|endpoint| Url::parse(endpoint).ok());
    url.is_some_and(|url| super::is_near(&url))
}

/// A few quick tries; the longer ones are the pipeline's.
fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 3,
        retry_timeout: Duration::from_secs(60),
    }
}

fn s3(target: &Target, bucket: &str, environment: &Environment) -> Result<Backend, Error> {
    let environment = environment.clone().with_aws_profile().map_err(|e| {
        let message = format!("the AWS profile `{}` holds no keys", e.0);
        Error::Settings {
            message,
            hint: "only access keys are read from `~/.aws`; for a role or a sign-in, \
                   `eval \"$(aws configure export-credentials --format env)\"`"
                .into(),
        }
    })?;
    let is_static = environment.get("AWS_ACCESS_KEY_ID").is_some();
    let is_session = !is_static || environment.get("AWS_SESSION_TOKEN").is_some();
    let hint = (!is_static).then(|| {
        "no AWS keys are in the environment or `~/.aws/credentials`, and what this machine itself was given did not do"
            .to_owned()
    });
    let words = Words::new(target, &environment, hint);
    let mut builder = environment.starting_with("AWS_").fold(
        AmazonS3Builder::new()
            .with_client_options(client())
            .with_retry(retry()),
        |builder, (key, value)| match key.to_ascii_lowercase().parse() {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        },
    );
    let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
        .iter()
        .find_map(|key| builder.get_config_value(key));
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region);
    match &endpoint {
        Some(endpoint) => {
            let is_r2 = endpoint.contains(".r2.cloudflarestorage.com");
            if is_r2 && region.is_none() {
                builder = builder.with_region("auto");
            }
        }
        None => {
            let is_said = environment
                .get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST")
                .is_some();
            // the bucket's own host, as Amazon recommends; its certificate does not hold for names with dots
            if !is_said && !bucket.contains('.') {
                builder = builder.with_virtual_hosted_style_request(true);
            }
        }
    }
    if is_near(endpoint.as_deref()) {
        builder = builder.with_http_connector(Direct);
    }
    let store = builder
        .with_allow_http(may_be_plain("AWS_ENDPOINT_URL", endpoint)?)
        .with_bucket_name(bucket)
        .build()
        .map_err(|e| words.settings(&e))?;
    let store = Arc::new(store);
    Ok(Backend {
        objects: store.clone(),
        signing: Some(Signing {
            signer: store,
            life: WEEK,
        }),
        note: is_session.then(|| {
            "addresses are signed with passing credentials and end with them, maybe before the platform has fetched: \
             use a lasting access key, or name a `public_url`"
                .to_owned()
        }),
        words,
    })
}

/// Whether the endpoint is spoken to over plain http: only one on this machine may be.
fn may_be_plain(variable: &str, endpoint: Option<String>) -> Result<bool, Error> {
    let Some(endpoint) = endpoint else {
        return Ok(false);
    };
    match Url::parse(&endpoint) {
        Ok(url) if is_fetchable(&url) => Ok(is_loopback(&url)),
        _ => Err(Error::Settings {
            message: format!("`{variable}` is not an address that can be used"),
            hint: "`https://…`; plain http only on this machine, such as `http://127.0.0.1:9000`"
                .into(),
        }),
    }
}

fn gcs(target: &Target, bucket: &str, environment: &Environment) -> Result<Backend, Error> {
    let has_key = environment.has_any(&[
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_PATH",
        "GOOGLE_SERVICE_ACCOUNT_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "SERVICE_ACCOUNT",
    ]);
    let hint = (!has_key).then(|| {
        "no Google key is named by `GOOGLE_APPLICATION_CREDENTIALS`, and what this machine itself was given did not do"
            .to_owned()
    });
    let words = Words::new(target, environment, hint);
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_client_options(client())
        .with_retry(retry());
    if let Some(path) = environment.get("SERVICE_ACCOUNT") {
        builder = builder.with_service_account_path(path);
    }
    builder = environment
        .starting_with("GOOGLE_")
        .fold(builder, |builder, (key, value)| {
            match key.to_ascii_lowercase().parse() {
                Ok(key) => builder.with_config(key, value),
                Err(_) => builder,
            }
        });
    let endpoint = builder.get_config_value(&GoogleConfigKey::BaseUrl);
    if is_near(endpoint.as_deref()) {
        builder = builder.with_http_connector(Direct);
    }
    let allow_http = may_be_plain("GOOGLE_BASE_URL", endpoint)?;
    let http = GoogleConfigKey::Client(ClientConfigKey::AllowHttp);
    let store = builder
        .with_config(http, allow_http.to_string())
        .with_bucket_name(bucket)
        .build()
        .map_err(|e| words.settings(&e))?;
    let store = Arc::new(store);
    Ok(Backend {
        objects: store.clone(),
        signing: Some(Signing {
            signer: store,
            life: if has_key { WEEK } else { GOOGLE_MACHINE_LIFE },
        }),
        note: (!has_key).then(|| {
            "Google signs with this machine's own account for 12 hours, half the time that the platform may take: \
             name a key with `GOOGLE_APPLICATION_CREDENTIALS`, or a `public_url`"
                .to_owned()
        }),
        words,
    })
}

fn azure(target: &Target, container: &str, environment: &Environment) -> Result<Backend, Error> {
    let words = Words::new(target, environment, None);
    let is_emulator = environment
        .get("AZURE_STORAGE_USE_EMULATOR")
        .is_some_and(|message| {
            matches!(
                message.to_ascii_lowercase().as_str(),
                "1" | "true" | "on" | "yes"
            )
        });
    let mut builder = environment.starting_with("AZURE_").fold(
        MicrosoftAzureBuilder::new()
            .with_client_options(client())
            .with_retry(retry()),
        |builder, (key, value)| match key.to_ascii_lowercase().parse() {
            Ok(key) => builder.with_config(key, value),
            Err(_) => builder,
        },
    );
    let endpoint = builder.get_config_value(&AzureConfigKey::Endpoint);
    if is_emulator || is_near(endpoint.as_deref()) {
        builder = builder.with_http_connector(Direct);
    }
    let allow_http = is_emulator || may_be_plain("AZURE_STORAGE_ENDPOINT", endpoint)?;
    let store = builder
        .with_allow_http(allow_http)
        .with_container_name(container)
        .build()
        .map_err(|e| words.settings(&e))?;
    let store = Arc::new(store);
    Ok(Backend {
        objects: store.clone(),
        signing: Some(Signing {
            signer: store,
            life: AZURE_LIFE,
        }),
        note: None,
        words,
    })
}

fn folder(dir: &Path, options: &Options) -> Result<Backend, Error> {
    let words = Words::new(&options.target, &options.environment, None);
    if options.public_url.is_none() {
        return Err(unseen());
    }
    std::fs::create_dir_all(dir).map_err(|source| Error::File {
        path: dir.to_owned(),
        source,
    })?;
    let store = LocalFileSystem::new_with_prefix(dir).map_err(|e| words.settings(&e))?;
    Ok(Backend {
        objects: Arc::new(store),
        signing: None,
        note: None,
        words,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_reached_without_a_proxy() {
        for near in [
            "http://127.0.0.1:9000",
            "http://localhost:9000",
            "http://[::1]:9000",
            "https://192.168.1.4:9000",
            "https://10.0.0.1",
            "https://minio:9000",
            "https://files.local",
        ] {
            assert!(is_near(Some(near)), "{near}");
        }
        for far in ["https://s3.amazonaws.com", "https://8.8.8.8", "minio"] {
            assert!(!is_near(Some(far)), "{far}");
        }
        assert!(!is_near(None));
    }
}
