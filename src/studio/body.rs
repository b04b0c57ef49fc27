//! Bodies of requests that act, read as problems are answered.
//!
//! In: a request. Out: what its JSON holds. Never: a guess: what is no JSON is 400, what does not fit is 422.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// What a request holds; it has to hold something.
#[derive(Debug)]
pub struct Given<T>(pub T);

/// What a request holds; nothing is the default.
#[derive(Debug)]
pub struct Said<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Given<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read(&bytes(request, state).await?).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Said<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = bytes(request, state).await?;
        match bytes.iter().all(u8::is_ascii_whitespace) {
            true => Ok(Self(T::default())),
            false => read(&bytes).map(Self),
        }
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let read = Bytes::from_request(request, state).await;
    read.map_err(|why| Problem::bad_request(why.to_string()))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|why| match why.classify() {
        serde_json::error::Category::Data => Problem::invalid(why.to_string()),
        _ => Problem::bad_request(format!("this is no JSON: {why}")),
    })
}
