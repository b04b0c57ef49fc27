//! What `[upload]` says: where files go, and under which address the world finds them.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use url::Url;

use super::{Environment, is_fetchable};

/// Where files go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `s3://BUCKET/PREFIX`: Amazon S3 and its kin.
    S3 {
        /// The bucket.
        bucket: String,
        /// What stands before the names, without slashes at its ends; may be empty.
        prefix: String,
    },
    /// `gs://BUCKET/PREFIX`: Google Cloud Storage.
    Gcs {
        /// The bucket.
        bucket: String,
        /// As above.
        prefix: String,
    },
    /// `az://CONTAINER/PREFIX`: Azure Blob Storage.
    Azure {
        /// The blob container; the account comes from the environment.
        container: String,
        /// As above.
        prefix: String,
    },
    /// `file:DIR`: a folder that somebody else serves.
    Folder(PathBuf),
}

/// How files are uploaded.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where they go.
    pub target: Target,
    /// Under which address the target's files can be fetched by anybody; without it, addresses are signed.
    pub public_url: Option<Url>,
    /// Endpoint, region and keys of the target; of this process by default.
    pub environment: Environment,
}

/// A key of `[upload]` whose value cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {hint}")]
pub struct BadOption {
    /// `to` or `public_url`.
    pub key: &'static str,
    /// One sentence without its full stop.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

const TO: &str = "`s3://bucket/folder`, `gs://…`, `az://…`, or `file:DIR` for a folder that a web server of yours shows";

impl Options {
    /// Reads the two values of `[upload]`; a `file:` folder is relative to `root`.
    ///
    /// # Errors
    /// Neither a store nor a folder, or an address that the platform could not fetch from.
    pub fn new(to: &str, public_url: Option<&str>, root: &Path) -> Result<Self, BadOption> {
        Ok(Self {
            target: Target::parse(to, root)?,
            public_url: public_url.map(base_url).transpose()?,
            environment: Environment::of_process(),
        })
    }

    /// A folder that is shown at `url`, such as [`serve`](super::serve) shows it.
    pub fn served(folder: PathBuf, url: Url) -> Self {
        Self {
            target: Target::Folder(folder),
            public_url: Some(url),
            environment: Environment::default(),
        }
    }

    /// Nothing leaves this machine: a folder, or a store whose endpoint is on loopback.
    pub fn is_local(&self) -> bool {
        let here = |url: &str| Url::parse(url).is_ok_and(|url| super::is_loopback(&url));
        match &self.target {
            Target::Folder(_) => true,
            Target::S3 { .. } => ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
                .iter()
                .find_map(|key| self.environment.get(key))
                .is_some_and(here),
            _ => false,
        }
    }

    /// The folder of a `file:` target, absolute where `root` was.
    pub fn folder(&self) -> Option<&Path> {
        match &self.target {
            Target::Folder(dir) => Some(dir),
            _ => None,
        }
    }
}

impl Target {
    /// Reads `to`.
    ///
    /// # Errors
    /// Not a store or folder that files can be put into.
    pub fn parse(to: &str, root: &Path) -> Result<Self, BadOption> {
        let bad = |message: String| BadOption {
            key: "to",
            message,
            hint: TO.into(),
        };
        if let Some(dir) = to.strip_prefix("file:") {
            // `file:///dir` is the same as `file:/dir`
            let dir = dir.strip_prefix("//").unwrap_or(dir);
            if dir.is_empty() || dir.contains('\0') {
                return Err(bad(format!("`{}` names no folder", to.escape_debug())));
            }
            return Ok(Self::Folder(tidy(&root.join(dir))));
        }
        let Some((scheme, rest)) = to.split_once("://") else {
            return Err(bad(format!(
                "`{}` is no place to upload to",
                to.escape_debug()
            )));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_matches('/');
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if bucket.is_empty() || !bucket.chars().all(is_name) {
            return Err(bad(format!("`{}` names no bucket", to.escape_debug())));
        }
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.chars().all(is_name);
        if !prefix.is_empty() && !prefix.split('/').all(is_part) {
            return Err(BadOption {
                key: "to",
                message: format!(
                    "`{}` has a folder that would not survive in an address",
                    to.escape_debug()
                ),
                hint: "letters, digits, `-`, `_` and `.`, with single slashes between".into(),
            });
        }
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        match scheme {
            "s3" => Ok(Self::S3 { bucket, prefix }),
            "gs" => Ok(Self::Gcs { bucket, prefix }),
            "az" => Ok(Self::Azure {
                container: bucket,
                prefix,
            }),
            _ => Err(bad(format!(
                "`{}://` is no store that is known",
                scheme.escape_debug()
            ))),
        }
    }

    /// What stands before the names; empty for a folder.
    pub(super) fn prefix(&self) -> &str {
        match self {
            Self::S3 { prefix, .. } | Self::Gcs { prefix, .. } | Self::Azure { prefix, .. } => {
                prefix
            }
            Self::Folder(_) => "",
        }
    }
}

/// As it is written in the project file; a folder whole.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, bucket, prefix) = match self {
            Self::S3 { bucket, prefix } => ("s3", bucket, prefix),
            Self::Gcs { bucket, prefix } => ("gs", bucket, prefix),
            Self::Azure { container, prefix } => ("az", container, prefix),
            Self::Folder(dir) => return write!(f, "file:{}", dir.display()),
        };
        let slash = if prefix.is_empty() { "" } else { "/" };
        write!(f, "{scheme}://{bucket}{slash}{prefix}")
    }
}

/// A folder's path without `.` and `..` in its middle, for messages.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

/// An address that names can be joined to: its path ends in a slash.
fn base_url(text: &str) -> Result<Url, BadOption> {
    let bad = |message: &str, hint: &str| BadOption {
        key: "public_url",
        message: message.into(),
        hint: hint.into(),
    };
    let example = "such as `https://cdn.example.com/daily`";
    let mut url = Url::parse(text).map_err(|_| bad("`public_url` is not an address", example))?;
    if !is_fetchable(&url) {
        return Err(bad(
            "the platform fetches over https alone",
            "an `https://` address; plain http only on this machine, for a sandbox",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad(
            "the platform does not sign in",
            "an address without user and password",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad(
            "names are joined to the end of `public_url`",
            "an address without `?` and `#`",
        ));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(to: &str) -> Result<Target, String> {
        Target::parse(to, Path::new("/p")).map_err(|e| e.message)
    }

    #[test]
    fn a_target_is_a_bucket_with_a_prefix_or_a_folder() {
        assert_eq!(
            target("s3://stories-bucket/daily/"),
            Ok(Target::S3 {
                bucket: "stories-bucket".into(),
                prefix: "daily".into()
            })
        );
        assert_eq!(target("gs://b").map(|t| t.to_string()), Ok("gs://b".into()));
        assert_eq!(
            target("az://c/a/b").map(|t| t.to_string()),
            Ok("az://c/a/b".into())
        );
        assert_eq!(
            target("file:out/../public"),
            Ok(Target::Folder("/p/public".into()))
        );
        assert_eq!(
            target("file:///srv/www"),
            Ok(Target::Folder("/srv/www".into()))
        );
    }

    #[test]
    fn what_is_no_target_is_reported() {
        for wrong in [
            "",
            "public",
            "s3:",
            "s3://",
            "s3:///x",
            "ftp://h/x",
            "file:",
            "file://",
            "s3://b/a/../c",
            "s3://b/a//c",
            "s3://b/día",
            "s3://u:p@b/x",
            "s3://b?x",
        ] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_address_is_https_and_takes_names_at_its_end() {
        let url = |text| base_url(text).map(|u| u.to_string()).map_err(|e| e.message);
        assert_eq!(
            url("https://cdn.example.com/daily"),
            Ok("https://cdn.example.com/daily/".into())
        );
        assert_eq!(url("http://127.0.0.1:80/"), Ok("http://127.0.0.1/".into()));
        assert_eq!(
            url("https://bücher.example/ä"),
            Ok("https://xn--bcher-kva.example/%C3%A4/".into())
        );
        for wrong in [
            "cdn.example.com",
            "http://cdn.example.com",
            "https://u:p@cdn.example.com",
            "https://h/?a=b",
            "https://h/#a",
            "file:///srv",
        ] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }
}
