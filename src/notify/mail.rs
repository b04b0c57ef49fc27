//! Sends a notice as mail, over SMTP.
//!
//! In: a message, addresses, `[smtp]`. Out: whether the server has taken it.
//! Never: a password over a connection that was to be encrypted and is not; a line of a name as a header.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, transport::smtp};

use super::failure::{Failure, reasons};
use super::target::{Smtp, Tls};
use super::words;
use crate::store::Message;

/// How long each answer of the server is waited for.
const ANSWER: Duration = Duration::from_secs(20);

/// How long all of it may take.
pub(super) const WITHIN: Duration = Duration::from_secs(60);

/// Sends a message.
pub(super) async fn send(smtp: &Smtp, to: &[Address], message: &Message) -> Result<(), Failure> {
    let mail = compose(message, &smtp.from, to)
        .map_err(|error| Failure::later(format!("no mail can be made of it: {error}")))?;
    let who = format!("the mail server {}:{}", smtp.host, smtp.port);
    match tokio::time::timeout(WITHIN, hand_over(smtp, &mail)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(why)) => Err(Failure::later(format!("{who}: {why}"))),
        Err(_) => Err(Failure::later(format!(
            "{who} took longer than {} s",
            WITHIN.as_secs()
        ))),
    }
}

fn compose(
    message: &Message,
    from: &Address,
    to: &[Address],
) -> Result<Mail, lettre::error::Error> {
    let mut mail = Mail::builder()
        .from(Mailbox::new(Some("Storypress".to_owned()), from.clone()))
        .subject(words::subject(&message.notices))
        // the same at every try: a mail program may show one that came twice once
        .message_id(Some(format!("<{}@{}>", message.id, from.domain())))
        // nobody's holiday note answers it (RFC 3834)
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .header(ContentType::TEXT_PLAIN);
    for to in to {
        mail = mail.to(Mailbox::new(None, to.clone()));
    }
    mail.body(words::text(&message.notices))
}

async fn hand_over(smtp: &Smtp, mail: &Mail) -> Result<(), String> {
    let said = |error: smtp::Error| reasons(&error);
    let hello = ClientId::default();
    let tls = match smtp.tls {
        Tls::None => None,
        _ => Some(TlsParameters::new(smtp.host.clone()).map_err(said)?),
    };
    let at_once = tls.clone().filter(|_| smtp.tls == Tls::Tls);
    let server = (smtp.host.as_str(), smtp.port);
    let connecting =
        AsyncSmtpConnection::connect_tokio1(server, Some(ANSWER), &hello, at_once, None);
    let mut conn = connecting.await.map_err(said)?;
    if let Some(tls) = tls.filter(|_| smtp.tls == Tls::StartTls) {
        if !conn.can_starttls() {
            return Err(
                "it offers no STARTTLS; `tls = \"tls\"` encrypts from the beginning, \
                 `tls = \"none\"` not at all"
                    .to_owned(),
            );
        }
        conn.starttls(tls, &hello).await.map_err(said)?;
    }
    if let Some(credentials) = credentials(smtp)? {
        let ways = [Mechanism::Plain, Mechanism::Login];
        conn.auth(&ways, &credentials).await.map_err(said)?;
    }
    conn.send(mail.envelope(), &mail.formatted())
        .await
        .map_err(said)?;
    // it has the mail: how it says goodbye changes nothing
    let _ = tokio::time::timeout(Duration::from_secs(2), conn.quit()).await;
    Ok(())
}

fn credentials(smtp: &Smtp) -> Result<Option<Credentials>, String> {
    let (Some(user), Some(name)) = (&smtp.user, &smtp.password_env) else {
        return Ok(None);
    };
    let password = std::env::var(name).unwrap_or_default();
    // a line of a Windows `.env` ends in a carriage return
    let password = password.trim_end_matches(['\r', '\n']);
    match password.is_empty() {
        true => Err(format!(
            "the environment variable {name} with its password is not set"
        )),
        false => Ok(Some(Credentials::new(user.clone(), password.to_owned()))),
    }
}
