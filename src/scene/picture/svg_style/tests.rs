use super::*;

fn plain_text(svg: &str) -> (String, Vec<String>) {
    let document = Document::parse(svg).expect("a drawing");
    let (text, notes) = plain(&document, svg).expect("styles");
    let notes = notes
        .into_iter()
        .map(|n| format!("{}:{} {}", n.at.0, n.at.1, n.what));
    (text, notes.collect())
}

/// What the rectangle is filled with.
fn fill(inside: &str) -> (String, Vec<String>) {
    let (text, notes) = plain_text(&format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\">{inside}</svg>"
    ));
    let document = Document::parse(&text).expect("still a drawing");
    let rect = document
        .descendants()
        .find(|n| n.has_tag_name_of("rect"))
        .expect("a rectangle");
    let style = rect.attribute("style").unwrap_or_default();
    let styled = style.split(';').find_map(|part| part.strip_prefix("fill:"));
    let fill = styled.or(rect.attribute("fill")).unwrap_or("-");
    (fill.to_owned(), notes)
}

#[test]
fn an_unreadable_declaration_gives_way_to_the_one_before_it() {
    for (inside, want) in [
        (
            "<rect style='fill:#FF5A36;fill:colour(display-p9 1 0 0)'/>",
            "#ff5a36",
        ),
        ("<rect fill='#010203' style='fill:foo()'/>", "#010203"),
        (
            "<style>rect{fill:red;fill:foo(1)}</style><rect/>",
            "#ff0000",
        ),
        (
            "<rect style='fill:#FF5A36;fill:color(display-p3 1 0 0)'/>",
            "#ff0000",
        ),
    ] {
        assert_eq!(fill(inside), (want.to_owned(), vec![]), "{inside}");
    }
    let (got, notes) = fill("\n<style>\n rect { fill: foo(1 2) }</style><rect/>");
    assert_eq!(got, "-");
    assert_eq!(notes, ["3:9 `fill: foo(1 2)` is not understood"]);
    let (got, notes) = fill("<rect fill='color(nowhere 1 2 3)'/>");
    assert_eq!((got.as_str(), notes.len()), ("-", 1));
}

#[test]
fn variables_are_filled_in() {
    for (inside, want) in [
        (
            "<style>:root{--b:#1a2fbf}rect{fill:var(--b)}</style><rect/>",
            "#1a2fbf",
        ),
        ("<rect fill='var(--b, #1a2fbf)'/>", "#1a2fbf"),
        (
            "<g style='--b:red'><rect style='fill:var(--a, var(--b))'/></g>",
            "#ff0000",
        ),
        (
            "<g style='--a:var(--b);--b:lime'><rect fill='blue' style='fill:var(--a)'/></g>",
            "#00ff00",
        ),
        (
            "<g style='--r:255 90 54'><rect style='fill:rgb(var(--r) / 50%)'/></g>",
            "rgba(255, 90, 54, 0.5)",
        ),
    ] {
        assert_eq!(fill(inside), (want.to_owned(), vec![]), "{inside}");
    }
    let (got, notes) = fill("<rect style='fill:red;fill:var(--c)'/>");
    assert_eq!(got, "-");
    assert_eq!(notes.len(), 1);
    let (_, notes) = fill("<g style='--a:var(--b);--b:var(--a)'><rect style='fill:var(--a)'/></g>");
    assert_eq!(notes.len(), 1, "a circle ends");
}

#[test]
fn the_cascade_is_that_of_css() {
    for (inside, want) in [
        (
            "<style>rect{fill:lime!important}</style><rect style='fill:red'/>",
            "#00ff00",
        ),
        (
            "<style>.a{fill:red}rect{fill:lime}</style><rect class='a'/>",
            "#ff0000",
        ),
        (
            "<style>rect:not(.a){fill:red}</style><rect fill='lime' class='a'/>",
            "lime",
        ),
        (
            "<style>rect{fill:red}</style><rect fill='lime'/>",
            "#ff0000",
        ),
        (
            "<style>@media (prefers-color-scheme: dark){rect{fill:red}}</style><rect fill='lime'/>",
            "lime",
        ),
        (
            "<style>@media screen{rect{fill:red}}</style><rect fill='lime'/>",
            "#ff0000",
        ),
        (
            "<style><![CDATA[rect{fill:red}]]></style><rect fill='lime'/>",
            "#ff0000",
        ),
        ("<style>/* a{ */rect{fill:red}</style><rect/>", "#ff0000"),
        ("<rect style='fill:initial' fill='red'/>", "black"),
        ("<rect style='fill:unset' fill='red'/>", "-"),
        (
            "<rect style='fill:url(\"#g\") oklch(62.8% 0.2577 29.23)'/>",
            "url(#g) #ff0000",
        ),
    ] {
        let (got, notes) = fill(inside);
        let same = got == want
            || csscolorparser::parse(&got).ok() == csscolorparser::parse(want).ok() && got != "-";
        assert!(same, "{inside}: {got}");
        assert!(notes.is_empty(), "{inside}: {notes:?}");
    }
}

#[test]
fn what_is_not_drawn_is_noted_with_its_place() {
    for (inside, want) in [
        (
            "<rect/><foreignObject/>",
            "1:48 `foreignObject` holds parts of a web page, which are not drawn",
        ),
        (
            "<style>rect:has(a){fill:red}</style><rect/>",
            "1:48 the selector `rect:has(a)` is not understood, its rule is left out",
        ),
        (
            "<rect style='transform:rotateX(20deg)'/>",
            "1:54 `transform: rotateX(20deg)` is not understood and moves nothing",
        ),
        (
            "<rect vector-effect='non-scaling-stroke'/>",
            "1:47 `vector-effect: non-scaling-stroke` is not understood",
        ),
    ] {
        let (_, notes) = fill(inside);
        assert_eq!(notes, [want], "{inside}");
    }
    let adobe =
        "<rect/><switch><foreignObject requiredExtensions='http://ns.adobe.com/'/><g/></switch>";
    assert!(fill(adobe).1.is_empty());
}

#[test]
fn transforms_become_attributes() {
    let (text, notes) =
        plain_text("<svg viewBox='0 0 200 100'><rect style='transform:translate(50%,0)'/></svg>");
    assert!(
        text.contains("transform=\"matrix(1 0 0 1 100 0)\""),
        "{text}"
    );
    assert!(notes.is_empty());
    let (text, _) = plain_text("<svg><rect transform='rotate(45)'/></svg>");
    assert!(text.contains("transform='rotate(45)'"), "{text}");
}

#[test]
fn nested_rules_and_all_are_noted() {
    for inside in [
        "<style>g{&amp; rect{fill:lime}}</style><g><rect fill='red'/></g>",
        "<style>rect{all:unset}</style><rect fill='red'/>",
    ] {
        let (kept, notes) = fill(inside);
        assert!(["red", "#ff0000"].contains(&&*kept), "{kept}");
        assert_eq!(notes.len(), 1, "{inside}: {notes:?}");
        assert!(notes[0].contains("is not understood"), "{notes:?}");
    }
}
