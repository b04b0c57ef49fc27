//! The project file's language.

use crate::diag::{Code, Diagnostic};
use crate::template::language::{Key, Kind};
use crate::template::{Node, Table, Value, check_table};

const fn key(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key::new(name, kind, doc)
}

/// Sections with fixed keys.
pub const SECTIONS: &[(&str, &[Key])] = &[
    ("project", PROJECT),
    ("output", OUTPUT),
    ("limits", LIMITS),
    ("upload", UPLOAD),
    ("publish", PUBLISH),
    ("store", STORE),
    ("smtp", SMTP),
    ("private", PRIVATE),
    ("studio", STUDIO),
];

/// Checks every key of a section and its value. A bare number or `true` is no text of a project: it would be nobody's folder,
/// zone or address.
pub fn check_keys(table: &Table, keys: &'static [Key], owner: &str, wrong: &mut Vec<Diagnostic>) {
    check_table(table, keys.iter(), owner, wrong);
    for entry in &table.entries {
        let is_text = keys
            .iter()
            .any(|key| key.name == entry.key && matches!(key.kind, Kind::Text));
        if is_text && !UNQUOTED.contains(&entry.key.as_str()) {
            wrong.extend(unquoted(&entry.key, &entry.node));
        }
    }
}

/// What is said of a value that is no text, where it is one that a text could be meant by.
fn unquoted(key: &str, node: &Node) -> Option<Diagnostic> {
    let is_bare = matches!(
        node.value,
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) | Value::Date(_)
    );
    let said = format!(
        "`{key}` takes a text in quotes, not {}",
        node.place.text().trim()
    );
    is_bare.then(|| Diagnostic::at(Code::BadValue, &node.place, said))
}

/// Keys of a text that a bare number can be, or of which their own reader tells what they are not.
const UNQUOTED: [&str; 17] = [
    "user_id",
    "username",
    "user",
    "base",
    "from",
    "param",
    "rows",
    "fields",
    "settle",
    "gap",
    "late",
    "timeout",
    "digest",
    "every",
    "stale",
    "max_bytes",
    "headers",
];

/// All sections.
pub const NAMES: [&str; 14] = [
    "project", "brand", "output", "limits", "upload", "accounts", "publish", "store", "schedule",
    "source", "notify", "smtp", "private", "studio",
];

const PROJECT: &[Key] = &[
    key("templates", Kind::Text, "Folder of the templates."),
    key("out", Kind::Text, "Folder of the finished files."),
    key(
        "timezone",
        Kind::Text,
        "IANA name of the zone in which it is today.",
    ),
    key(
        "allow",
        Kind::Texts,
        "Files and folders outside the project that templates may read.",
    ),
];

const OUTPUT: &[Key] = &[
    key(
        "formats",
        Kind::Texts,
        "jpg, png for stills; mp4 is what film becomes in any case.",
    ),
    key(
        "jpeg_quality",
        Kind::Integer(1, 100),
        "Quality of JPEGs. Default 90.",
    ),
];

const LIMITS: &[Key] = &[
    key(
        "megapixels",
        Kind::Number(0.1, 1000.0),
        "The largest picture that is decoded. Default 100.",
    ),
    key(
        "seconds",
        Kind::Number(0.001, 86_400.0),
        "How long one film, or one part of it, is worked on before it is given up. Default 1200.",
    ),
];

const UPLOAD: &[Key] = &[
    key("to", Kind::Text, "s3://, gs://, az:// or file:DIR."),
    key(
        "public_url",
        Kind::Text,
        "The address under which uploaded files can be fetched.",
    ),
];

const PRIVATE: &[Key] = &[key(
    "i_accept_the_risk",
    Kind::Bool,
    "Lets accounts of login `private` speak the app's own protocol, which is against Meta's terms. Default false.",
)];

const STUDIO: &[Key] = &[key(
    "url",
    Kind::Text,
    "Where a phone reaches `storypress studio`, such as https://stories.example.com: notices of what is posted by hand link there.",
)];

/// `[accounts.NAME]`.
pub const ACCOUNT: &[Key] = &[
    key(
        "login",
        Kind::Choice(&["instagram", "facebook", "private", "by-hand"]),
        "Which login the token comes from; private: the app's own protocol, with name and password; by-hand: none, a person posts every story.",
    ),
    key(
        "stickers",
        Kind::Choice(&["by-hand"]),
        "Beside another login: a story with a sticker that the login does not carry is handed to a person; all others go out by themselves.",
    ),
    key("user_id", Kind::Text, "The account's id at that login."),
    key(
        "token_env",
        Kind::Text,
        "Environment variable that holds the token.",
    ),
    key(
        "token_file",
        Kind::Text,
        "File of mode 0600 that holds the token.",
    ),
    key(
        "token_file_mode",
        Kind::Choice(&["own", "mounted"]),
        "`mounted`: the file may be of any owner, and not writable by others, as Docker and Kubernetes mount secrets. Default own.",
    ),
    key(
        "username",
        Kind::Text,
        "With login private: the account's name, without the @. With login by-hand: the same, where you want it shown.",
    ),
    key(
        "password_env",
        Kind::Text,
        "With login private: environment variable that holds the password, for `account login` alone.",
    ),
    key(
        "password_file",
        Kind::Text,
        "With login private: file of mode 0600 that holds the password, for `account login` alone.",
    ),
    key(
        "totp_env",
        Kind::Text,
        "With login private: environment variable that holds the authenticator's seed, for `account login` alone.",
    ),
    key(
        "version",
        Kind::Text,
        "Version of the Graph API. Default v26.0.",
    ),
    key(
        "base",
        Kind::Text,
        "Another address than Meta's, for a sandbox or a proxy.",
    ),
    key(
        "allow_elsewhere",
        Kind::Bool,
        "Lets the token go to a `base` outside this machine.",
    ),
];

/// `[source.NAME]`.
pub const SOURCE: &[Key] = &[
    key("url", Kind::Text, "Where the data is."),
    key(
        "format",
        Kind::Choice(&["csv", "tsv", "json", "jsonl", "xlsx", "ods", "feed"]),
        "What it is; its Content-Type, else its content, tells without it.",
    ),
    key(
        "every",
        Kind::Text,
        "At most so often it is asked, such as 15min, the default.",
    ),
    key(
        "token_env",
        Kind::Text,
        "Environment variable whose value is sent as Authorization: Bearer.",
    ),
    key(
        "headers",
        Kind::Text,
        "Headers that are sent to the first origin; env:NAME takes a value from the environment.",
    ),
    key(
        "rows",
        Kind::Text,
        "Where the list of rows is in a JSON answer; dots go deeper.",
    ),
    key(
        "fields",
        Kind::Text,
        "Where a row's cells are within an element of it.",
    ),
    key(
        "next",
        Kind::Record(NEXT),
        "How the next page is asked for.",
    ),
    key(
        "pictures",
        Kind::Bool,
        "Addresses in image and video columns are fetched as well. Default true.",
    ),
    key(
        "stale",
        Kind::Text,
        "Older than that the last good copy is not used, such as 1d, the default.",
    ),
    key(
        "private",
        Kind::Bool,
        "Addresses of this machine and of private networks may be asked. Default false.",
    ),
    key(
        "max_bytes",
        Kind::Text,
        "Most bytes, unpacked, all pages together. Default 64MiB.",
    ),
];

const NEXT: &[Key] = &[
    key(
        "param",
        Kind::Text,
        "Query parameter that takes the value; without it, the value is an address.",
    ),
    key(
        "from",
        Kind::Text,
        "Where the value is in an answer; dots go deeper.",
    ),
];

const PUBLISH: &[Key] = &[
    key(
        "settle",
        Kind::Text,
        "How long an unclear publish is watched, such as 5min, the default.",
    ),
    key(
        "gap",
        Kind::Text,
        "Between two publishes of one account, such as 5s, the default.",
    ),
    key(
        "unclear",
        Kind::Choice(&["ask", "resend"]),
        "What happens after the settle window.",
    ),
    key(
        "films",
        Kind::Choice(&["fetch", "send"]),
        "How films reach the platform: it fetches them, the default, or, with Facebook Login, they are sent.",
    ),
    key(
        "late",
        Kind::Text,
        "Later than that is missed, such as 30min, the default.",
    ),
    key(
        "timeout",
        Kind::Text,
        "How long the answer to a publish is waited for, such as 60s, the default.",
    ),
];

const STORE: &[Key] = &[key("url", Kind::Text, "sqlite:FILE or postgres://….")];

/// `[notify.NAME]`.
pub const NOTIFY: &[Key] = &[
    key(
        "on",
        Kind::Texts,
        "What is told: failed, uncertain, missed, no-row, unapproved, source-failed, token (these by default), published, approved, rejected, resolved.",
    ),
    key(
        "to",
        Kind::Text,
        "https://…, mailto:ADDRESS or exec:PROGRAM.",
    ),
    key(
        "secret_env",
        Kind::Text,
        "Environment variable with the secret that signs a webhook.",
    ),
    key(
        "digest",
        Kind::Text,
        "Gathers notices for so long, such as 1h. Without it at once.",
    ),
    key(
        "heartbeat",
        Kind::Text,
        "An address that is asked every minute while the worker does its work.",
    ),
];

const SMTP: &[Key] = &[
    key("host", Kind::Text, "The server that takes mail."),
    key(
        "port",
        Kind::Integer(1, 65_535),
        "Default 587 with starttls, 465 with tls, 25 with none.",
    ),
    key("user", Kind::Text, "Who sends, where the server asks."),
    key(
        "password_env",
        Kind::Text,
        "Environment variable with the password.",
    ),
    key(
        "from",
        Kind::Text,
        "The sender's address. Default `user`, where that is one.",
    ),
    key(
        "tls",
        Kind::Choice(&["starttls", "tls", "none"]),
        "How the connection is encrypted. Default starttls.",
    ),
];

/// `[brand]`, tables inside it not counted.
pub const BRAND: [&str; 4] = ["logo", "colors", "fonts", "styles"];
