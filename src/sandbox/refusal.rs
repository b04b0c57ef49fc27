//! What the platform says when it refuses: code, subcode, and the words that go with them.
//!
//! Codes and texts are those of Meta's error tables and of dated field reports; where nobody has measured one,
//! the comment says so.

use serde_json::{Value, json};

use super::chance;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Decides together with the subcode; may be negative.
    pub code: i32,
    /// Decides first.
    pub subcode: Option<u32>,
    /// For developers.
    pub message: String,
    /// For people: title and text.
    pub user: Option<(&'static str, String)>,
    /// The platform's own opinion whether it passes; often wrong.
    pub is_transient: bool,
    /// The flat shape that Instagram's code exchange has.
    pub is_flat: bool,
}

impl Refusal {
    /// HTTP 400 with a code.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code,
            subcode: None,
            message: message.into(),
            user: None,
            is_transient: false,
            is_flat: false,
        }
    }

    /// A code that gives no token: Instagram Login answers in a shape of its own.
    pub fn code(message: &str) -> Self {
        Self {
            is_flat: true,
            ..Self::new(400, message)
        }
    }

    /// The subcode that decides first.
    pub fn subcode(mut self, subcode: u32) -> Self {
        self.subcode = Some(subcode);
        self
    }

    fn told(mut self, title: &'static str, text: impl Into<String>) -> Self {
        self.user = Some((title, text.into()));
        self
    }

    fn passing(mut self) -> Self {
        self.is_transient = true;
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The JSON body, with a new trace id.
    pub fn body(&self) -> Value {
        if self.is_flat {
            return json!({
                "error_type": "OAuthException", "code": self.code, "error_message": self.message,
            });
        }
        let mut error = json!({
            "message": self.message,
            "type": "OAuthException",
            "code": self.code,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        error["is_transient"] = self.is_transient.into();
        if let Some((title, text)) = &self.user {
            error["error_user_title"] = (*title).into();
            error["error_user_msg"] = text.clone().into();
        }
        error["fbtrace_id"] = chance::trace().into();
        json!({ "error": error })
    }

    /// A parameter that is missing or wrong.
    pub fn parameter(said: &str) -> Self {
        Self::new(100, format!("(#100) {said}"))
    }

    /// An id that names nothing, or nothing that this token may see.
    pub fn unreachable(method: &str, id: &str) -> Self {
        let message = format!(
            "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api",
            method.to_lowercase()
        );
        Self::new(100, message).subcode(33)
    }

    /// A field that the node does not have fails the whole call.
    pub fn field(field: &str, node: &str) -> Self {
        Self::parameter(&format!(
            "Tried accessing nonexisting field ({field}) on node type ({node})"
        ))
    }

    /// A path of no meaning.
    pub fn path(path: &str) -> Self {
        Self::new(2500, format!("Unknown path components: /{path}"))
    }

    /// No token at all.
    pub fn no_token() -> Self {
        Self::new(104, "An access token is required to request this resource.")
    }

    /// A token that this host never made.
    pub fn unknown_token() -> Self {
        Self::new(
            190,
            "Invalid OAuth access token - Cannot parse access token",
        )
        .status(401)
    }

    /// A token whose time is over: only a new login helps.
    pub fn expired_token(ended: &str, now: &str) -> Self {
        let message = format!(
            "Error validating access token: Session has expired on {ended}. The current time is {now}."
        );
        Self::new(190, message).subcode(463)
    }

    /// A scope that the token lacks.
    pub fn scope(scope: &str) -> Self {
        Self::new(
            10,
            format!(
                "(#10) Application does not have permission for this action: {scope} is missing"
            ),
        )
    }

    /// A right that this login does not give at all.
    pub fn capability(said: &str) -> Self {
        Self::new(3, format!("(#3) {said}"))
    }

    /// Something broke on the platform's side.
    pub fn server() -> Self {
        Self::new(
            2,
            "An unexpected error has occurred. Please retry your request later.",
        )
        .passing()
        .status(500)
    }

    /// The world cannot be written.
    pub fn unwritten() -> Self {
        Self::new(-1, "Instagram server error. Try again.")
            .subcode(2_207_001)
            .passing()
            .status(500)
    }

    /// Not FINISHED yet, or not any more.
    pub fn not_ready() -> Self {
        Self::new(9007, "Media ID is not available")
            .subcode(2_207_027)
            .told(
                "Media not ready",
                "The media is not ready for publishing, please wait for a moment.",
            )
    }

    /// A container that does not exist, or is somebody else's.
    pub fn no_media(id: &str) -> Self {
        Self::new(24, format!("The requested resource does not exist: {id}"))
            .subcode(2_207_006)
            .told(
                "Media not found",
                "The media with the id cannot be found; permissions may be missing.",
            )
    }

    /// A container that was not published within its 24 hours.
    pub fn expired_container() -> Self {
        Self::new(-2, "The media you are trying to access has expired.")
            .subcode(2_207_020)
            .told("Media expired", "Create the container anew and try again.")
    }

    /// A container that went live already. The real answer is not documented and nobody has measured it; servers
    /// that imitate it answer code 100.
    pub fn published_before() -> Self {
        Self::parameter("The media container was published before")
    }

    /// The day's publishes are used up.
    pub fn quota() -> Self {
        Self::new(9, "Application request limit reached")
            .subcode(2_207_042)
            .told(
                "Publishing limit reached",
                "You reached the maximum number of posts that is allowed to be published by Content Publishing API.",
            )
    }

    /// The day's containers are used up. Which code the real one gives is not documented; this is its nearest kin.
    pub fn containers() -> Self {
        Self {
            message: "Application request limit reached: too many containers in 24 hours"
                .to_owned(),
            ..Self::quota()
        }
    }

    /// Held for spam; the story may be live all the same.
    pub fn blocked() -> Self {
        Self::new(4, "Application request limit reached")
            .subcode(2_207_051)
            .told(
                "Action is blocked",
                "We restrict certain activity to protect our community. Tell us if you think we made a mistake.",
            )
            .status(403)
    }

    /// Too many calls about this account.
    pub fn throttled() -> Self {
        Self::new(
            80_002,
            "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
        )
        .passing()
    }

    /// The address gave no picture and no film.
    pub fn unfetched(url: &str) -> Self {
        Self::new(9004, "Only photo or video can be accepted as media type.")
            .subcode(2_207_052)
            .told(
                "Media download has failed. The media URI doesn't meet our requirements.",
                format!("The media could not be fetched from this URI: {url}"),
            )
    }

    /// The address took too long.
    pub fn slow(url: &str) -> Self {
        Self::new(
            -2,
            format!("It takes too long to download the media: {url}"),
        )
        .subcode(2_207_003)
        .told("Timeout", "It takes too long to download the media.")
        .passing()
    }

    /// A picture of more than 8 MiB.
    pub fn too_large() -> Self {
        Self::new(36_000, "The image size is too large.")
            .subcode(2_207_004)
            .told(
                "Image size too large",
                "The image is too large to download. It should be less than 8 MiB.",
            )
    }

    /// A picture of a kind that is not taken.
    pub fn image_format(said: &str) -> Self {
        Self::new(36_001, format!("The image format is not supported: {said}"))
            .subcode(2_207_005)
            .told("Image format not supported", "Supported format is JPEG.")
    }

    /// A picture that is too wide or too high.
    pub fn aspect() -> Self {
        Self::new(36_003, "The aspect ratio is not supported.")
            .subcode(2_207_009)
            .told(
                "Invalid aspect ratio",
                "The submitted image does not have an aspect ratio that can be published.",
            )
    }

    /// What is not a story. This server carries nothing else.
    pub fn media_type(kind: &str) -> Self {
        Self::new(100, format!("(#100) Unknown media type: {kind}")).subcode(2_207_023)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_what_clients_read() {
        let body = Refusal::not_ready().body();
        let error = &body["error"];
        assert_eq!(error["code"], 9007);
        assert_eq!(error["error_subcode"], 2_207_027);
        assert_eq!(error["message"], "Media ID is not available");
        assert_eq!(error["type"], "OAuthException");
        assert!(error["fbtrace_id"].as_str().is_some_and(|t| t.len() == 23));
        assert!(
            Refusal::no_token().body()["error"]
                .get("error_subcode")
                .is_none()
        );
    }
}
