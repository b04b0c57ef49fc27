//! The command line: one file per command.
//!
//! In: arguments. Out: an exit code, people's words on stderr, a report on stdout when `--json` asks for one.
//! Never: work that another program could not do with the library.

/// In place of the standard ones, which panic where nobody reads any more, as behind `2>&1 | head`.
macro_rules! eprintln {
    ($($said:tt)*) => { crate::cli::say(&format!("{}\n", format_args!($($said)*))) };
}
macro_rules! eprint {
    ($($said:tt)*) => { crate::cli::say(&format!($($said)*)) };
}
#[allow(unused_macros)] // whoever writes it gets this one
macro_rules! println {
    () => { let _ = crate::cli::print("\n"); };
    ($($said:tt)*) => { let _ = crate::cli::print(&format!("{}\n", format_args!($($said)*))); };
}

mod account;
mod bars;
mod batch;
mod cancel;
mod check;
mod events;
mod fetch;
mod handoff;
mod heap;
mod highlights;
mod insights;
mod interrupt;
mod move_to;
mod new;
mod notices;
mod one_line;
mod open;
mod pause;
mod private;
mod probe;
mod publish;
mod render;
mod report;
mod resolve;
mod retry;
mod sandbox;
mod schedule;
mod selection;
mod slots;
mod spool;
mod status;
mod stdout;
mod store;
mod stories;
mod studio;
mod target;
mod trail;
mod transcode;
mod verify;
mod watch;
mod worker;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;

use one_line::one_line;
use stdout::print;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All done.
    Done,
    /// At least one item failed; the others are finished.
    Failed,
    /// The call itself is wrong.
    Usage,
    /// Nobody can tell whether a story is live; it needs a look.
    Uncertain,
    /// Stopped by the user; nothing is half-written.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Uncertain => 3,
            Outcome::Interrupted => 130,
        })
    }
}

/// Renders and checks Instagram Stories from TOML templates.
#[derive(Debug, Parser)]
#[command(name = "storypress", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  storypress new cafe && cd cafe          start a project that renders as it is
  storypress render templates -o out      every template becomes a finished Story
  storypress render menu.toml --data menu.csv -o out
                                          one Story for each row
  storypress check templates              everything that is wrong, nothing written
  storypress render templates -o out --guides --sheet
                                          see what the app will cover, and the whole batch";

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Global {
    /// Print one JSON report on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Say errors only
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Project file; without it, storypress.toml here or in a parent of the path
    #[arg(long, global = true, value_name = "FILE")]
    pub project: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a small project that renders as it is
    New(new::Args),
    /// Turn templates into finished pictures
    Render(render::Args),
    /// Say everything that is wrong with templates, data and assets; write nothing
    Check(check::Args),
    /// Make a package for a person's phone of every story: file, page, where each sticker goes
    Handoff(handoff::Args),
    /// Fetch data that lives elsewhere now, and say what changed
    Fetch(fetch::Args),
    /// Turn any clip into a Story video
    Transcode(transcode::Args),
    /// Hold finished media against the platform's rules
    Verify(verify::Args),
    /// Run a local Instagram to rehearse against; nothing leaves the machine
    Sandbox(sandbox::Args),
    /// Keep and check the tokens of accounts
    Account(account::Args),
    /// Upload and publish finished media, each once
    Publish(publish::Args),
    /// Show what is due, in flight, live, failed, uncertain
    Status(status::Args),
    /// Send stories that did not go out once more
    Retry(retry::Args),
    /// Take back stories that were not sent yet
    Cancel(cancel::Args),
    /// Have a story that was not sent yet go out at another time
    Move(move_to::Args),
    /// Let nothing of an account go out
    Pause(pause::Args),
    /// Let an account's stories go out again
    Resume(pause::ResumeArgs),
    /// Back up the memory, restore it, take over what is live
    Store(store::Args),
    /// Let a slot of the calendar go out with the picture that it has
    Approve(slots::ApproveArgs),
    /// Keep a slot's picture from going out; another one waits anew
    Reject(slots::RejectArgs),
    /// Say what became of an uncertain story
    Resolve(resolve::Args),
    /// Show the numbers of live and past stories
    Insights(insights::Args),
    /// Show the calendar: its rules, the slots to come, what another one would change
    Schedule(schedule::Args),
    /// Run due work until stopped
    Worker(worker::Args),
    /// Run the web studio of a project, or print its token for programs
    Studio(studio::Args),
    /// Show what is live on an account; fetch it, take it back
    Stories(stories::Args),
    /// Show and change the stories that stay on a profile
    Highlights(highlights::Args),
    /// Set up the private way: the app's own protocol, off by default
    Private(private::Args),
    /// Say what a media file holds
    Probe(probe::Args),
    /// Print the JSON Schema of templates, for editors
    Schema,
    /// Print shell completions
    Completions {
        /// The shell to complete for
        shell: clap_complete::Shell,
    },
    /// Print the man page
    #[command(hide = true)]
    Man {
        /// Write the page of every command into this folder
        #[arg(long, value_name = "DIR")]
        all: Option<PathBuf>,
    },
}

/// Runs one call; `arguments` start with the program's name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    LazyLock::force(&report::STARTED);
    let arguments = with_sandbox_address(arguments);
    let named = named(&arguments);
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // help and version are no errors
            let code = if error.use_stderr() {
                Outcome::Usage
            } else {
                Outcome::Done
            };
            // the parser says usage errors on stderr
            let told = error.print();
            if !error.use_stderr() {
                let _ = stdout::written(told);
            } else if arguments.iter().any(|argument| argument == "--json") {
                let said = error.to_string();
                let said = said.lines().next().unwrap_or_default();
                tell_wrong(&named, said.trim_start_matches("error: "));
            }
            return stdout::ended(code).into();
        }
    };
    listen(&cli.global);
    let is_json = cli.global.json;
    match run(cli) {
        Err(error) if error.is::<interrupt::Interrupted>() => {
            if is_json && stdout::is_untouched() {
                tell_wrong(&named, &error.to_string());
            }
            Outcome::Interrupted.into()
        }
        Ok(outcome) => stdout::ended(outcome).into(),
        // told already
        Err(_) if stdout::is_lost() => Outcome::Failed.into(),
        Err(error) => {
            let line = one_line(&error);
            say_line(&format!("error: {line}"));
            // a worker's lines are events, and the last is the report
            if is_json && (stdout::is_untouched() || named == "worker") {
                tell_wrong(&named, &line);
            }
            Outcome::Usage.into()
        }
    }
}

/// The command that is called, as its report names it: `schedule next`.
fn named(arguments: &[OsString]) -> String {
    let (program, mut names) = (Cli::command(), Vec::new());
    let mut command = &program;
    for argument in arguments.iter().skip(1).filter_map(|a| a.to_str()) {
        if let Some(found) = command.find_subcommand(argument) {
            names.push(found.get_name().to_owned());
            command = found;
        } else if !names.is_empty() && !argument.starts_with('-') {
            break;
        }
    }
    names.join(" ")
}

/// The report of a call that is wrong.
fn tell_wrong(command: &str, said: &str) {
    let report = report::object(command, false, serde_json::json!({ "error": said }));
    let _ = print(&format!("{report}\n"));
}

/// What the rooms log goes to stderr: warnings, more with `-v`, and what `STORYPRESS_LOG` says: `debug`, `trace`.
///
/// Only this program's own words: what its libraries would say has not been held against the secrets they see.
fn listen(global: &Global) {
    let asked = std::env::var("STORYPRESS_LOG").ok();
    let level = match asked.as_deref().and_then(|word| word.parse().ok()) {
        Some(level) => level,
        None if global.quiet => tracing::Level::ERROR,
        None if global.verbose => tracing::Level::INFO,
        None => tracing::Level::WARN,
    };
    let own = tracing_subscriber::filter::Targets::new().with_target("storypress", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .without_time()
        .log_internal_errors(false);
    // a subscriber that is already set (by a test's host) stays
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(own))
        .try_init();
}

/// `--sandbox http://…` as one word: what follows `--sandbox` is its address only if it looks like one.
fn with_sandbox_address(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_address = argument.to_str().is_some_and(|a| a.starts_with("http"));
        match joined.last_mut() {
            Some(last) if is_address && last == "--sandbox" => {
                last.push("=");
                last.push(&argument);
            }
            _ => joined.push(argument),
        }
    }
    joined
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let global = cli.global;
    match cli.command {
        Command::New(args) => new::run(&args, &global),
        Command::Render(args) if args.watch => {
            watch::run(&args, &global, interrupt::on_interrupt())
        }
        Command::Render(args) => render::run(&args, &global),
        Command::Transcode(args) => transcode::run(&args, &global),
        Command::Check(args) => check::run(&args, &global),
        Command::Handoff(args) => handoff::run(&args, &global),
        Command::Fetch(args) => fetch::run(&args, &global),
        Command::Verify(args) => verify::run(&args, &global),
        Command::Sandbox(args) => sandbox::run(&args, &global),
        Command::Account(args) => account::run(&args, &global),
        Command::Stories(args) => stories::run(&args, &global),
        Command::Highlights(args) => highlights::run(&args, &global),
        Command::Private(args) => private::run(&args, &global),
        Command::Probe(args) => probe::run(&args, &global),
        Command::Publish(args) => publish::run(&args, &global),
        Command::Status(args) => status::run(&args, &global),
        Command::Retry(args) => retry::run(&args, &global),
        Command::Cancel(args) => cancel::run(&args, &global),
        Command::Move(args) => move_to::run(&args, &global),
        Command::Pause(args) => pause::run(&args, &global),
        Command::Resume(args) => pause::resume(&args, &global),
        Command::Store(args) => store::run(&args, &global),
        Command::Approve(args) => slots::approve(&args, &global),
        Command::Reject(args) => slots::reject(&args, &global),
        Command::Resolve(args) => resolve::run(&args, &global),
        Command::Insights(args) => insights::run(&args, &global),
        Command::Schedule(args) => schedule::run(&args, &global),
        Command::Studio(args) => studio::run(&args, &global),
        Command::Worker(args) => worker::run(&args, &global),
        Command::Schema => print(&format!("{:#}\n", crate::template::schema())),
        Command::Completions { shell } => {
            let mut out = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "storypress", &mut out);
            print(&String::from_utf8_lossy(&out))
        }
        Command::Man { all: Some(folder) } => {
            std::fs::create_dir_all(&folder)?;
            clap_mangen::generate_to(Cli::command(), folder)?;
            Ok(Outcome::Done)
        }
        Command::Man { all: None } => {
            let mut out = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut out)?;
            print(&String::from_utf8_lossy(&out))
        }
    }
}

/// Writes to stderr; a reader that went away is no failure.
pub(crate) fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A name as it can be shown on one line.
pub(crate) fn printable(name: &str) -> String {
    if !name.contains(char::is_control) {
        return name.to_owned();
    }
    name.chars()
        .flat_map(|c| match c.is_control() {
            true => c.escape_default().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect()
}

/// The same with the end of the line.
pub(crate) fn say_line(text: &str) {
    say(&format!("{text}\n"));
}
