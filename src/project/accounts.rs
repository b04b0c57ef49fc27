//! `[accounts.NAME]`: who publishes, and where its token is to be found.

use std::path::{Path, PathBuf};

use url::Url;

use crate::diag::{Code, Diagnostic, Severity};
use crate::graph::tokens::FileMode;
use crate::graph::{Login, UserId};
use crate::template::{Node, Table, Value, grammar};

/// An account, as the project names it. The token itself is never in a project file.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The key of its table.
    pub name: String,
    /// Which login its token comes from.
    pub login: Login,
    /// Its id at that login. Instagram Login can do without one: the token knows whose it is.
    pub user_id: Option<UserId>,
    /// Environment variable that holds the token.
    pub token_env: Option<String>,
    /// File that holds the token, against the project's root.
    pub token_file: Option<PathBuf>,
    /// Whose that file may be.
    pub token_file_mode: FileMode,
    /// What its login does not carry, a person posts; always so with login `by-hand`.
    pub stickers_by_hand: bool,
    /// With login `private` or `by-hand`: its name on the platform, without the `@`.
    pub username: Option<String>,
    /// With login `private`: environment variable that holds the password.
    pub password_env: Option<String>,
    /// With login `private`: file that holds the password, against the project's root.
    pub password_file: Option<PathBuf>,
    /// With login `private`: environment variable that holds the authenticator's seed.
    pub totp_env: Option<String>,
    /// API version; the program's own without one.
    pub version: Option<String>,
    /// Another base than Meta's, for a sandbox or a proxy.
    pub base: Option<Url>,
    /// `base` may be outside this machine.
    pub allow_elsewhere: bool,
}

impl Account {
    /// An account of a login, nothing else said.
    pub fn new(name: &str, login: Login) -> Self {
        Self {
            name: name.to_owned(),
            login,
            user_id: None,
            token_env: None,
            token_file: None,
            token_file_mode: FileMode::Own,
            stickers_by_hand: login == Login::ByHand,
            username: None,
            password_env: None,
            password_file: None,
            totp_env: None,
            version: None,
            base: None,
            allow_elsewhere: false,
        }
    }
}

/// Reads a table whose keys have been checked. What is wrong with its values is told.
pub(super) fn read(
    name: &str,
    table: &Table,
    root: &Path,
    wrong: &mut Vec<Diagnostic>,
) -> Option<Account> {
    let text = |key: &str| table.get(key).and_then(grammar::text);
    let login = match table.get("login").and_then(Node::as_text) {
        Some("instagram") => Login::Instagram,
        Some("facebook") => Login::Facebook,
        Some("private") => Login::Private,
        Some("by-hand") => Login::ByHand,
        // another word was told with the keys
        Some(_) => return None,
        None => {
            let said = format!("account `{name}` has no `login`");
            wrong.push(
                Diagnostic::at(Code::BadValue, &table.place, said)
                    .hint("instagram, facebook, private or by-hand"),
            );
            return None;
        }
    };
    misplaced(name, table, login, wrong);
    Some(Account {
        user_id: parsed(table, "user_id", "an id of 1 to 32 digits", wrong),
        token_env: text("token_env"),
        token_file: text("token_file").map(|path| root.join(path)),
        token_file_mode: match text("token_file_mode").as_deref() {
            Some("mounted") => FileMode::Mounted,
            // another word was told with the keys
            _ => FileMode::Own,
        },
        stickers_by_hand: login == Login::ByHand || text("stickers").is_some(),
        username: text("username").map(|name| name.trim_start_matches('@').to_owned()),
        password_env: text("password_env"),
        password_file: text("password_file").map(|path| root.join(path)),
        totp_env: text("totp_env"),
        version: text("version"),
        base: parsed(
            table,
            "base",
            "an address such as http://127.0.0.1:8000",
            wrong,
        ),
        allow_elsewhere: matches!(
            table.get("allow_elsewhere").map(|n| &n.value),
            Some(Value::Bool(true))
        ),
        ..Account::new(name, login)
    })
}

/// Keys of one way that stand in an account of another.
fn misplaced(name: &str, table: &Table, login: Login, wrong: &mut Vec<Diagnostic>) {
    const PRIVATE: &[&str] = &["username", "password_env", "password_file", "totp_env"];
    const OFFICIAL: &[&str] = &["token_env", "token_file", "token_file_mode", "version"];
    // nobody is asked, and nothing is sent
    const ANY: &[&str] = &[
        "user_id",
        "token_env",
        "token_file",
        "token_file_mode",
        "version",
        "password_env",
        "password_file",
        "totp_env",
        "base",
        "allow_elsewhere",
    ];
    let keys = match login {
        Login::Private => OFFICIAL,
        Login::Instagram | Login::Facebook => PRIVATE,
        Login::ByHand => ANY,
    };
    if login == Login::ByHand
        && let Some(node) = table.get("stickers")
    {
        let said = format!("account `{name}` has login `by-hand`: all of its stories go by hand");
        let why = Diagnostic::at(Code::BadValue, &node.place, said).severity(Severity::Warning);
        wrong.push(why.hint("remove `stickers`"));
    }
    for node in keys.iter().filter_map(|key| Some((key, table.get(key)?))) {
        let (key, node) = node;
        let said = format!(
            "account `{name}` has login `{}`, which has no `{key}`",
            login.as_str()
        );
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said));
    }
    if login == Login::Private && table.get("username").is_none() {
        let said = format!("account `{name}` has login `private` and no `username`");
        wrong.push(Diagnostic::at(Code::BadValue, &table.place, said));
    }
}

fn parsed<T: std::str::FromStr>(
    table: &Table,
    key: &str,
    what: &str,
    wrong: &mut Vec<Diagnostic>,
) -> Option<T> {
    let node = table.get(key)?;
    let value = grammar::text(node)?.parse().ok();
    if value.is_none() {
        let said = format!("`{key}` is {what}");
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, said));
    }
    value
}
