//! From files to a checked [`Template`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, Place, Source, did_you_mean};

use super::language::{AUDIO, BESIDE, CANVAS, Key, LINK, LayerType, MENTION, OUTPUT};
use super::merge::merge;
use super::{
    AllowedPaths, Layer, Node, Refusal, Table, Template, Value, check_table, expression, grammar,
    key, tree, vars,
};

/// Longest chain of `extends`.
const MAX_BASES: usize = 16;
/// Largest template file.
const MAX_BYTES: u64 = 4 << 20;
const TOP: [&str; 11] = [
    "extends", "vars", "canvas", "output", "audio", "layer", "mention", "link", "caption", "alt",
    "audience",
];

/// Reads one text; a base it extends is not looked for.
///
/// What can be read is read, and everything wrong is reported.
pub fn parse(source: &Arc<Source>) -> (Template, Vec<Diagnostic>) {
    let (table, mut wrong) = tree::read(source);
    let template = build(&source.path, vec![source.clone()], &table, &mut wrong);
    (template, wrong)
}

/// Reads a template file and the bases it extends.
///
/// `shown` is how the file is called in messages.
///
/// # Errors
/// One diagnostic when the file itself cannot be read; what is wrong in it is reported beside the template.
pub fn load(
    path: &Path,
    shown: &Path,
    allowed: &AllowedPaths,
) -> Result<(Template, Vec<Diagnostic>), Diagnostic> {
    let source = read(path, shown)?;
    Ok(load_source(source, path, allowed))
}

/// The same of a text that stands for the file at `path`, which need not exist: as an editor holds it.
///
/// # Errors
/// The text is larger than a template may be.
pub fn load_text(
    text: &str,
    path: &Path,
    shown: &Path,
    allowed: &AllowedPaths,
) -> Result<(Template, Vec<Diagnostic>), Diagnostic> {
    check_size(text.len() as u64, shown)?;
    Ok(load_source(Source::of_file(shown, text), path, allowed))
}

fn load_source(
    source: Arc<Source>,
    path: &Path,
    allowed: &AllowedPaths,
) -> (Template, Vec<Diagnostic>) {
    let shown = source.path.clone();
    let mut chain = Chain {
        allowed,
        sources: Vec::new(),
        seen: Vec::new(),
        wrong: Vec::new(),
    };
    let table = chain.follow(path, source);
    let Chain {
        sources, mut wrong, ..
    } = chain;
    let mut template = build(&shown, sources, &table, &mut wrong);
    template.folder = path.parent().unwrap_or(Path::new("")).to_owned();
    (template, wrong)
}

fn check_size(bytes: u64, shown: &Path) -> Result<(), Diagnostic> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let message = format!("the template has {bytes} bytes, more than {MAX_BYTES}");
    Err(Diagnostic::of_file(Code::Syntax, shown, message))
}

fn read(path: &Path, shown: &Path) -> Result<Arc<Source>, Diagnostic> {
    let missing = |message: String| Diagnostic::of_file(Code::MissingAsset, shown, message);
    let size = std::fs::metadata(path)
        .map_err(|e| missing(format!("cannot read the template: {e}")))?
        .len();
    check_size(size, shown)?;
    let bytes =
        std::fs::read(path).map_err(|e| missing(format!("cannot read the template: {e}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source::of_file(shown, &text)),
        Err(e) => {
            let valid = e.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(e.as_bytes()).into_owned();
            let at = Place::new(&Source::new(shown, text), valid..valid + 1);
            Err(Diagnostic::at(
                Code::Syntax,
                &at,
                "the template is not UTF-8 text",
            ))
        }
    }
}

struct Chain<'a> {
    allowed: &'a AllowedPaths,
    sources: Vec<Arc<Source>>,
    seen: Vec<PathBuf>,
    wrong: Vec<Diagnostic>,
}

impl Chain<'_> {
    /// The table of `source` over the tables of its bases.
    fn follow(&mut self, path: &Path, source: Arc<Source>) -> Table {
        self.seen
            .push(path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        let (table, wrong) = tree::read(&source);
        self.wrong.extend(wrong);
        self.sources.push(source);
        let Some(extends) = table.get("extends") else {
            return table;
        };
        let Some(written) = extends.as_text() else {
            let message = "`extends` takes the path of a template";
            self.wrong
                .push(Diagnostic::at(Code::BadValue, &extends.place, message));
            return table;
        };
        match self.base(path, written, &extends.place.clone()) {
            Ok((base_path, base)) => merge(self.follow(&base_path, base), table),
            Err(why) => {
                self.wrong.push(*why);
                table
            }
        }
    }

    fn base(
        &self,
        path: &Path,
        written: &str,
        at: &Place,
    ) -> Result<(PathBuf, Arc<Source>), Box<Diagnostic>> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let base = self
            .allowed
            .resolve(folder, written)
            .map_err(|r| Box::new(refused(at, written, r)))?;
        let real = base.canonicalize().map_err(|_| {
            Box::new(
                Diagnostic::at(Code::MissingAsset, at, format!("no template `{written}`"))
                    .maybe_hint(sibling(&base)),
            )
        })?;
        if self.seen.contains(&real) || self.seen.len() > MAX_BASES {
            let message = format!("`{written}` extends a template that leads back to it");
            return Err(Box::new(Diagnostic::at(Code::Cycle, at, message)));
        }
        let shown = match at.source.path.parent() {
            Some(parent) => parent.join(written),
            None => PathBuf::from(written),
        };
        Ok((base.clone(), read(&base, &shown).map_err(Box::new)?))
    }
}

/// What is said of a path that may not be read.
pub(crate) fn refused(at: &Place, written: &str, refusal: Refusal) -> Diagnostic {
    match refusal {
        Refusal::Remote => Diagnostic::at(
            Code::RefusedPath,
            at,
            format!("`{written}` is not on this machine"),
        )
        .hint("fetch it first, and name the file"),
        Refusal::Outside => Diagnostic::at(
            Code::RefusedPath,
            at,
            format!("`{written}` is outside the project folder"),
        )
        .hint("name its folder in `[project] allow`"),
    }
}

/// A file of nearly that name in the same folder.
pub(crate) fn sibling(path: &Path) -> Option<String> {
    let mut names: Vec<String> = std::fs::read_dir(path.parent()?)
        .ok()?
        .filter_map(|e| e.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    did_you_mean(
        path.file_name()?.to_str()?,
        names.iter().map(String::as_str),
    )
}

fn build(
    shown: &Path,
    sources: Vec<Arc<Source>>,
    table: &Table,
    wrong: &mut Vec<Diagnostic>,
) -> Template {
    for entry in &table.entries {
        if !TOP.contains(&entry.key.as_str()) {
            let hint = match entry.key.as_str() {
                "layers" => Some("each layer is a `[[layer]]`".into()),
                "variables" => Some("did you mean `vars`?".into()),
                key => did_you_mean(key, TOP),
            };
            let message = format!("a template has no key `{}`", entry.key);
            wrong
                .push(Diagnostic::at(Code::UnknownKey, &entry.key_place, message).maybe_hint(hint));
        }
    }
    let mut template = Template {
        name: shown
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        folder: shown.parent().unwrap_or(Path::new("")).to_owned(),
        sources,
        vars: Vec::new(),
        canvas: section(table, "canvas", CANVAS, wrong),
        output: section(table, "output", OUTPUT, wrong),
        audio: section(table, "audio", AUDIO, wrong),
        layers: Vec::new(),
        mentions: Vec::new(),
        links: Vec::new(),
        beside: beside(table),
        counts_down: false,
        uses: BTreeSet::new(),
    };
    if let Some(found) = section(table, "vars", &[], &mut Vec::new()) {
        template.vars = vars::read(&found, wrong);
    } else if let Some(node) = table.get("vars") {
        wrong.push(Diagnostic::at(
            Code::BadValue,
            &node.place,
            "`vars` takes a table",
        ));
    }
    if let Some(audio) = &template.audio
        && audio.node(key!(AUDIO.src)).is_none()
    {
        let message = "`[audio]` needs `src`";
        wrong.push(Diagnostic::at(Code::BadValue, &audio.place, message));
    }
    let mut ids = BTreeSet::new();
    template.layers = layers(table.get("layer"), "layer", "layer", &mut ids, wrong);
    template.counts_down = template.layers.iter().any(counts_down);
    for (_, mention) in tables(table.get("mention"), "mention", wrong) {
        check_sticker(
            mention,
            MENTION,
            "a mention",
            key!(MENTION.username),
            &ids,
            wrong,
        );
        template.mentions.push(mention.clone());
    }
    for (_, link) in tables(table.get("link"), "link", wrong) {
        check_sticker(link, LINK, "a link", key!(LINK.url), &ids, wrong);
        template.links.push(link.clone());
    }
    check_table(&template.beside, BESIDE.iter(), "a template", wrong);
    let has_background = template
        .canvas
        .as_ref()
        .is_some_and(|c| c.node(key!(CANVAS.background)).is_some());
    if wrong.is_empty()
        && table.get("layer").is_none()
        && !has_background
        && table.get("extends").is_none()
    {
        let message = "the template paints nothing: it has no layer and no background";
        wrong.push(Diagnostic::at(
            Code::BadValue,
            &Place::whole(&template.sources[0]),
            message,
        ));
    }
    check_expressions(&mut template, table, wrong);
    template
}

/// What a story has beside its picture.
fn beside(table: &Table) -> Table {
    let mut out = Table::empty(&table.place);
    let is_beside = |key: &str| BESIDE.iter().any(|known| known.name == key);
    let entries = table.entries.iter().filter(|entry| is_beside(&entry.key));
    out.entries.extend(entries.cloned());
    out
}

/// Whether a layer, or one in it, shows how long it is until a time. A kind that an expression gives may be any.
fn counts_down(layer: &Layer) -> bool {
    let kind = layer.keys.node(key!(STICKER.kind)).and_then(Node::as_text);
    let counts = kind.is_some_and(|kind| kind == "countdown" || expression::has_expression(kind));
    layer.kind == LayerType::Sticker && counts || layer.children.iter().any(counts_down)
}

fn section(
    table: &Table,
    name: &str,
    keys: &'static [super::language::Key],
    wrong: &mut Vec<Diagnostic>,
) -> Option<Table> {
    let node = table.get(name)?;
    let Value::Table(found) = &node.value else {
        wrong.push(Diagnostic::at(
            Code::BadValue,
            &node.place,
            format!("`{name}` takes a table"),
        ));
        return None;
    };
    check_table(found, keys.iter(), &format!("`[{name}]`"), wrong);
    Some(found.clone())
}

/// The tables of a list, each with its place in it.
fn tables<'t>(
    node: Option<&'t Node>,
    name: &str,
    wrong: &mut Vec<Diagnostic>,
) -> Vec<(usize, &'t Table)> {
    let Some(node) = node else { return Vec::new() };
    let Value::Array(items) = &node.value else {
        let message = format!("`{name}` is a list of tables: write `[[{name}]]`");
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, message));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match &item.value {
            Value::Table(table) => found.push((at, table)),
            _ => {
                let message = format!("each `{name}` is a table, not {}", item.type_name());
                wrong.push(Diagnostic::at(Code::BadValue, &item.place, message));
            }
        }
    }
    found
}

fn layers(
    node: Option<&Node>,
    name: &str,
    path: &str,
    ids: &mut BTreeSet<String>,
    wrong: &mut Vec<Diagnostic>,
) -> Vec<Layer> {
    tables(node, name, wrong)
        .into_iter()
        .filter_map(|(at, table)| layer(table, format!("{path}[{at}]"), ids, wrong))
        .collect()
}

fn layer(
    table: &Table,
    path: String,
    ids: &mut BTreeSet<String>,
    wrong: &mut Vec<Diagnostic>,
) -> Option<Layer> {
    let id = table.node(key!(LAYER.id)).and_then(grammar::text);
    if let (Some(id), Some(node)) = (&id, table.node(key!(LAYER.id)))
        && !ids.insert(id.clone())
    {
        let message = format!("two layers have the id `{id}`");
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, message));
    }
    let kind = layer_type(table, wrong)?;
    let owner = match kind {
        LayerType::Image => "an image layer".to_owned(),
        other => format!("a {} layer", other.as_str()),
    };
    let mut keys = table.clone();
    let children = keys.remove(key!(GROUP.children).name);
    check_table(
        &keys,
        kind.keys().collect::<Vec<_>>().into_iter(),
        &owner,
        wrong,
    );
    check_box(table, wrong);
    let children = match children {
        Some(entry) if kind == LayerType::Group => {
            let inside = format!("{path}.children");
            layers(Some(&entry.node), "layer.children", &inside, ids, wrong)
        }
        Some(entry) => {
            let message = format!("{owner} has no children");
            wrong.push(
                Diagnostic::at(Code::UnknownKey, &entry.key_place, message)
                    .hint("only a group has"),
            );
            Vec::new()
        }
        None => Vec::new(),
    };
    require(kind, &keys, &owner, wrong);
    Some(Layer {
        id,
        path,
        kind,
        place: table.place.clone(),
        keys,
        children,
    })
}

fn layer_type(table: &Table, wrong: &mut Vec<Diagnostic>) -> Option<LayerType> {
    let words = LayerType::ALL.map(LayerType::as_str);
    let Some(node) = table.node(key!(LAYER.type)) else {
        let message = "this layer has no `type`";
        wrong.push(
            Diagnostic::at(Code::BadValue, &table.place, message)
                .hint(format!("one of {}", words.join(", "))),
        );
        return None;
    };
    let found = node.as_text().and_then(LayerType::of);
    if found.is_none() {
        let message = format!(
            "no layer type {}",
            node.place.text().replace(['"', '\''], "`")
        );
        let hint = did_you_mean(node.as_text().unwrap_or(""), words)
            .unwrap_or_else(|| format!("one of {}", words.join(", ")));
        wrong.push(Diagnostic::at(Code::BadValue, &node.place, message).hint(hint));
    }
    found
}

/// What a layer cannot be without.
fn require(kind: LayerType, keys: &Table, owner: &str, wrong: &mut Vec<Diagnostic>) {
    let needed = match kind {
        LayerType::Text => key!(TEXT.text),
        LayerType::Image | LayerType::Video => key!(PICTURE.src),
        LayerType::Qr => key!(QR.data),
        LayerType::Sticker => key!(STICKER.kind),
        LayerType::Shape | LayerType::Group => return,
    };
    if keys.node(needed).is_none() {
        wrong.push(Diagnostic::at(
            Code::BadValue,
            &keys.place,
            format!("{owner} needs `{}`", needed.name),
        ));
    }
}

fn check_box(table: &Table, wrong: &mut Vec<Diagnostic>) {
    let across = [key!(LAYER.left), key!(LAYER.right), key!(LAYER.width)];
    let down = [key!(LAYER.top), key!(LAYER.bottom), key!(LAYER.height)];
    for [start, end, size] in [across, down] {
        if let (Some(_), Some(_), Some(third)) =
            (table.node(start), table.node(end), table.written(size))
        {
            let (start, end, size) = (start.name, end.name, size.name);
            let message =
                format!("`{start}`, `{end}` and `{size}` at once: two of them say it all");
            wrong.push(Diagnostic::at(Code::BadValue, &third.key_place, message));
        }
    }
}

/// Something that lies over the picture: its keys, the one it cannot do without, and its place.
fn check_sticker(
    table: &Table,
    keys: &'static [Key],
    owner: &str,
    needed: &Key,
    ids: &BTreeSet<String>,
    wrong: &mut Vec<Diagnostic>,
) {
    check_table(table, keys.iter(), owner, wrong);
    if table.node(needed).is_none() {
        let message = format!("{owner} needs `{}`", needed.name);
        wrong.push(Diagnostic::at(Code::BadValue, &table.place, message));
    }
    if let (Some(_), Some(at)) = (table.node(key!(LINK.over)), table.written(key!(LINK.at))) {
        let message = format!("{owner} takes `over` or `at`, not both");
        wrong.push(Diagnostic::at(Code::BadValue, &at.key_place, message));
    }
    if let Some(over) = table.node(key!(LINK.over))
        && let Some(id) = grammar::text(over)
        && !expression::has_expression(&id)
        && !ids.contains(&id)
    {
        wrong.push(
            Diagnostic::at(Code::BadValue, &over.place, format!("no layer `{id}`"))
                .maybe_hint(did_you_mean(&id, ids.iter().map(String::as_str))),
        );
    }
}

/// Every expression is read once, so that a slip is reported even where no story takes its branch.
fn check_expressions(template: &mut Template, table: &Table, wrong: &mut Vec<Diagnostic>) {
    let mut used = BTreeSet::new();
    each_text(table, &mut |node, text| match expression::variables(text) {
        Ok(names) => used.extend(names),
        Err(problem) => wrong.push(problem_at(node, text, &problem)),
    });
    for var in template.vars.iter().filter(|v| !used.contains(&v.name)) {
        let message = format!("variable `{}` is not used", var.name);
        wrong.push(Diagnostic::at(Code::UnusedVariable, &var.place, message));
    }
    template.uses = used;
}

fn each_text(table: &Table, visit: &mut impl FnMut(&Node, &str)) {
    fn node(n: &Node, visit: &mut impl FnMut(&Node, &str)) {
        match &n.value {
            Value::Text(text) if expression::has_expression(text) => visit(n, text),
            Value::Array(items) => items.iter().for_each(|i| node(i, visit)),
            Value::Table(table) => table.entries.iter().for_each(|e| node(&e.node, visit)),
            _ => {}
        }
    }
    table.entries.iter().for_each(|e| node(&e.node, visit));
}

/// The diagnostic of an expression's problem, at its place inside the text where that can be found.
pub(crate) fn problem_at(node: &Node, text: &str, problem: &expression::Problem) -> Diagnostic {
    // escapes move bytes; then the whole value is shown
    let place = match node.place.text().find(text) {
        Some(start) => node
            .place
            .part(start + problem.range.start..start + problem.range.end),
        None => node.place.clone(),
    };
    Diagnostic::at(problem.code(), &place, problem.message.clone()).maybe_hint(problem.hint.clone())
}
