//! Who asks, and what the token allows.

use std::sync::Arc;

use super::app::App;
use super::ask::Ask;
use super::objects::{Family, Person, Token};
use super::refusal::Refusal;
use super::world::World;
use crate::graph::Login;

/// A token that holds, and the account behind it.
#[derive(Clone)]
pub struct Caller {
    /// The token.
    pub token: Token,
    /// The account.
    pub person: Person,
}

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Reading the account.
    Read,
    /// Containers, publishing, quota.
    Publish,
    /// Numbers.
    Insights,
    /// Taking a story back.
    Delete,
}

impl Caller {
    /// Which login the token is of: its family tells, as one host serves both.
    pub fn login(&self) -> Login {
        match self.token.family {
            Family::Instagram => Login::Instagram,
            Family::Facebook | Family::Page => Login::Facebook,
            Family::App => Login::Private,
        }
    }

    /// The scopes are there.
    ///
    /// # Errors
    /// Code 10 for a missing scope, code 3 for what the login cannot do at all.
    pub fn needs(&self, right: Right) -> Result<(), Refusal> {
        let needed: &[&str] = match (self.login(), right) {
            (Login::Instagram, Right::Read) => &["instagram_business_basic"],
            (Login::Instagram, Right::Publish) => &[
                "instagram_business_basic",
                "instagram_business_content_publish",
            ],
            (Login::Instagram, Right::Insights) => &[
                "instagram_business_basic",
                "instagram_business_manage_insights",
            ],
            (Login::Instagram, Right::Delete) => {
                return Err(Refusal::capability(
                    "Application does not have the capability to make this API call.",
                ));
            }
            // a login of the app is no token of this API
            (Login::Private | Login::ByHand, _) => return Err(Refusal::unknown_token()),
            (Login::Facebook, Right::Read) => &["instagram_basic"],
            (Login::Facebook, Right::Publish) => &[
                "instagram_basic",
                "instagram_content_publish",
                "pages_read_engagement",
            ],
            (Login::Facebook, Right::Insights) => {
                &["instagram_manage_insights", "pages_read_engagement"]
            }
            (Login::Facebook, Right::Delete) => &["instagram_basic", "instagram_manage_contents"],
        };
        let has = |scope: &&&str| !self.token.scopes.iter().any(|own| own == **scope);
        match needed.iter().find(has) {
            Some(missing) => Err(Refusal::scope(missing)),
            None => Ok(()),
        }
    }
}

/// The caller of a request.
///
/// # Errors
/// 104 without a token, 190 for one that is unknown or whose time is over, 100 for a proof that does not fit.
pub fn caller(app: &Arc<App>, ask: &Ask) -> Result<Caller, Refusal> {
    let given = ask.token.as_deref().ok_or_else(Refusal::no_token)?;
    let world = app.world();
    let caller = of_token(&world, given)?;
    let proof = ask.text("appsecret_proof");
    let fits = match (&caller.token.proof, &proof) {
        (_, None) => true,
        (Some(expected), Some(given)) => expected == given,
        // a token that no app's secret stands behind: the form is all that can be held against it
        (None, Some(given)) => given.len() == 64 && given.bytes().all(|b| b.is_ascii_hexdigit()),
    };
    match fits {
        true => Ok(caller),
        false => Err(Refusal::new(
            100,
            "Invalid appsecret_proof provided in the API argument",
        )),
    }
}

/// The caller behind a token's text.
///
/// # Errors
/// 190 for a token that is unknown or whose time is over.
pub fn of_token(world: &World, given: &str) -> Result<Caller, Refusal> {
    let token = world.token(given).ok_or_else(Refusal::unknown_token)?;
    let now = world.now();
    if let Some(expires) = token.expires.filter(|expires| *expires <= now) {
        let said = |time: jiff::Timestamp| time.strftime("%A, %d-%b-%y %H:%M:%S UTC").to_string();
        return Err(Refusal::expired_token(&said(expires), &said(now)));
    }
    let person = world
        .person(&token.user_id)
        .ok_or_else(Refusal::unknown_token)?;
    Ok(Caller {
        token: token.clone(),
        person: person.clone(),
    })
}
