//! The colours of the four looks.
//!
//! In: the look's word and the brand. Out: a [`Look`]. Never: sizes; those are the same in every look.

use super::piece::Shown;
use crate::template::Brand;
use crate::template::grammar::Color;

/// Colours as the template language has them.
#[derive(Debug, Clone)]
pub struct Look {
    /// The sticker's body.
    pub body: Shown,
    /// Words and glyphs on it; the pills of the light look have colours of their own.
    pub ink: Shown,
    /// Lesser words on it.
    pub soft: Shown,
    /// The head of a card, where it has a colour of its own.
    pub head: Option<Shown>,
    /// Words on the head.
    pub on_head: Shown,
    /// Fields inside a card: answers, what is typed into.
    pub field: Shown,
    /// The line around a field.
    pub edge: Shown,
    /// Words in a field.
    pub on_field: Shown,
    /// What is typed into a field, before anything is.
    pub hint: Shown,
    /// The empty part of a slider.
    pub rail: Shown,
    /// What stands out: the full part of a slider.
    pub strong: Shown,
    /// Of pills: link, mention, hashtag, location.
    pub pills: [Shown; 4],
    /// What lies beneath is blurred.
    pub is_glass: bool,
    /// A thin shadow keeps it apart from a picture of its own colour.
    pub shadow: Option<Shown>,
}

fn across(from: &str, to: &str) -> Shown {
    Shown::Table(vec![
        ("linear", Shown::List(vec![from.into(), to.into()])),
        ("angle", Shown::Number(90.0)),
    ])
}

fn shadow(color: &str) -> Shown {
    Shown::Table(vec![
        ("y", Shown::Number(4.0)),
        ("blur", Shown::Number(24.0)),
        ("color", color.into()),
    ])
}

impl Look {
    /// The look of that word; none where it takes colours of a brand that has none.
    pub fn of(word: &str, brand: &Brand) -> Option<Self> {
        Some(match word {
            "dark" => Self::dark(),
            "glass" => Self::glass(),
            "brand" => Self::brand(brand)?,
            _ => Self::light(),
        })
    }

    fn light() -> Self {
        Self {
            body: "#fff".into(),
            ink: "#111418".into(),
            soft: "#5c6470".into(),
            head: Some("#14171c".into()),
            on_head: "#fff".into(),
            field: "#f0f2f5".into(),
            edge: "#0000".into(),
            on_field: "#111418".into(),
            hint: "#5c6470".into(),
            rail: "#e2e5ea".into(),
            strong: across("#6a3de8", "#e0218a"),
            pills: [
                across("#1558d6", "#0a70b4"),
                across("#c2410c", "#c81e4e"),
                across("#b3128a", "#7a2be2"),
                across("#6d28d9", "#3b4fe0"),
            ],
            is_glass: false,
            shadow: Some(shadow("#0003")),
        }
    }

    fn dark() -> Self {
        let white = || Shown::from("#fff");
        Self {
            body: "#14171c".into(),
            ink: white(),
            soft: "#b4bac4".into(),
            head: Some("#262b33".into()),
            on_head: white(),
            field: "#2a2f38".into(),
            edge: "#0000".into(),
            on_field: white(),
            hint: "#b4bac4".into(),
            rail: "#3c424d".into(),
            strong: across("#8f6bff", "#ff4fa8"),
            pills: [white(), white(), white(), white()],
            is_glass: false,
            shadow: Some(shadow("#0005")),
        }
    }

    fn glass() -> Self {
        let white = || Shown::from("#fff");
        Self {
            body: "#14171ca6".into(),
            ink: white(),
            soft: white(),
            head: None,
            on_head: white(),
            field: "#ffffff1f".into(),
            edge: "#ffffff3d".into(),
            on_field: white(),
            hint: "#fffffff0".into(),
            rail: "#ffffff4d".into(),
            strong: white(),
            pills: [white(), white(), white(), white()],
            is_glass: true,
            shadow: None,
        }
    }

    /// The brand's `accent`, else its first colour, with the one of its colours, white and black that is read best on it.
    fn brand(brand: &Brand) -> Option<Self> {
        let named = |name: &str| brand.color(name).and_then(Color::parse);
        let first = brand.colors.first().and_then(|(_, c)| Color::parse(c));
        let body = named("accent").or(first)?;
        let inks = brand.colors.iter().filter_map(|(_, c)| Color::parse(c));
        let best = inks
            .filter(|ink| ink.a == 255)
            .max_by(|a, b| contrast(*a, body).total_cmp(&contrast(*b, body)));
        let ink = best.filter(|ink| contrast(*ink, body) >= 4.5);
        let ink = ink.unwrap_or(
            match contrast(Color::WHITE, body) >= contrast(Color::BLACK, body) {
                true => Color::WHITE,
                false => Color::BLACK,
            },
        );
        let solid = |c: Color| Shown::Text(format!("#{:02x}{:02x}{:02x}", c.r, c.g, c.b));
        let faint = |c: Color, alpha: &str| {
            Shown::Text(format!("#{:02x}{:02x}{:02x}{alpha}", c.r, c.g, c.b))
        };
        Some(Self {
            body: solid(body),
            ink: solid(ink),
            soft: solid(ink),
            head: None,
            on_head: solid(ink),
            field: solid(ink),
            edge: "#0000".into(),
            on_field: solid(body),
            hint: solid(body),
            rail: faint(ink, "59"),
            strong: solid(ink),
            pills: [solid(ink), solid(ink), solid(ink), solid(ink)],
            is_glass: false,
            shadow: Some(shadow("#0003")),
        })
    }
}

/// WCAG 2.2 contrast of two opaque colours, 1–21.
fn contrast(a: Color, b: Color) -> f32 {
    let light = |c: Color| {
        let part = |v: u8| {
            let v = f32::from(v) / 255.0;
            match v <= 0.04045 {
                true => v / 12.92,
                false => libm::powf((v + 0.055) / 1.055, 2.4),
            }
        };
        0.2126 * part(c.r) + 0.7152 * part(c.g) + 0.0722 * part(c.b)
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_is_read_on_its_own_accent() {
        let brand = |colors: &[(&str, &str)]| Brand {
            colors: colors
                .iter()
                .map(|(n, c)| ((*n).to_owned(), (*c).to_owned()))
                .collect(),
            ..Brand::default()
        };
        let text = |shown: &Shown| match shown {
            Shown::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        let look = Look::of(
            "brand",
            &brand(&[("ink", "#101418"), ("accent", "#ffd000")]),
        );
        let look = look.expect("a look");
        assert_eq!(
            (text(&look.body), text(&look.ink)),
            ("#ffd000".into(), "#101418".into())
        );
        // no colour of the brand is read on a middle grey: then white or black
        let look = Look::of("brand", &brand(&[("accent", "#777")])).expect("a look");
        assert_eq!(text(&look.ink), "#000000");
        assert!(Look::of("brand", &brand(&[])).is_none());
    }
}
