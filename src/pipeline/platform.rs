//! The platform, as an account speaks to it: the official API, or the private way.
//!
//! In: what the staircase and its neighbours ask of either. Out: the same types. Never: one of them in place of the other.

use std::sync::Arc;

use jiff::Timestamp;

use crate::graph::{self, Insights, Login, Quota, StoryFacts, StoryId};
use crate::private;

/// How an account speaks to the platform. Copies share connections.
#[derive(Debug, Clone)]
pub enum Platform {
    /// The official API.
    Graph(Arc<graph::Client>),
    /// The app's own protocol.
    Private(private::Client),
    /// None: a person posts every story.
    ByHand,
}

impl From<graph::Client> for Platform {
    fn from(client: graph::Client) -> Self {
        Self::Graph(Arc::new(client))
    }
}

/// A call that either of them refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlatformError {
    /// The official API.
    #[error("{0}")]
    Graph(#[from] graph::Error),
    /// The private way.
    #[error("{0}")]
    Private(#[from] private::Error),
    /// There is nobody to ask.
    #[error("a person posts its stories: the account has no login to ask with")]
    ByHand,
}

impl PlatformError {
    /// What may be done next.
    pub fn next(&self) -> graph::Next {
        match self {
            Self::Graph(error) => error.next(),
            Self::Private(error) => error.next(),
            Self::ByHand => graph::Next::Never,
        }
    }

    /// A file that another machine may have.
    pub(super) fn is_of_a_file(&self) -> bool {
        match self {
            Self::Graph(error) => matches!(error.cause, graph::Cause::File(_)),
            Self::Private(error) => error.is_of_a_file(),
            Self::ByHand => false,
        }
    }
}

impl Platform {
    /// The official API, where that is the account's way.
    pub fn graph(&self) -> Option<&graph::Client> {
        match self {
            Self::Graph(client) => Some(client),
            Self::Private(_) | Self::ByHand => None,
        }
    }

    /// Whose way it is.
    pub fn login(&self) -> Login {
        match self {
            Self::Graph(client) => client.login(),
            Self::Private(_) => Login::Private,
            Self::ByHand => Login::ByHand,
        }
    }

    /// Tells two logins of an account apart: neither can be had from it.
    pub fn mark(&self) -> String {
        match self {
            Self::Graph(client) => client.mark(),
            Self::Private(client) => client.mark(),
            Self::ByHand => "by-hand".to_owned(),
        }
    }

    /// The account's name on the platform.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn username(&self) -> Result<String, PlatformError> {
        Ok(match self {
            Self::Graph(client) => client.me().await?.username,
            Self::Private(client) => client.check().await?,
            Self::ByHand => return Err(PlatformError::ByHand),
        })
    }

    /// What is left of the account's day. The private way has no quota that anybody tells, a person has none.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn quota(&self) -> Result<Quota, PlatformError> {
        Ok(match self {
            Self::Graph(client) => client.quota().await?,
            Self::Private(_) | Self::ByHand => Quota {
                used: 0,
                total: None,
                duration: None,
            },
        })
    }

    /// The stories that are live; none where there is nobody to ask.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn stories(&self) -> Result<Vec<StoryId>, PlatformError> {
        Ok(match self {
            Self::Graph(client) => client.stories().await?,
            Self::Private(client) => {
                let listed = client.stories(None).await?;
                listed.into_iter().map(|listed| listed.id).collect()
            }
            Self::ByHand => Vec::new(),
        })
    }

    /// The facts of all that is live, but of what is known.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn stories_but(&self, known: &[StoryId]) -> Result<Vec<StoryFacts>, PlatformError> {
        let is_new = |id: &StoryId| !known.contains(id);
        match self {
            Self::Graph(client) => {
                let mut all = Vec::new();
                for id in client.stories().await?.iter().filter(|id| is_new(id)) {
                    all.push(client.story(id).await?);
                }
                Ok(all)
            }
            // one list tells it all
            Self::Private(client) => {
                let listed = client.stories(None).await?;
                let new = listed.into_iter().filter(|one| is_new(&one.id));
                Ok(new.map(|one| client.facts(one)).collect())
            }
            Self::ByHand => Ok(Vec::new()),
        }
    }

    /// A live story's facts.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn story(&self, id: &StoryId) -> Result<StoryFacts, PlatformError> {
        Ok(match self {
            Self::Graph(client) => client.story(id).await?,
            Self::Private(client) => client.story(id).await?,
            Self::ByHand => return Err(PlatformError::ByHand),
        })
    }

    /// A live story's numbers.
    ///
    /// # Errors
    /// What the platform says.
    pub async fn insights(&self, id: &StoryId, now: Timestamp) -> Result<Insights, PlatformError> {
        Ok(match self {
            Self::Graph(client) => client.insights(id, now).await?,
            Self::Private(client) => client.insights(id, now).await?,
            Self::ByHand => return Err(PlatformError::ByHand),
        })
    }
}
