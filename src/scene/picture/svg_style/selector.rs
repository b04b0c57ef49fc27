//! CSS selectors, level 4, as far as drawings use them.
//!
//! In: a selector's text; an element. Out: whether it matches, and how specific it is. What a finished drawing never
//! is (hovered, focused, a pseudo-element) never matches. Never: declarations.

use std::iter::successors;

use resvg::usvg::roxmltree::Node;

/// Ids, classes and types, in this order.
pub type Specificity = [u32; 3];

/// One selector without commas.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// From the last compound to the first, each with what joins it to the one after it.
    compounds: Vec<(Joint, Vec<Simple>)>,
    pub specificity: Specificity,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Joint {
    /// The element itself.
    Own,
    Descendant,
    Child,
    Next,
    Later,
}

#[derive(Debug, Clone, PartialEq)]
enum Simple {
    Any,
    Type(String),
    Class(String),
    Id(String),
    Attribute {
        name: String,
        how: char,
        value: String,
        any_case: bool,
    },
    Not(Vec<Selector>),
    Is(Vec<Selector>),
    /// `an + b`, from the end, among those of its type.
    Nth {
        a: i64,
        b: i64,
        from_end: bool,
        of_type: bool,
    },
    Root,
    Empty,
    Never,
}

/// Parts of one selector, which are matched by one call within another.
const LONGEST: usize = 64;

/// Reads a list of selectors; `None` if any of them is not understood, as CSS drops the rule then.
pub fn list(text: &str) -> Option<Vec<Selector>> {
    super::split(text, ',').into_iter().map(one).collect()
}

fn one(text: &str) -> Option<Selector> {
    let mut reader = Reader { rest: text.trim() };
    let mut compounds: Vec<(Joint, Vec<Simple>)> = Vec::new();
    let mut joint = Joint::Own;
    let mut specificity = [0; 3];
    loop {
        let compound = reader.compound(&mut specificity)?;
        // the joint belongs to the compound before it
        if let Some(last) = compounds.last_mut() {
            last.0 = joint;
        }
        compounds.push((Joint::Own, compound));
        if compounds.len() > LONGEST {
            return None;
        }
        let spaces = reader.rest.len() - reader.rest.trim_start().len();
        reader.rest = reader.rest.trim_start();
        if reader.rest.is_empty() {
            break;
        }
        joint = match reader.rest.as_bytes()[0] {
            b'>' => Joint::Child,
            b'+' => Joint::Next,
            b'~' => Joint::Later,
            _ if spaces > 0 => Joint::Descendant,
            _ => return None,
        };
        if joint != Joint::Descendant {
            reader.rest = reader.rest[1..].trim_start();
        }
    }
    compounds.reverse();
    Some(Selector {
        compounds,
        specificity,
    })
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn name(&mut self) -> Option<String> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                // `\31 23` and `\.`, as programs write ids that begin with a digit
                '\\' => {
                    let after = &self.rest[at + 1..];
                    let digits = after
                        .bytes()
                        .take(6)
                        .take_while(u8::is_ascii_hexdigit)
                        .count();
                    if digits == 0 {
                        out.push(chars.next()?.1);
                    } else {
                        let code = u32::from_str_radix(&after[..digits], 16).ok()?;
                        out.push(char::from_u32(code)?);
                        chars.nth(digits - 1);
                        if after[digits..].starts_with(' ') {
                            chars.next();
                        }
                    }
                }
                c if c.is_alphanumeric() || c == '-' || c == '_' || !c.is_ascii() => out.push(c),
                _ => {
                    end = at;
                    break;
                }
            }
        }
        self.rest = &self.rest[end..];
        (!out.is_empty()).then_some(out)
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn compound(&mut self, specificity: &mut Specificity) -> Option<Vec<Simple>> {
        let mut out = Vec::new();
        while let Some(c) = self.rest.chars().next() {
            match c {
                '*' => {
                    self.take('*');
                    out.push(Simple::Any);
                }
                '.' => {
                    self.take('.');
                    specificity[1] += 1;
                    out.push(Simple::Class(self.name()?));
                }
                '#' => {
                    self.take('#');
                    specificity[0] += 1;
                    out.push(Simple::Id(self.name()?));
                }
                '[' => {
                    self.take('[');
                    specificity[1] += 1;
                    out.push(self.attribute()?);
                }
                ':' => {
                    self.take(':');
                    if self.take(':') {
                        self.name()?;
                        out.push(Simple::Never);
                    } else {
                        out.push(self.pseudo(specificity)?);
                    }
                }
                c if out.is_empty() && (c.is_alphabetic() || c == '_' || c == '\\') => {
                    specificity[2] += 1;
                    let mut name = self.name()?;
                    // `svg|rect`: the namespace is taken for granted
                    if self.take('|') {
                        name = self.name()?;
                    }
                    out.push(Simple::Type(name));
                }
                _ => break,
            }
        }
        (!out.is_empty()).then_some(out)
    }

    fn attribute(&mut self) -> Option<Simple> {
        let (inside, rest) = self.rest.split_once(']')?;
        self.rest = rest;
        let Some((name, value)) = inside.split_once('=') else {
            return Some(Simple::Attribute {
                name: local(inside.trim()).to_owned(),
                how: ' ',
                value: String::new(),
                any_case: false,
            });
        };
        let how = match name.chars().last()? {
            c @ ('~' | '|' | '^' | '$' | '*') => c,
            _ => '=',
        };
        let name = local(name.trim_end_matches(['~', '|', '^', '$', '*']).trim()).to_owned();
        let value = value.trim();
        let (value, any_case) = match value.strip_suffix([' ', 'i', 'I']) {
            Some(quoted) if quoted.trim_end().ends_with(['"', '\'']) => (quoted.trim(), true),
            _ => (value, false),
        };
        Some(Simple::Attribute {
            name,
            how,
            value: value.trim_matches(['"', '\'']).to_owned(),
            any_case,
        })
    }

    fn pseudo(&mut self, specificity: &mut Specificity) -> Option<Simple> {
        let name = self.name()?.to_ascii_lowercase();
        let inside = if self.take('(') {
            let end = super::closing(self.rest)?;
            let inside = &self.rest[..end];
            self.rest = &self.rest[end + 1..];
            Some(inside)
        } else {
            None
        };
        if let ("not" | "is" | "where" | "matches" | "-webkit-any", Some(inside)) =
            (name.as_str(), inside)
        {
            let inner = list(inside)?;
            if name != "where" {
                let most = inner
                    .iter()
                    .map(|s| s.specificity)
                    .max()
                    .unwrap_or_default();
                for (sum, more) in specificity.iter_mut().zip(most) {
                    *sum += more;
                }
            }
            return Some(if name == "not" {
                Simple::Not(inner)
            } else {
                Simple::Is(inner)
            });
        }
        specificity[1] += 1;
        let nth = |a, b, from_end, of_type| Simple::Nth {
            a,
            b,
            from_end,
            of_type,
        };
        Some(match (name.as_str(), inside) {
            ("root", None) => Simple::Root,
            ("empty", None) => Simple::Empty,
            ("first-child", None) => nth(0, 1, false, false),
            ("last-child", None) => nth(0, 1, true, false),
            ("first-of-type", None) => nth(0, 1, false, true),
            ("last-of-type", None) => nth(0, 1, true, true),
            ("only-child", None) => Simple::Is(vec![one(":first-child:last-child")?]),
            ("only-of-type", None) => Simple::Is(vec![one(":first-of-type:last-of-type")?]),
            ("nth-child", Some(text)) => {
                let (a, b) = an_plus_b(text)?;
                nth(a, b, false, false)
            }
            ("nth-last-child", Some(text)) => {
                let (a, b) = an_plus_b(text)?;
                nth(a, b, true, false)
            }
            ("nth-of-type", Some(text)) => {
                let (a, b) = an_plus_b(text)?;
                nth(a, b, false, true)
            }
            ("nth-last-of-type", Some(text)) => {
                let (a, b) = an_plus_b(text)?;
                nth(a, b, true, true)
            }
            (
                "hover" | "focus" | "active" | "visited" | "link" | "any-link" | "target"
                | "focus-within" | "focus-visible" | "checked" | "disabled" | "before" | "after",
                None,
            ) => Simple::Never,
            _ => return None,
        })
    }
}

/// `xlink|href` and `xlink\:href` by their last part, which is how attributes are compared here.
fn local(name: &str) -> &str {
    name.rsplit(['|', ':']).next().unwrap_or(name)
}

fn an_plus_b(text: &str) -> Option<(i64, i64)> {
    let text: String = text.to_ascii_lowercase().split_whitespace().collect();
    match text.as_str() {
        "odd" => return Some((2, 1)),
        "even" => return Some((2, 0)),
        _ => {}
    }
    let Some((a, b)) = text.split_once('n') else {
        return Some((0, text.parse().ok()?));
    };
    let a = match a {
        "" | "+" => 1,
        "-" => -1,
        a => a.parse().ok()?,
    };
    let b = match b {
        "" => 0,
        b => b.parse().ok()?,
    };
    Some((a, b))
}

impl Selector {
    /// Whether it matches; `steps` counts what was looked at, against style sheets that take for ever.
    pub fn matches(&self, node: Node<'_, '_>, steps: &mut u64) -> bool {
        self.from(0, node, steps)
    }

    fn from(&self, at: usize, node: Node<'_, '_>, steps: &mut u64) -> bool {
        *steps += 1;
        if *steps > super::MOST_STEPS {
            return false;
        }
        let (_, compound) = &self.compounds[at];
        if !compound.iter().all(|simple| simple.matches(node, steps)) {
            return false;
        }
        let Some((joint, _)) = self.compounds.get(at + 1) else {
            return true;
        };
        match joint {
            Joint::Own => true,
            Joint::Child => node
                .parent_element()
                .is_some_and(|parent| self.from(at + 1, parent, steps)),
            Joint::Descendant => successors(node.parent_element(), Node::parent_element)
                .any(|above| self.from(at + 1, above, steps)),
            Joint::Next => node
                .prev_sibling_element()
                .is_some_and(|before| self.from(at + 1, before, steps)),
            Joint::Later => successors(node.prev_sibling_element(), Node::prev_sibling_element)
                .any(|before| self.from(at + 1, before, steps)),
        }
    }
}

impl Simple {
    fn matches(&self, node: Node<'_, '_>, steps: &mut u64) -> bool {
        match self {
            Self::Any => true,
            Self::Type(name) => node.tag_name().name() == name,
            Self::Class(class) => node
                .attribute("class")
                .is_some_and(|all| all.split_whitespace().any(|one| one == class)),
            Self::Id(id) => node.attribute("id") == Some(id),
            Self::Attribute {
                name,
                how,
                value,
                any_case,
            } => node
                .attributes()
                .filter(|a| a.name() == name)
                .any(|a| compares(a.value(), *how, value, *any_case)),
            Self::Not(inner) => !inner.iter().any(|s| s.matches(node, steps)),
            Self::Is(inner) => inner.iter().any(|s| s.matches(node, steps)),
            Self::Nth {
                a,
                b,
                from_end,
                of_type,
            } => {
                let index = index(node, *from_end, *of_type, steps);
                let rest = index - b;
                if *a == 0 {
                    rest == 0
                } else {
                    rest % a == 0 && rest / a >= 0
                }
            }
            Self::Root => node.parent_element().is_none(),
            Self::Empty => !node.has_children(),
            Self::Never => false,
        }
    }
}

fn index(node: Node<'_, '_>, from_end: bool, of_type: bool, steps: &mut u64) -> i64 {
    let mut count = 1;
    let next = |node: &Node<'_, '_>| match from_end {
        false => node.prev_sibling_element().map(|n| n.id()),
        true => node.next_sibling_element().map(|n| n.id()),
    };
    let document = node.document();
    let mut at = next(&node);
    while let Some(sibling) = at.and_then(|id| document.get_node(id)) {
        *steps += 1;
        if *steps > super::MOST_STEPS {
            break;
        }
        if !of_type || sibling.tag_name().name() == node.tag_name().name() {
            count += 1;
        }
        at = next(&sibling);
    }
    count
}

fn compares(have: &str, how: char, want: &str, any_case: bool) -> bool {
    let (have, want) = match any_case {
        true => (have.to_lowercase(), want.to_lowercase()),
        false => (have.to_owned(), want.to_owned()),
    };
    match how {
        ' ' => true,
        '=' => have == want,
        '~' => have.split_whitespace().any(|word| word == want),
        '|' => {
            have == want
                || have
                    .strip_prefix(&want)
                    .is_some_and(|rest| rest.starts_with('-'))
        }
        '^' => !want.is_empty() && have.starts_with(&want),
        '$' => !want.is_empty() && have.ends_with(&want),
        _ => !want.is_empty() && have.contains(&want),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resvg::usvg::roxmltree::Document;

    const DRAWING: &str = "<svg><g id='g' class='a b'><rect id='1r' fill='Red'/><path/><rect class='b'/></g>\
                           <circle/></svg>";

    fn matched(selector: &str) -> Vec<usize> {
        let document = Document::parse(DRAWING).expect("a drawing");
        let selectors = list(selector).expect("a selector");
        let elements = document.descendants().filter(Node::is_element).enumerate();
        elements
            .filter(|(_, node)| selectors.iter().any(|s| s.matches(*node, &mut 0)))
            .map(|(at, _)| at)
            .collect()
    }

    /// Elements are numbered in order: svg 0, g 1, rect 2, path 3, rect 4, circle 5.
    #[test]
    fn selectors_find_what_css_finds() {
        for (selector, want) in [
            ("rect", vec![2, 4]),
            ("*", vec![0, 1, 2, 3, 4, 5]),
            (".b", vec![1, 4]),
            ("g.a.b", vec![1]),
            ("#\\31 r", vec![2]),
            ("g > rect:first-child", vec![2]),
            ("svg rect + path", vec![3]),
            ("rect ~ rect", vec![4]),
            ("rect:not(.b)", vec![2]),
            ("rect:not(.b, #\\31 r), circle", vec![5]),
            (":is(rect, circle):not([fill])", vec![4, 5]),
            ("[fill=\"red\" i]", vec![2]),
            ("[class~=b]", vec![1, 4]),
            (":nth-child(2n+1)", vec![0, 1, 2, 4]),
            ("rect:nth-of-type(2)", vec![4]),
            (":root", vec![0]),
            ("rect:hover, rect::before", vec![]),
            ("svg>:last-child", vec![5]),
        ] {
            assert_eq!(matched(selector), want, "{selector}");
        }
        assert_eq!(list("rect:has(path)"), None);
        assert_eq!(list("rect,"), None);
        let specific = |text: &str| list(text).expect("a selector")[0].specificity;
        assert_eq!(specific("g#x .a:not(.b)"), [1, 2, 1]);
        assert_eq!(specific(":where(#x) a"), [0, 0, 1]);
    }
}
