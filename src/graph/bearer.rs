//! What a client asks about its own token: sixty more days, the Pages it may act for, what it may do.

use jiff::Timestamp;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};

use super::client::Client;
use super::error::{Cause, Error};
use super::oauth::{App, Grant, grant, words};
use super::options::below;
use super::read::text;
use super::refusal::Call;
use super::tokens::Kept;
use super::wire::authorization;
use super::{Login, UserId};

/// An account behind a Page that the person may act for.
#[derive(Debug, Clone)]
pub struct PageAccount {
    /// The Page's name.
    pub page: String,
    /// The account's id.
    pub user_id: UserId,
    /// The Page's own token; it does not end when it comes from a user's token of long life.
    pub token: SecretString,
    /// What the person may do on the Page.
    pub tasks: Vec<String>,
}

impl Client {
    /// Sixty more days for an Instagram token: at least 24 h old and not over. Needs no app secret.
    ///
    /// # Errors
    /// [`Cause::NotHere`] with Facebook Login, where tokens are exchanged instead.
    pub async fn refresh(&self, now: Timestamp) -> Result<Grant, Error> {
        let call = Call::Token;
        if self.login() == Login::Facebook {
            let said = "Facebook Login has no refresh; a user's token is exchanged";
            return Err(Error::new(call, Cause::NotHere(said)));
        }
        let url = below(&self.options.hosts.graph, &["refresh_access_token"]);
        let request = self.wire.request(Method::GET, url).query(&[
            ("grant_type", "ig_refresh_token"),
            ("access_token", self.token.expose_secret()),
        ]);
        let said = self.wire.send(call, request).await?;
        grant(&self.wire, &said, Some(now))
    }

    /// The accounts behind the Pages that a Facebook user's token may act for.
    ///
    /// # Errors
    /// [`Cause::NotHere`] with Instagram Login, which has no Pages.
    pub async fn pages(&self) -> Result<Vec<PageAccount>, Error> {
        let call = Call::Me;
        if self.login() == Login::Instagram {
            return Err(Error::new(
                call,
                Cause::NotHere("Instagram Login has no Pages"),
            ));
        }
        let fields = "name,access_token,tasks,instagram_business_account";
        let entries = self
            .list(call, &["me", "accounts"], &[("fields", fields)])
            .await?;
        let mut accounts = Vec::new();
        for entry in &entries {
            // a Page without an account cannot publish a story
            let Some(account) = entry.get("instagram_business_account") else {
                continue;
            };
            let tasks = entry["tasks"].as_array().into_iter().flatten();
            let token = text(&entry["access_token"])
                .ok_or_else(|| self.wire.strange(call, 200, "a Page without a token"))?;
            accounts.push(PageAccount {
                page: text(&entry["name"]).unwrap_or_default(),
                user_id: self.id(call, &account["id"])?,
                token: token.into(),
                tasks: tasks.filter_map(text).collect(),
            });
        }
        Ok(accounts)
    }

    /// What the platform knows of this client's own token.
    ///
    /// With an app, the app asks; else the token asks about itself. The token that is asked about stands in the query,
    /// for there is no other place for it.
    ///
    /// # Errors
    /// [`Cause::NotHere`] with Instagram Login, which has no such call.
    pub async fn inspect(&self, app: Option<&App>) -> Result<Kept, Error> {
        let call = Call::Permissions;
        if self.login() == Login::Instagram {
            let said = "Instagram Login does not say what a token may do";
            return Err(Error::new(call, Cause::NotHere(said)));
        }
        let token = self.token.expose_secret();
        let request = match app {
            Some(app) => {
                self.wire.secrets().learn(&app.secret);
                let asker = format!("{}|{}", app.id, app.secret.expose_secret());
                let url = below(
                    &self.options.hosts.graph,
                    &[&self.options.version, "debug_token"],
                );
                self.wire
                    .request(Method::GET, url)
                    .headers(authorization("Bearer", &asker)?)
            }
            None => self.proven(self.request(Method::GET, &["debug_token"])),
        };
        let said = self
            .wire
            .send(call, request.query(&[("input_token", token)]))
            .await?;
        let facts = &said["data"];
        if facts["is_valid"] == false {
            let said = "the platform says that the token is not valid".to_owned();
            return Err(Error::new(call, Cause::BadOption(said)));
        }
        // 0 says never
        let time = |name: &str| {
            let seconds = facts[name].as_i64().filter(|s| *s > 0);
            seconds.and_then(|s| Timestamp::from_second(s).ok())
        };
        Ok(Kept {
            login: Some(Login::Facebook),
            user_id: self.user_id().cloned(),
            issued_at: time("issued_at"),
            expires_at: time("expires_at"),
            scopes: words(&facts["scopes"]),
            app_id: text(&facts["app_id"]),
            ..Kept::bare(self.token.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::listener::{Listener, json};
    use super::super::{Hosts, Options};
    use super::*;

    fn client(login: Login, server: &Listener, token: &str) -> Client {
        let options = Options {
            hosts: Hosts::at(&server.url),
            ..Options::new(login)
        };
        Client::new(options, token.into(), None).unwrap()
    }

    #[tokio::test]
    async fn a_token_is_refreshed_without_the_apps_secret() {
        let server = Listener::new([json(
            200,
            r#"{"access_token":"IGAAnew","token_type":"bearer","expires_in":5184000,"permissions":"instagram_business_basic,instagram_business_content_publish"}"#,
        )]);
        let client = client(Login::Instagram, &server, "IGAAold");
        let grant = client.refresh(Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(
            (grant.token.expose_secret(), grant.scopes.len()),
            ("IGAAnew", 2)
        );
        assert_eq!(
            grant.expires_at,
            Some("1970-03-02T00:00:00Z".parse().unwrap())
        );
        assert!(server.heard()[0].starts_with(
            "GET /refresh_access_token?grant_type=ig_refresh_token&access_token=IGAAold HTTP"
        ));
    }

    #[tokio::test]
    async fn the_platform_tells_what_a_facebook_token_may_do() {
        let server = Listener::new([json(
            200,
            r#"{"data":{"app_id":"9","type":"PAGE","is_valid":true,"issued_at":1790000000,"expires_at":0,"scopes":["instagram_basic"]}}"#,
        )]);
        let client = client(Login::Facebook, &server, "EAApage");
        let app = App {
            id: "990602627938098".into(),
            secret: "a1b2C3D4secret".into(),
        };
        let kept = client.inspect(Some(&app)).await.unwrap();
        assert_eq!(
            (kept.expires_at, kept.scopes),
            (None, vec!["instagram_basic".to_owned()])
        );
        assert!(
            server.heard()[0].contains("authorization: Bearer 990602627938098|a1b2C3D4secret\r\n")
        );
    }
}
