//! What a story says: its expressions, evaluated as the program does, without painting.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use storypress::data::{self, Row};
use storypress::diag::{Place, Source};
use storypress::scene::picture::Limits;
use storypress::scene::{self, Assets};
use storypress::template::expression::Clock;
use storypress::template::{self, Layer, Template};
use storypress::{project, template::grammar};

/// Holds texts of a story against what they should be: by a layer's id, or by the expression itself.
pub fn texts(
    work: &Path,
    call: &[String],
    row: Option<u64>,
    right: &toml::Table,
) -> Result<Vec<String>, Failed> {
    let option = |name: &str| {
        let at = call.iter().position(|a| a == name)?;
        call.get(at + 1).cloned()
    };
    let file = call[1..]
        .iter()
        .find(|a| a.ends_with(".toml"))
        .ok_or("the call names no template")?;
    let project = match project::find(work) {
        Some(file) => {
            project::open(&file, Path::new("storypress.toml")).map_err(|why| format!("{why:?}"))?
        }
        None => project::Project::none(work),
    };
    let zone = jiff::tz::TimeZone::get(project.timezone.as_deref().unwrap_or("UTC"))?;
    let now = match option("--now") {
        Some(text) => text.parse::<jiff::civil::DateTime>()?.to_zoned(zone)?,
        None => jiff::Timestamp::UNIX_EPOCH.to_zoned(zone),
    };
    let path = work.join(file);
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    let (template, _) = template::load(&path, Path::new(file), &project.allowed_paths(&folder))?;
    let (assets, _) = Assets::new(
        project.allowed_paths(&folder),
        project.file.is_some(),
        project.brand.clone(),
        Limits::default(),
        Clock { now },
    );
    let row = match (option("--data"), row) {
        (Some(data), Some(number)) => read_row(&work.join(data), option("--encoding"), number)?,
        _ => Row::new(
            1,
            Default::default(),
            Place::whole(&Source::new("", "")),
            vec![],
        ),
    };
    let (context, _) = scene::context(&template, &row, &assets);
    let mut wrong = Vec::new();
    for (name, right) in right {
        let text = match layer_text(&template, name) {
            Some(text) => text,
            None if name.contains("{{") => name.clone(),
            None => return Err(format!("no text layer `{name}`").into()),
        };
        let got = assets
            .expressions
            .text(&text, &context)
            .unwrap_or_else(|problem| format!("error: {problem}"));
        let right = right.as_str().ok_or("texts are text")?;
        if got != right {
            wrong.push(format!("{name} is {got:?}, not {right:?}"));
        }
    }
    Ok(wrong)
}

fn read_row(file: &Path, encoding: Option<String>, number: u64) -> Result<Row, Failed> {
    let named = encoding
        .map(|name| data::Encoding::named(&name))
        .transpose()?;
    let table = data::read_as(file, named).map_err(|why| format!("{why:?}"))?;
    let row = table
        .rows
        .into_iter()
        .flatten()
        .find(|row| row.number as u64 == number);
    row.ok_or_else(|| format!("no good row {number}").into())
}

fn layer_text(template: &Template, id: &str) -> Option<String> {
    fn all<'t>(layers: &'t [Layer], out: &mut Vec<&'t Layer>) {
        for layer in layers {
            out.push(layer);
            all(&layer.children, out);
        }
    }
    let mut layers = Vec::new();
    all(&template.layers, &mut layers);
    let layer = layers.into_iter().find(|l| l.id.as_deref() == Some(id))?;
    grammar::text(layer.keys.get("text")?)
}
