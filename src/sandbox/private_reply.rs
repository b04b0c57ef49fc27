//! Answers in the shape of the app's own protocol: `status` beside everything, `message` for a refusal.

use serde_json::{Value, json};

use super::fault::{Do, Fault};
use super::reply::Reply;

/// An answer that is none.
pub type Refused = Box<Reply>;

/// What a handler says.
pub type AppAnswer = Result<Value, Refused>;

/// A refusal.
pub fn refuse(status: u16, message: &str) -> Refused {
    Box::new(Reply::new(
        status,
        json!({"message": message, "status": "fail"}),
    ))
}

/// A refusal with more than its words.
fn refused(status: u16, message: &str, more: Value) -> Reply {
    let mut body = json!({"message": message, "status": "fail"});
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name.as_str()] = value.clone();
    }
    Reply::new(status, body)
}

/// The whole answer.
pub fn reply(answer: AppAnswer) -> Reply {
    match answer {
        Ok(mut body) => {
            if body.get("status").is_none() && body.is_object() {
                body["status"] = "ok".into();
            }
            Reply::new(200, body)
        }
        Err(refused) => *refused,
    }
}

/// What a fault puts in place of the answer; none where the answer stays.
pub fn of_fault(fault: &Fault) -> Option<Reply> {
    Some(match fault.act {
        Do::Error | Do::ErrorAfter => match &fault.body {
            Some(body) => Reply::new(fault.status.unwrap_or(400), body.clone()),
            None => {
                let message = fault.message.as_deref().unwrap_or("Sorry, an error.");
                refused(fault.status.unwrap_or(400), message, json!({}))
            }
        },
        Do::ServerError => refused(500, "Oops, an error occurred.", json!({})),
        Do::Blocked | Do::BlockedButLive => refused(
            400,
            "feedback_required",
            json!({
                "spam": true,
                "feedback_title": "Try Again Later",
                "feedback_message": "We limit how often you can do certain things on Instagram.",
            }),
        ),
        Do::Challenge => refused(
            400,
            "challenge_required",
            json!({"challenge": {
                "url": "https://i.instagram.com/challenge/",
                "api_path": "/challenge/",
                "native_flow": true,
            }}),
        ),
        Do::NotReady => refused(202, "Transcode not finished yet.", json!({})),
        Do::Unreachable => refused(404, "Media not found or unavailable", json!({})),
        Do::ExpiredToken => refused(403, "login_required", json!({})),
        Do::Throttled => refused(
            429,
            "Please wait a few minutes before you try again.",
            json!({}),
        ),
        Do::QuotaReached => refused(
            400,
            "You have reached your limit.",
            json!({"error_type": "rate_limit_error"}),
        ),
        Do::FetchFailed => Reply::new(
            200,
            json!({
                "error_title": "bad image input",
                "message": "media_needs_reupload",
                "status": "ok",
            }),
        ),
        Do::ProcessingFailed => refused(400, "Upload failed", json!({})),
        Do::NoMedia => Reply::new(200, json!({"status": "ok"})),
        _ => return None,
    })
}
