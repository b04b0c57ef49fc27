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

#[test]
fn layers_go_by_their_order_and_what_has_none_before_them() {
    for (sheet, want) in [
        (
            "@layer a, b; @layer b{rect{fill:#008000}} @layer a{rect{fill:red}}",
            "#008000",
        ),
        ("@layer a{#x{fill:red}} rect{fill:#008000}", "#008000"),
        (
            "@layer{rect{fill:red}} @layer{rect{fill:#008000}}",
            "#008000",
        ),
        (
            "@layer a{rect{fill:#008000!important}} @layer b{rect{fill:red!important}}",
            "#008000",
        ),
    ] {
        let inside = format!("<style>{sheet}</style><rect id='x'/>");
        assert_eq!(fill(&inside), (want.to_owned(), vec![]), "{sheet}");
    }
    let (_, notes) = fill("<style>@layer a.b{rect{fill:red}}</style><rect/>");
    assert_eq!(notes.len(), 1);
}

#[test]
fn a_box_of_its_own_moves_an_element_about_itself() {
    let turned = |shape: &str, more: &str| {
        let style = format!("transform:rotate(180deg);transform-box:fill-box;{more}");
        plain_text(&format!(
            "<svg xmlns='http://www.w3.org/2000/svg'><{shape} style='{style}'/></svg>"
        ))
    };
    for (shape, more, want) in [
        (
            "rect x='30' y='40' width='20' height='10'",
            "transform-origin:center",
            "80 90",
        ),
        // without an origin it is the box's corner
        ("rect x='30' y='40' width='20' height='10'", "", "60 80"),
        (
            "circle cx='50' cy='60' r='10'",
            "transform-origin:50% 50%",
            "100 120",
        ),
        (
            "path d='M10 10h20v20h-20z'",
            "transform-origin:right bottom",
            "60 60",
        ),
        (
            "polygon points='10,10 30,10 30,30'",
            "transform-origin:left bottom",
            "20 60",
        ),
    ] {
        let (text, notes) = turned(shape, more);
        let matrix = text
            .split("matrix(")
            .nth(1)
            .and_then(|m| m.split(')').next());
        let numbers: Vec<f64> = matrix
            .unwrap_or_default()
            .split(' ')
            .filter_map(|n| n.parse().ok())
            .collect();
        let moved = format!("{:.0} {:.0}", numbers[4], numbers[5]);
        assert_eq!((moved.as_str(), notes), (want, vec![]), "{shape} {more}");
    }
    let (_, notes) = turned("g", "transform-origin:center");
    assert_eq!(notes.len(), 1, "{notes:?}");
}

#[test]
fn dashes_count_in_parts_of_the_path() {
    let dashes = |shape: &str| {
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg'><{shape} pathLength='10' stroke-dasharray='1 2'/></svg>"
        );
        let (text, notes) = plain_text(&svg);
        let dashes = text.split("stroke-dasharray:").nth(1);
        let dashes = dashes.and_then(|d| d.split(['"', ';']).next().map(str::to_owned));
        let numbers = dashes.unwrap_or_default();
        let numbers = numbers.split(' ').filter_map(|n| n.parse::<f64>().ok());
        (
            numbers
                .map(|n| (n * 10.0).round() / 10.0)
                .collect::<Vec<_>>(),
            notes.len(),
        )
    };
    assert_eq!(
        dashes("line x1='0' y1='0' x2='30' y2='40'"),
        (vec![5.0, 10.0], 0)
    );
    assert_eq!(dashes("circle r='10'"), (vec![6.3, 12.6], 0));
    assert_eq!(dashes("path d='M0 0H50V50H0Z'"), (vec![20.0, 40.0], 0));
    assert_eq!(dashes("rect width='40' height='10'"), (vec![10.0, 20.0], 0));
    assert_eq!(dashes("text").1, 1);
}

#[test]
fn dashes_that_cannot_be_counted_in_parts_are_reported() {
    let notes = |inside: &str| {
        let svg = format!("<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>");
        plain_text(&svg).1.len()
    };
    let line = |style: &str| format!("<line x2='50' pathLength='10' {style}/>");
    for inside in [
        line("stroke-dasharray='10% 5%'"),
        format!("<g style='stroke-dasharray:1 2'>{}</g>", line("")),
        format!(
            "<style>g{{stroke-dasharray:1 2}}</style><g><g>{}</g></g>",
            line("")
        ),
        format!(
            "<g stroke-dashoffset='3'>{}</g>",
            line("stroke-dasharray='1 2'")
        ),
    ] {
        assert_eq!(notes(&inside), 1, "{inside}");
    }
    for inside in [
        line(""),
        format!("<g stroke-dasharray='none'>{}</g>", line("")),
        format!(
            "<g style='stroke-dasharray:1'>{}</g>",
            line("stroke-dasharray='none'")
        ),
        format!(
            "<g style='stroke-dasharray:1'><g style='stroke-dasharray:none'>{}</g></g>",
            line("")
        ),
        line("stroke-dasharray='1 2' stroke-dashoffset='3'"),
    ] {
        assert_eq!(notes(&inside), 0, "{inside}");
    }
}

#[test]
fn movement_and_light_between_stops_are_reported() {
    for inside in [
        "<rect><animate attributeName='fill' to='red'/></rect>",
        "<style>@keyframes x{from{opacity:0}}</style><rect/>",
        "<linearGradient color-interpolation='linearRGB'/><rect/>",
    ] {
        assert_eq!(fill(inside).1.len(), 1, "{inside}");
    }
    assert_eq!(
        fill("<linearGradient style='color-interpolation:sRGB'/><rect/>").1,
        [""; 0]
    );
    let (text, notes) =
        plain_text("<svg xmlns='http://www.w3.org/2000/svg'><rect style='width:2rem'/></svg>");
    assert!(text.contains("width=\"32\"") && notes.is_empty(), "{text}");
}
