//! What of the world can be set: times, limits, and how many people look.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What of the world can be set; times are of the world's clock where nothing else is said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How long a picture's container is IN_PROGRESS; 1 s by default (10 s on the real one).
    pub image_processing_ms: u64,
    /// How long a film's container is IN_PROGRESS; 3 s by default (30 s and more on the real one).
    pub video_processing_ms: u64,
    /// Publishes an account may make in 24 h; 100.
    pub quota_total: u32,
    /// How long a publish is missing in `quota_usage`; 60 s. The limit itself counts at once.
    pub quota_lag_ms: u64,
    /// Containers an account may make in 24 h; 400.
    pub container_limit: u32,
    /// Calls about an account in 24 h before 80002; 48,000, which is 4,800 × 10 impressions.
    pub calls_total: u64,
    /// People who will have seen a story when its day is over; 400.
    pub audience: u32,
    /// How long a fetch may take, in real time; 20 s.
    pub fetch_timeout_ms: u64,
    /// A film's server has to answer `Range` with 206; yes.
    pub needs_range: bool,
    /// The answer to an Instagram code is the documentation's `{"data":[…]}`, not the flat object seen live; no.
    pub token_in_list: bool,
    /// A login of the app is asked for a code by mail, the last six digits of the account's id; no.
    pub app_login_code: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            image_processing_ms: 1_000,
            video_processing_ms: 3_000,
            quota_total: 100,
            quota_lag_ms: 60_000,
            container_limit: 400,
            calls_total: 48_000,
            audience: 400,
            fetch_timeout_ms: 20_000,
            needs_range: true,
            token_in_list: false,
            app_login_code: false,
        }
    }
}

impl Settings {
    /// The settings with those of `changes` put in.
    ///
    /// # Errors
    /// A sentence, for a name that is not one of them or a value that does not fit.
    pub fn with(&self, changes: &Value) -> Result<Self, String> {
        let Some(changes) = changes.as_object() else {
            return Err("settings are a JSON object".to_owned());
        };
        let mut all = serde_json::to_value(self).unwrap_or_default();
        for (name, value) in changes {
            all[name.as_str()] = value.clone();
        }
        serde_json::from_value(all).map_err(|error| error.to_string())
    }

    /// How long publishes are missing in `quota_usage`.
    pub fn quota_lag(&self) -> Duration {
        Duration::from_millis(self.quota_lag_ms)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_named_changes() {
        let set = Settings::default()
            .with(&json!({"quota_total": 2}))
            .expect("a setting");
        assert_eq!(set.quota_total, 2);
        assert_eq!(set.container_limit, 400);
    }

    #[test]
    fn an_unknown_setting_is_told() {
        let said = Settings::default().with(&json!({"quota": 2})).unwrap_err();
        assert!(said.contains("unknown field `quota`"), "{said}");
        assert!(Settings::default().with(&json!([1])).is_err());
    }
}
