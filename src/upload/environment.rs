//! Where the stores' settings and keys come from: environment variables, and the AWS tools' own files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// Beginnings of the variables that the stores read, and what their files stand under.
const READ: [&str; 6] = [
    "AWS_",
    "AZURE_",
    "GOOGLE_",
    "SERVICE_ACCOUNT",
    "IDENTITY_",
    "MSI_",
];

/// The variables that a store may read. Values are secrets here, whatever they hold.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, SecretString>);

impl Environment {
    /// The variables of this process that concern a store.
    pub fn of_process() -> Self {
        let vars = std::env::vars_os().filter_map(|(key, value)| {
            // a value that is no text is refused by its name, not overlooked
            let (key, value) = (
                key.into_string().ok()?,
                value.to_string_lossy().into_owned(),
            );
            let is_read = key == "HOME" || READ.iter().any(|start| key.starts_with(start));
            is_read.then_some((key, value))
        });
        Self::of(vars)
    }

    /// Just these.
    pub fn of(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(
            vars.into_iter()
                // a line of a Windows `.env` ends in a carriage return
                .map(|(key, value)| (key, SecretString::from(value.trim())))
                .collect(),
        )
    }

    /// The first variable whose value no service has given out: it holds control characters, or is no text.
    ///
    /// A key may be a document of many lines with Google.
    pub(super) fn broken(&self) -> Option<&str> {
        let is_line = |c: char| matches!(c, '\n' | '\r' | '\t');
        let is_document = |key: &str| key.starts_with("GOOGLE_") || key.starts_with("SERVICE_");
        let is_broken = |key: &str, value: &str| {
            value.chars().any(|c| {
                c == char::REPLACEMENT_CHARACTER
                    || c.is_control() && !(is_document(key) && is_line(c))
            })
        };
        let found = self.0.iter().find(|(key, value)| {
            READ.iter().any(|start| key.starts_with(start)) && is_broken(key, value.expose_secret())
        });
        found.map(|(key, _)| key.as_str())
    }

    /// A variable that is there and not empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(ExposeSecret::expose_secret)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.get(key).is_some())
    }

    /// Those whose name begins so, in the order of their names; empty ones are as good as absent.
    pub(super) fn starting_with<'a>(
        &'a self,
        start: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .keys()
            .filter(move |key| key.starts_with(start))
            .filter_map(|key| Some((key.as_str(), self.get(key)?)))
    }

    fn set_if_absent(&mut self, key: &str, value: &str) {
        if self.get(key).is_none() {
            self.0.insert(key.to_owned(), value.to_owned().into());
        }
    }

    /// What must not be shown: every value of some length that is not a plain setting.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &str> {
        let is_secret = |key: &str| {
            ["KEY", "SECRET", "TOKEN", "SAS", "PASSWORD"]
                .iter()
                .any(|w| key.contains(w))
        };
        self.0
            .iter()
            .filter(move |(key, _)| is_secret(key))
            .map(|(_, value)| value.expose_secret())
            // shorter ones would tear holes into words
            .filter(|value| value.len() >= 8)
    }

    /// Adds keys, region and endpoint from `~/.aws` where the environment says nothing, as the AWS tools do.
    ///
    /// # Errors
    /// A profile is asked for by name, and no file holds keys under it.
    pub(super) fn with_aws_profile(mut self) -> Result<Self, MissingProfile> {
        let asked = self.get("AWS_PROFILE").map(str::to_owned);
        let profile = asked.clone().unwrap_or_else(|| "default".into());
        let config = self.aws_file("AWS_CONFIG_FILE", "config");
        let section = match profile.as_str() {
            "default" => "default".to_owned(),
            name => format!("profile {name}"),
        };
        let settings = config
            .map(|text| keys_of(&text, &section))
            .unwrap_or_default();
        for (from, to) in [
            ("region", "AWS_REGION"),
            ("endpoint_url", "AWS_ENDPOINT_URL"),
        ] {
            let is_said = to == "AWS_REGION" && self.get("AWS_DEFAULT_REGION").is_some()
                || to == "AWS_ENDPOINT_URL" && self.get("AWS_ENDPOINT").is_some();
            if let Some(value) = settings.get(from).filter(|_| !is_said) {
                self.set_if_absent(to, value);
            }
        }
        if self.has_aws_credentials() {
            return Ok(self);
        }
        let keys = self
            .aws_file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
            .map(|text| keys_of(&text, &profile))
            .filter(|keys| keys.contains_key("aws_access_key_id"))
            .unwrap_or(settings);
        match (
            keys.get("aws_access_key_id"),
            keys.get("aws_secret_access_key"),
        ) {
            (Some(id), Some(secret)) => {
                self.set_if_absent("AWS_ACCESS_KEY_ID", id);
                self.set_if_absent("AWS_SECRET_ACCESS_KEY", secret);
                if let Some(token) = keys.get("aws_session_token") {
                    self.set_if_absent("AWS_SESSION_TOKEN", token);
                }
                Ok(self)
            }
            _ => match asked {
                Some(name) => Err(MissingProfile(name)),
                None => Ok(self),
            },
        }
    }

    /// The environment itself names credentials, or a service that gives them.
    fn has_aws_credentials(&self) -> bool {
        self.has_any(&[
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ])
    }

    fn aws_file(&self, variable: &str, name: &str) -> Option<String> {
        let path = match self.get(variable) {
            Some(path) => PathBuf::from(path),
            None => Path::new(self.get("HOME")?).join(".aws").join(name),
        };
        std::fs::read_to_string(path).ok()
    }
}

/// A profile that was asked for holds no keys.
#[derive(Debug)]
pub(super) struct MissingProfile(pub(super) String);

/// The keys of one section of the AWS tools' files: `name = value` lines, comments with `#` or `;`.
fn keys_of(text: &str, section: &str) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut is_inside = false;
    for line in text.lines() {
        // nested settings are indented
        if line.starts_with([' ', '\t', '#', ';']) {
            continue;
        }
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            is_inside = name.split_whitespace().eq(section.split_whitespace());
        } else if is_inside && let Some((key, value)) = line.split_once('=') {
            keys.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_files(credentials: &str, config: &str, more: &[(&str, &str)]) -> Environment {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join(".aws");
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("credentials"), credentials).expect("a file");
        std::fs::write(folder.join("config"), config).expect("a file");
        let home = home.path().to_string_lossy().into_owned();
        let vars = more.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        let own = [("HOME".to_owned(), home)];
        let env = Environment::of(vars.chain(own));
        env.with_aws_profile().expect("a profile")
    }

    const CREDENTIALS: &str = "# two\n[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key=s3cr3t=/+\n\n\
        [shop]\naws_access_key_id = AKIASHOP\naws_secret_access_key = other\naws_session_token = tok\n";

    #[test]
    fn the_aws_files_fill_what_the_environment_leaves_open() {
        let env = with_files(
            CREDENTIALS,
            "[default]\nregion = eu-south-2\n[profile shop]\nregion = us-west-1\n  max = 3\n",
            &[],
        );
        assert_eq!(env.get("AWS_ACCESS_KEY_ID"), Some("AKIADEFAULT"));
        assert_eq!(env.get("AWS_SECRET_ACCESS_KEY"), Some("s3cr3t=/+"));
        assert_eq!(env.get("AWS_SESSION_TOKEN"), None);
        assert_eq!(env.get("AWS_REGION"), Some("eu-south-2"));
    }

    #[test]
    fn a_profile_is_taken_by_its_name() {
        let env = with_files(
            CREDENTIALS,
            "[profile shop]\nregion = us-west-1\nendpoint_url = https://s3.example\n",
            &[("AWS_PROFILE", "shop"), ("AWS_REGION", "auto")],
        );
        assert_eq!(env.get("AWS_ACCESS_KEY_ID"), Some("AKIASHOP"));
        assert_eq!(env.get("AWS_SESSION_TOKEN"), Some("tok"));
        assert_eq!(env.get("AWS_REGION"), Some("auto"));
        assert_eq!(env.get("AWS_ENDPOINT_URL"), Some("https://s3.example"));
    }

    #[test]
    fn keys_of_the_environment_are_never_mixed_with_those_of_a_file() {
        let env = with_files(CREDENTIALS, "", &[("AWS_ACCESS_KEY_ID", "AKIAENV")]);
        assert_eq!(env.get("AWS_ACCESS_KEY_ID"), Some("AKIAENV"));
        assert_eq!(env.get("AWS_SECRET_ACCESS_KEY"), None);
    }

    #[test]
    fn a_profile_without_keys_is_reported() {
        let env = Environment::of([("AWS_PROFILE".to_owned(), "sso".to_owned())]);
        assert_eq!(env.with_aws_profile().expect_err("none").0, "sso");
    }

    #[test]
    fn values_are_not_in_the_debug_text() {
        let env = Environment::of([("AWS_SECRET_ACCESS_KEY".into(), "hush-hush-hush".into())]);
        assert!(!format!("{env:?}").contains("hush"));
        assert_eq!(env.hidden().collect::<Vec<_>>(), ["hush-hush-hush"]);
    }

    #[test]
    fn values_are_trimmed_and_what_cannot_be_one_is_named() {
        let of = |key: &str, value: &str| Environment::of([(key.to_owned(), value.to_owned())]);
        let trimmed = of("AWS_SECRET_ACCESS_KEY", "key\r\n");
        assert_eq!(trimmed.get("AWS_SECRET_ACCESS_KEY"), Some("key"));
        assert_eq!(trimmed.broken(), None);
        for (key, value) in [
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9\r\n#"),
            ("AWS_ACCESS_KEY_ID", "a\u{7f}b"),
            ("AZURE_STORAGE_ACCOUNT_KEY", "a\tb"),
            ("AWS_REGION", "\u{fffd}"),
            ("GOOGLE_SERVICE_ACCOUNT_KEY", "{\u{0}}"),
        ] {
            assert_eq!(of(key, value).broken(), Some(key), "{value:?}");
        }
        let document = of("GOOGLE_SERVICE_ACCOUNT_KEY", "{\r\n\t\"type\": 1\n}");
        assert_eq!(document.broken(), None);
        assert_eq!(of("HOME", "a\nb").broken(), None);
    }
}
