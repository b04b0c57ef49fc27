//! Letter case by the rules of a language.
//!
//! In: spans. Out: their texts in another case, span by span. Never: changing what is not a letter.

use std::borrow::Cow;

use icu_casemap::options::{TitlecaseOptions, TrailingCase};
use icu_casemap::{CaseMapper, TitlecaseMapper};
use unicode_segmentation::UnicodeSegmentation;

use super::{Span, Transform};

/// Each span's text in the case that `transform` asks for; `lang` is BCP 47.
pub(super) fn cased<'a>(
    spans: &'a [Span],
    transform: Transform,
    lang: Option<&str>,
) -> Vec<Cow<'a, str>> {
    let each = spans.iter().map(|span| span.text.as_str());
    // Only the language subtag decides, and an unknown one follows the common rules.
    let lang = lang.map_or("und", |lang| lang.split(['-', '_']).next().unwrap_or("und"));
    let lang = lang
        .parse()
        .unwrap_or_else(|_| "und".parse().expect("und is a language tag"));
    match transform {
        Transform::None => each.map(Cow::Borrowed).collect(),
        Transform::Uppercase => each
            .map(|text| CaseMapper::new().uppercase_to_string(text, &lang))
            .collect(),
        Transform::Lowercase => each
            .map(|text| CaseMapper::new().lowercase_to_string(text, &lang))
            .collect(),
        Transform::Capitalize => {
            let mut options = TitlecaseOptions::default();
            options.trailing_case = Some(TrailingCase::Unchanged);
            capitalized(spans, |word| {
                TitlecaseMapper::new()
                    .titlecase_segment_to_string(word, &lang, options)
                    .into_owned()
            })
        }
    }
}

/// Words run on over the ends of spans, so that `*w*ord` becomes `*W*ord`.
fn capitalized<'a>(spans: &[Span], title: impl Fn(&str) -> String) -> Vec<Cow<'a, str>> {
    let whole: String = spans.iter().map(|span| span.text.as_str()).collect();
    let starts: Vec<usize> = whole.unicode_word_indices().map(|(at, _)| at).collect();
    let mut begin = 0;
    let mut texts = Vec::with_capacity(spans.len());
    for span in spans {
        let end = begin + span.text.len();
        let mut text = String::with_capacity(span.text.len());
        let mut done = begin;
        let inside =
            starts.partition_point(|at| *at < begin)..starts.partition_point(|at| *at < end);
        for (next, at) in inside.clone().zip(&starts[inside.clone()]) {
            let until = starts.get(next + 1).map_or(end, |next| end.min(*next));
            text.push_str(&whole[done..*at]);
            text.push_str(&title(&whole[*at..until]));
            done = until;
        }
        text.push_str(&whole[done..end]);
        texts.push(Cow::Owned(text));
        begin = end;
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, transform: Transform, lang: Option<&str>) -> String {
        let span = Span {
            text: text.to_owned(),
            weight: None,
            italic: None,
        };
        cased(&[span], transform, lang).concat()
    }

    #[test]
    fn case_follows_the_language() {
        let upper = |text, lang| one(text, Transform::Uppercase, lang);
        assert_eq!(upper("straße", Some("de")), "STRASSE");
        assert_eq!(upper("istanbul", Some("tr-TR")), "İSTANBUL");
        assert_eq!(upper("istanbul", None), "ISTANBUL");
        assert_eq!(upper("Γειά σου", Some("el")), "ΓΕΙΑ ΣΟΥ");
        assert_eq!(upper("istanbul", Some("no such language")), "ISTANBUL");
        let lower = |text, lang| one(text, Transform::Lowercase, lang);
        assert_eq!(lower("DIYARBAKIR", Some("tr")), "dıyarbakır");
        assert_eq!(lower("ΟΔΟΣ", None), "οδος");
    }

    #[test]
    fn capitalize_leaves_the_rest_of_a_word() {
        let title = |text, lang| one(text, Transform::Capitalize, lang);
        assert_eq!(title("it's a bbc show", None), "It's A Bbc Show");
        assert_eq!(title("hot dogs at MoMA", None), "Hot Dogs At MoMA");
        assert_eq!(title("ijsvogel", Some("nl")), "IJsvogel");
        assert_eq!(title("«привет» 3rd", None), "«Привет» 3rd");
    }

    #[test]
    fn capitalize_sees_words_across_spans() {
        let spans = ["w", "ord and ", "more"].map(|text| Span {
            text: text.to_owned(),
            weight: None,
            italic: None,
        });
        let texts = cased(&spans, Transform::Capitalize, None);
        assert_eq!(texts, ["W", "ord And ", "More"]);
    }
}
