//! `storypress studio`: the web studio, and the token for programs.

use std::io::IsTerminal as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use fast_qr::QRBuilder;
use serde_json::json;

use super::target;
use super::{Global, Outcome, heap, interrupt, open};
use crate::publisher;
use crate::studio::{self, Options, Running};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  storypress studio                       opens the studio of this project in the browser
  storypress studio --listen 127.0.0.1:0 --no-open --json
                                          for scripts: the first line says where
  storypress studio --sandbox             with a rehearsal of Instagram beside it
  storypress studio --listen 0.0.0.0:8040 --allow-host laptop.local
                                          also for a phone in the same network
  storypress studio token                 the token for programs")]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A host and a port; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8040")]
    pub listen: String,
    /// A name that browsers may call this machine by, besides those of loopback
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Go by the accounts and the clock of the sandbox at URL, or of one that is started for it
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub sandbox: Option<String>,
    /// Do not open a browser
    #[arg(long)]
    pub no_open: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the token for programs
    Token {
        /// Make another one; the old one is void
        #[arg(long)]
        new: bool,
    },
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    match args.command {
        Some(Command::Token { new }) => token(new, global),
        None => {
            heap::set_up();
            serve(args, global)
        }
    }
}

fn token(new: bool, global: &Global) -> anyhow::Result<Outcome> {
    let root = open::bare_project(global, Path::new("."))?.root;
    let token = match new {
        true => studio::new_token(&root),
        false => studio::token_or_new(&root),
    };
    let token = token.context("cannot keep a token")?;
    match global.json {
        true => super::print(&format!("{}\n", json!({ "token": token }))),
        false => super::print(&format!("{token}\n")),
    }
}

fn serve(args: &Args, global: &Global) -> anyhow::Result<Outcome> {
    let stop = interrupt::on_interrupt();
    let project = open::bare_project(global, Path::new("."))?;
    open::runtime()?.block_on(async {
        let place = target::place(args.sandbox.as_deref());
        let (beside, sandbox) = publisher::platform(&project, &place).await?;
        let options = Options {
            listen: args.listen.clone(),
            allow_hosts: args.allow_host.clone(),
            project: project.file.clone(),
            folder: PathBuf::from("."),
            sandbox,
        };
        let running = studio::start(&options).await?;
        let opened = tell(&running, args, global)?;
        interrupt::interrupted(stop).await;
        drop(opened);
        running.stop().await;
        if let Some(beside) = beside {
            beside.stop().await;
        }
        Ok(Outcome::Done)
    })
}

/// Says where it is, and opens it.
fn tell(running: &Running, args: &Args, global: &Global) -> anyhow::Result<Option<Opened>> {
    let url = running.start_url()?;
    if global.json {
        let mut told = json!({ "url": url });
        // a worker that is started for it has to name it
        if let Some(sandbox) = &running.studio.sandbox {
            told["sandbox"] = json!(sandbox);
        }
        super::print(&format!("{told}\n"))?;
        return Ok(None);
    }
    let opened = match args.no_open {
        true => None,
        false => Opened::in_browser(&url, running.studio.root()),
    };
    // where the browser has the first token, a person who needs an address gets another one
    let url = match opened {
        Some(_) => running.start_url()?,
        None => url,
    };
    if !global.quiet {
        eprintln!("the studio is at {url}\nthe address works once; Ctrl-C ends the studio");
        if let Some(sandbox) = &running.studio.sandbox {
            eprintln!("it rehearses against the sandbox at {sandbox}");
        }
    }
    if !args.allow_host.is_empty() && !global.quiet {
        pair(running)?;
    }
    Ok(opened)
}

/// How a phone gets in.
fn pair(running: &Running) -> anyhow::Result<()> {
    let url = running.start_url()?;
    let code = running.studio.pairing_code()?;
    if std::io::stderr().is_terminal()
        && let Ok(qr) = QRBuilder::new(url).build()
    {
        eprintln!("\n{}", qr.to_str());
    }
    eprintln!(
        "on a phone: point its camera here, or open {} and type {} {}",
        running.url,
        &code[..4],
        &code[4..]
    );
    Ok(())
}

/// A page that sends a browser to the studio; it goes away with this.
///
/// What a program is called with can be read by everybody on the machine, so the browser is not called with the token.
struct Opened(PathBuf);

impl Opened {
    fn in_browser(url: &str, root: &Path) -> Option<Self> {
        let program = if cfg!(target_os = "macos") {
            "open"
        } else if ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some())
        {
            "xdg-open"
        } else {
            return None;
        };
        let folder = root.join(".storypress");
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&folder).ok()?;
        let page = Self(folder.join(format!("open-{}.html", std::process::id())));
        let _ = std::fs::remove_file(&page.0);
        let text = format!(
            "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url={url}\">\
             <title>Storypress</title><a href=\"{url}\">Open the studio</a>\n"
        );
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&page.0);
        std::io::Write::write_all(&mut file.ok()?, text.as_bytes()).ok()?;
        let started = std::process::Command::new(program)
            .arg(&page.0)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn();
        let mut child = started.ok()?;
        // waited for, so that it does not stay behind as a zombie
        std::thread::spawn(move || child.wait());
        Some(page)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
