//! What the calls answer, for the OpenAPI document.
//!
//! In: nothing. Out: schemas. Never: a value; what is sent is made where it is known. A test holds some answers against them.
//!
//! Where a report of the command line is answered, what every such object has stands here; it may have more.

#![allow(
    dead_code,
    reason = "the document alone reads these: answers are made as JSON"
)]

use utoipa::ToSchema;

/// An error, as RFC 9457 writes it: `application/problem+json`.
#[derive(ToSchema)]
pub struct ProblemAnswer {
    /// `urn:storypress:` and a word that stays: `not-found`, `conflict`, `stale`, `invalid`.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The status.
    pub status: u16,
    /// One sentence for people.
    pub detail: Option<String>,
    /// Where something is wrong with a file.
    pub diagnostics: Option<Vec<DiagnosticAnswer>>,
}

/// What is wrong with a file, and where.
#[derive(ToSchema)]
pub struct DiagnosticAnswer {
    /// `error` or `warning`.
    pub severity: String,
    /// A word that stays: `unknown-key`.
    pub code: String,
    /// One sentence for people.
    pub message: String,
    /// Against the project's folder.
    pub file: String,
    /// From 1; none where the whole file is meant.
    pub line: Option<u64>,
    /// From 1, in letters.
    pub column: Option<u64>,
    /// Where it ends.
    pub end_line: Option<u64>,
    /// Where it ends.
    pub end_column: Option<u64>,
    /// What to do.
    pub hint: Option<String>,
    /// The row that it is about: its number and key.
    pub row: Option<String>,
    /// The first UTF-8 byte of the file that is meant.
    pub start: Option<u64>,
    /// The one after the last.
    pub end: Option<u64>,
}

/// A variable of a template.
#[derive(ToSchema)]
pub struct VariableAnswer {
    /// Its name.
    pub name: String,
    /// `text`, `number`, `image` and so on.
    pub r#type: String,
    /// What it is where nobody gives it.
    #[schema(value_type = Option<serde_json::Value>)]
    pub default: Option<()>,
    /// The most letters of a text.
    pub max_chars: Option<u64>,
    /// What a form calls it.
    pub label: Option<String>,
}

/// A template.
#[derive(ToSchema)]
pub struct TemplateAnswer {
    /// Against the project's folder.
    pub path: String,
    /// The file's name without its ending.
    pub name: String,
    /// The digest of its text: what `If-Match` takes.
    pub hash: String,
    /// It is there for others to build on.
    pub is_base: bool,
    /// What can be filled in.
    pub variables: Vec<VariableAnswer>,
    /// What is wrong with it.
    pub diagnostics: Vec<DiagnosticAnswer>,
    /// Its text, where one template is asked for; null where the file is no UTF-8.
    pub text: Option<String>,
}

/// Templates.
#[derive(ToSchema)]
pub struct TemplatesAnswer {
    /// Sorted by path.
    pub items: Vec<TemplateAnswer>,
}

/// A template that was written.
#[derive(ToSchema)]
pub struct WrittenAnswer {
    /// Against the project's folder.
    pub path: String,
    /// The digest of what was written.
    pub hash: String,
    /// What is wrong with it.
    pub diagnostics: Vec<DiagnosticAnswer>,
}

/// A file that was copied or renamed.
#[derive(ToSchema)]
pub struct MovedAnswer {
    /// Where it is now.
    pub path: String,
    /// The digest of what it holds.
    pub hash: String,
    /// What is wrong with its text and its bases.
    pub diagnostics: Vec<DiagnosticAnswer>,
    /// Of another name: the templates that build on it by the old one.
    pub used_by: Option<Vec<String>>,
}

/// A journal that was kept.
#[derive(ToSchema)]
pub struct HashAnswer {
    /// The digest: what `If-Match` takes.
    pub hash: String,
}

/// An asset that was taken.
#[derive(ToSchema)]
pub struct AssetAnswer {
    /// Against the project's folder.
    pub path: String,
    /// `picture`, `clip`, `font` or `sound`.
    pub kind: String,
    /// Its length.
    pub bytes: u64,
    /// The digest of what it holds.
    pub hash: String,
}

/// The text after edits.
#[derive(ToSchema)]
pub struct EditedAnswer {
    /// The whole text.
    pub text: String,
    /// Its digest.
    pub hash: String,
    /// What is wrong with it.
    pub diagnostics: Vec<DiagnosticAnswer>,
}

/// A row of a table, as it fills a template.
#[derive(ToSchema)]
pub struct RowAnswer {
    /// From 1.
    pub row: u64,
    /// Its key, where it has one.
    pub key: Option<String>,
    /// Its values by column.
    #[schema(value_type = Object)]
    pub values: (),
    /// What is wrong with it in this template.
    pub diagnostics: Vec<DiagnosticAnswer>,
    /// Why it strains the template, where `worst` was asked for.
    pub why: Option<Vec<String>>,
}

/// Rows of a table.
#[derive(ToSchema)]
pub struct RowsAnswer {
    /// In their order; with `worst`, the worst first.
    pub items: Vec<RowAnswer>,
    /// How many rows the table has.
    pub total: u64,
    /// What is wrong with the template or the data as a whole.
    pub diagnostics: Vec<DiagnosticAnswer>,
}

/// UTF-8 bytes of a file.
#[derive(ToSchema)]
pub struct SpanAnswer {
    /// The first.
    pub start: u64,
    /// The one after the last.
    pub end: u64,
}

/// A line of a text.
#[derive(ToSchema)]
pub struct LineAnswer {
    /// Canvas units.
    pub left: f64,
    /// Canvas units.
    pub top: f64,
    /// Canvas units.
    pub width: f64,
    /// Canvas units.
    pub height: f64,
    /// The first UTF-8 byte of the text that is shown.
    pub start: u64,
    /// The one after the last.
    pub end: u64,
}

/// A layer's box, unturned about its centre.
#[derive(ToSchema)]
pub struct BoxAnswer {
    /// Where the layer stands: `layer[2].children[0]`.
    pub path: String,
    /// Its name, if it has one.
    pub id: Option<String>,
    /// `text`, `image` and so on.
    pub r#type: String,
    /// Canvas units.
    pub left: f64,
    /// Canvas units.
    pub top: f64,
    /// Canvas units.
    pub width: f64,
    /// Canvas units.
    pub height: f64,
    /// Degrees clockwise.
    pub rotate: f64,
    /// It is not shown.
    pub hidden: Option<bool>,
    /// The file that the layer stands in.
    pub file: String,
    /// Where in it.
    pub span: SpanAnswer,
    /// The lines of a text.
    pub lines: Option<Vec<LineAnswer>>,
    /// Key → `{value, origin}`.
    #[schema(value_type = Object)]
    pub values: (),
}

/// What is in a picture.
#[derive(ToSchema)]
pub struct PreviewAnswer {
    /// The digest of the template's text.
    pub hash: String,
    /// Variables with their values.
    #[schema(value_type = serde_json::Value)]
    pub variables: (),
    /// In paint order.
    pub boxes: Vec<BoxAnswer>,
    /// What is wrong with it.
    pub diagnostics: Vec<DiagnosticAnswer>,
}

/// A picture that a slot shows.
#[derive(ToSchema)]
pub struct PictureAnswer {
    /// Its SHA-256: what `approve` takes.
    pub sha256: String,
    /// `image` or `video`.
    pub kind: String,
    /// Its length.
    pub bytes: u64,
    /// Pixels.
    pub width: u64,
    /// Pixels.
    pub height: u64,
    /// Of a film.
    pub duration_s: Option<f64>,
    /// RFC 3339.
    pub made: String,
}

/// What somebody decided.
#[derive(ToSchema)]
pub struct DecisionAnswer {
    /// The picture that it is about.
    pub sha256: Option<String>,
    /// Who.
    pub by: String,
    /// RFC 3339.
    pub at: String,
    /// Why.
    pub reason: Option<String>,
}

/// A slot: what `schedule next --json` lists, and more.
#[derive(ToSchema)]
pub struct SlotAnswer {
    /// `SCHEDULE@DATE`, percent-encoded in an address.
    pub id: String,
    /// When it goes out, RFC 3339.
    pub due: String,
    /// `planned`, `waiting`, `skipped`, or that of its story.
    pub state: String,
    /// The account, as the project names it.
    pub account: Option<String>,
    /// What it shows.
    pub picture: Option<PictureAnswer>,
    /// What was approved before its data changed.
    pub former: Option<PictureAnswer>,
    /// Who let it go out.
    pub approval: Option<DecisionAnswer>,
    /// Who did not.
    pub rejection: Option<DecisionAnswer>,
    /// Its story, once it is one.
    #[schema(value_type = Option<Object>)]
    pub story: Option<()>,
    /// What is wrong with it.
    pub diagnostics: Vec<DiagnosticAnswer>,
    /// What was decided about it, where one slot is asked for.
    pub trail: Option<Vec<TrailAnswer>>,
}

/// A line of what was decided and done.
#[derive(ToSchema)]
pub struct TrailAnswer {
    /// RFC 3339.
    pub time: String,
    /// What was done.
    pub what: String,
    /// The state before.
    pub from: Option<String>,
    /// The state after.
    pub to: Option<String>,
    /// Who did it.
    pub by: String,
    /// The rest.
    #[schema(value_type = serde_json::Value)]
    pub detail: (),
}

/// Slots.
#[derive(ToSchema)]
pub struct SlotsAnswer {
    /// By the time when they go out.
    pub items: Vec<SlotAnswer>,
    /// The first day.
    pub from: String,
    /// The last one.
    pub to: String,
    /// The project's zone.
    pub zone: String,
    /// RFC 3339.
    pub now: String,
    /// What is wrong with the calendar.
    pub diagnostics: Vec<DiagnosticAnswer>,
}

/// A story: what `status --json` lists.
#[derive(ToSchema)]
pub struct StoryAnswer {
    /// Its key.
    pub id: String,
    /// `due`, `live`, `failed` and so on.
    pub state: String,
    /// What it is called.
    pub name: String,
    /// The account, as the project names it.
    pub account: String,
    /// RFC 3339.
    pub due: Option<String>,
    /// RFC 3339, in UTC.
    pub published: Option<String>,
    /// What was done with it, where one story is asked for.
    pub trail: Option<Vec<TrailAnswer>>,
}

/// Stories.
#[derive(ToSchema)]
pub struct StoriesAnswer {
    /// In their order.
    pub items: Vec<StoryAnswer>,
}

/// A story that numbers are told of.
#[derive(ToSchema)]
pub struct NumbersOfStoryAnswer {
    /// Its key.
    pub id: String,
    /// `live` or `closed`.
    pub state: String,
    /// What it is called.
    pub name: String,
    /// The template that it was made with.
    pub template: Option<String>,
    /// The account, as the project names it.
    pub account: String,
    /// RFC 3339, in UTC.
    pub published: Option<String>,
}

/// Numbers by story, template, weekday and hour: what `insights --json` tells.
#[derive(ToSchema)]
pub struct InsightsAnswer {
    /// By story.
    pub items: Vec<NumbersOfStoryAnswer>,
    /// By template.
    #[schema(value_type = Vec<Object>)]
    pub templates: Vec<()>,
    /// By weekday.
    #[schema(value_type = Vec<Object>)]
    pub weekdays: Vec<()>,
    /// By hour.
    #[schema(value_type = Vec<Object>)]
    pub hours: Vec<()>,
}

/// An account: what `account status --json` tells.
#[derive(ToSchema)]
pub struct AccountAnswer {
    /// As the project names it.
    pub name: String,
    /// Nothing of it goes out.
    pub paused: Option<bool>,
    /// Why it could not be asked.
    pub error: Option<String>,
}

/// Accounts.
#[derive(ToSchema)]
pub struct AccountsAnswer {
    /// As the project names them.
    pub items: Vec<AccountAnswer>,
}

/// A schedule or an account that was paused, or goes on.
#[derive(ToSchema)]
pub struct PausedAnswer {
    /// Its name.
    pub name: String,
    /// Whether it is paused now.
    pub paused: bool,
}

/// How many stories of a batch are what.
#[derive(ToSchema)]
pub struct TotalsAnswer {
    /// All of them.
    pub stories: u64,
    /// In no batch before.
    pub new: u64,
    /// Other than before.
    pub changed: u64,
    /// As before.
    pub same: u64,
    /// Those that cannot be made, with what is no story yet.
    pub failed: u64,
}

/// Stories that differ for the same reason.
#[derive(ToSchema)]
pub struct GroupAnswer {
    /// What a decision names.
    pub id: String,
    /// `new`, `changed`, `same` or `failed`.
    pub kind: String,
    /// In words.
    pub title: String,
    /// Its stories.
    pub count: u64,
    /// Those that were approved.
    pub approved: u64,
    /// Those that were rejected.
    pub rejected: u64,
}

/// A story of a batch.
#[derive(ToSchema)]
pub struct BatchStoryAnswer {
    /// What it is called.
    pub name: String,
    /// `new`, `changed`, `same` or `failed`.
    pub kind: String,
    /// Its group.
    pub group: String,
    /// Its picture, once that was made.
    pub sha256: Option<String>,
    /// What is wrong with it.
    pub diagnostics: Vec<DiagnosticAnswer>,
}

/// What cannot be made.
#[derive(ToSchema)]
pub struct FailedAnswer {
    /// A story, or a template and its row.
    pub name: String,
    /// Why.
    pub diagnostics: Vec<DiagnosticAnswer>,
}

/// A batch.
#[derive(ToSchema)]
pub struct BatchAnswer {
    /// Its name.
    pub id: String,
    /// How many are what.
    pub totals: TotalsAnswer,
    /// By what changed.
    pub groups: Vec<GroupAnswer>,
    /// Those of this page.
    pub stories: Vec<BatchStoryAnswer>,
    /// Those that cannot be made.
    pub failed: Vec<FailedAnswer>,
    /// From 1.
    pub page: u64,
    /// How many there are.
    pub pages: u64,
}

/// What was decided about a batch.
#[derive(ToSchema)]
pub struct DecidedAnswer {
    /// So many stories.
    pub decided: u64,
    /// As they are now.
    pub groups: Vec<GroupAnswer>,
}

/// A finished file without a date.
#[derive(ToSchema)]
pub struct DraftAnswer {
    /// Its name in addresses.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The template that it was made with.
    pub template: Option<String>,
    /// `image` or `video`.
    pub kind: String,
    /// Its SHA-256.
    pub sha256: String,
    /// RFC 3339.
    pub added: String,
    /// Who put it there.
    pub by: String,
}

/// Drafts.
#[derive(ToSchema)]
pub struct DraftsAnswer {
    /// The newest first.
    pub items: Vec<DraftAnswer>,
}

/// The story of a draft.
#[derive(ToSchema)]
pub struct PlacedAnswer {
    /// Its key.
    pub id: String,
    /// Its state.
    pub state: String,
    /// RFC 3339.
    pub due: Option<String>,
}

/// A draft that waits in the tray again.
#[derive(ToSchema)]
pub struct DraftIdAnswer {
    /// Its name in addresses.
    pub id: String,
}
