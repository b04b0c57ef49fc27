//! From a template and a row to a scene.

use std::time::Duration;

use crate::data::Row;
use crate::diag::{self, Diagnostic, Severity, Warned};
use crate::template::language::{AUDIO, CANVAS, OUTPUT};
use crate::template::{Table, Template, grammar, key};

use super::draft::{Draft, drafts};
use super::emit::{self, Setting};
use super::filling::Filler;
use super::geometry::CANVAS_SIZE;
use super::identity::Identity;
use super::layout::Measure;
use super::stage::Stage;
use super::{
    Assets, LayerBox, Node, Rect, Scene, Variable, beside, boxes, clips, cut_off, fills, tappable,
    values, zone,
};

/// Fills, loads, lays out and shapes one story.
///
/// # Errors
/// Everything that is wrong with it, warnings among them, when at least one is an error.
pub fn resolve(
    template: &Template,
    row: &Row,
    assets: &Assets,
) -> Result<Warned<Scene>, Vec<Diagnostic>> {
    let (scene, reported, _) = run(template, row, assets, (false, 1.0));
    if reported.iter().any(|d| d.severity == Severity::Error) {
        return Err(reported);
    }
    Ok(Warned {
        value: scene,
        warnings: reported,
    })
}

/// The files that a story names, also where something else is wrong with it.
pub fn files(template: &Template, row: &Row, assets: &Assets) -> Vec<Identity> {
    let (scene, ..) = run(template, row, assets, (false, 1.0));
    scene.files
}

/// A story, and what an editor needs to know of it.
#[derive(Debug)]
pub struct Inspected {
    /// The story; none where something is wrong with it.
    pub scene: Option<Scene>,
    /// Every layer that can be told, in paint order, a group before what is in it; stickers last.
    pub boxes: Vec<LayerBox>,
    /// The template's variables, with what they come to.
    pub variables: Vec<Variable>,
    /// Everything that is wrong, warnings among it.
    pub diagnostics: Vec<Diagnostic>,
}

/// The same as [`resolve`], with the boxes and values of the layers. What can be told of a story with errors is told.
///
/// The diagnostics are the story's; those of the template itself came when it was read.
pub fn inspect(template: &Template, row: &Row, assets: &Assets) -> Inspected {
    inspect_scaled(template, row, assets, 1.0)
}

/// The same for a scene of `scale` times its raster; pictures are prepared for that. 1 gives the scene of [`resolve`].
pub fn inspect_scaled(template: &Template, row: &Row, assets: &Assets, scale: f64) -> Inspected {
    let (scene, diagnostics, told) = run(template, row, assets, (true, scale));
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    let (boxes, variables) = told.unwrap_or_default();
    Inspected {
        scene: (!failed).then_some(scene),
        boxes,
        variables,
        diagnostics,
    }
}

type Told = (Vec<LayerBox>, Vec<Variable>);

fn run(
    template: &Template,
    row: &Row,
    assets: &Assets,
    (is_inspected, factor): (bool, f64),
) -> (Scene, Vec<Diagnostic>, Option<Told>) {
    let (context, mut wrong) = values::context(template, row, assets);
    let filler = Filler {
        expressions: &assets.expressions,
        context: &context,
    };
    let output = template
        .output
        .as_ref()
        .map(|table| filler.table(table, OUTPUT.iter(), &mut wrong));
    let raster = scaled(raster(output.as_ref(), &mut wrong), factor);
    let scale = raster.0 as f32 / CANVAS_SIZE.0;
    let mut stage = Stage {
        assets,
        folder: &template.folder,
        filler,
        scale,
        shown: factor as f32,
        across: CANVAS_SIZE.0,
        wrong,
        files: Vec::new(),
    };
    let mut told = is_inspected.then(|| (Vec::new(), boxes::variables(template, &context)));
    let boxes = told.as_mut().map(|(boxes, _)| boxes);
    let mut scene = compose(template, raster, &mut stage, boxes);
    scene.length = output.as_ref().and_then(length);
    scene.files = stage.files;
    let mut reported = stage.wrong;
    // one slip in a style or a variable is reported once, however many layers meet it
    diag::in_order(&mut reported);
    (scene, reported, told)
}

fn length(output: &Table) -> Option<Duration> {
    let seconds = output
        .node(key!(OUTPUT.seconds))
        .and_then(grammar::number)?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A raster times a factor, one pixel at the least.
fn scaled((width, height): (u32, u32), factor: f64) -> (u32, u32) {
    let side = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    (side(width), side(height))
}

fn raster(output: Option<&Table>, wrong: &mut Vec<Diagnostic>) -> (u32, u32) {
    let whole = (CANVAS_SIZE.0 as u32, CANVAS_SIZE.1 as u32);
    let Some(node) = output.and_then(|table| table.node(key!(OUTPUT.size))) else {
        return whole;
    };
    let Some((w, h)) = grammar::size(node) else {
        return whole;
    };
    if u64::from(w) * 16 != u64::from(h) * 9 && (w as f32 / h as f32 - 9.0 / 16.0).abs() > 0.005 {
        let message = format!("{w} × {h} is not 9:16");
        wrong.push(
            Diagnostic::at(crate::diag::Code::BadValue, &node.place, message)
                .hint("[1080, 1920] or [720, 1280]"),
        );
        return whole;
    }
    (w, h)
}

fn compose(
    template: &Template,
    raster: (u32, u32),
    stage: &mut Stage<'_>,
    boxes: Option<&mut Vec<LayerBox>>,
) -> Scene {
    let (width, height) = CANVAS_SIZE;
    let canvas = Rect::new(0.0, 0.0, width, height);
    let canvas_keys = template
        .canvas
        .as_ref()
        .map(|table| stage.fill(table, &CANVAS.iter().collect::<Vec<_>>()));
    let fill = canvas_keys
        .as_ref()
        .and_then(|keys| keys.node(key!(CANVAS.background)));
    let film = fill.and_then(|fill| clips::of_fill(fill, stage));
    let background = fill.and_then(|fill| fills::paint(fill, canvas, stage));
    let bed = template.audio.as_ref().and_then(|table| {
        let filled = stage.fill(table, &AUDIO.iter().collect::<Vec<_>>());
        clips::bed(&filled, stage)
    });
    let drafts = drafts(&template.layers, stage);
    let measure = Measure {
        typesetter: &stage.assets.typesetter,
    };
    let placed: Vec<(&Draft<'_>, Node)> = drafts
        .iter()
        .filter_map(|draft| {
            let rect = measure.rect(draft, canvas);
            Some((
                draft,
                emit::node(draft, rect, Setting::default(), &measure, stage)?,
            ))
        })
        .collect();
    let outermost: Vec<_> = placed.iter().map(|(draft, node)| (*draft, node)).collect();
    let all = tappable::placed(&outermost);
    zone::outside(&outermost, height, &mut stage.wrong);
    cut_off::by_edges(&outermost, canvas, &mut stage.wrong);
    tappable::check(&all, &mut stage.wrong);
    let beside = beside::of(template, &all, stage);
    if let Some(boxes) = boxes {
        *boxes = boxes::of(template, &drafts, &outermost, canvas, &measure, stage);
    }
    let nodes = placed.into_iter().map(|(_, node)| node).collect();
    Scene {
        raster,
        background,
        film,
        nodes,
        bed,
        mentions: beside.mentions,
        by_hand: beside.by_hand,
        extras: beside.extras,
        ..Scene::empty(width, height)
    }
}
