//! `fields=id,owner{username}`: what a read asks for.

/// One field, and what is asked of the node behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What stands in its braces.
    pub of: Vec<Field>,
}

/// Reads a list of fields; modifiers such as `.limit(5)` are passed over.
pub fn parse(text: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let (mut depth, mut from) = (0_usize, 0);
    for (at, sign) in text.char_indices() {
        match sign {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                fields.extend(one(&text[from..at]));
                from = at + 1;
            }
            _ => {}
        }
    }
    fields.extend(one(&text[from..]));
    fields
}

fn one(text: &str) -> Option<Field> {
    let text = text.trim();
    let end = text.find(['{', '.', '(']).unwrap_or(text.len());
    let name = text[..end].trim();
    // a hundred braces in one another are no request but an attack on the stack
    let is_sane = text.bytes().filter(|b| *b == b'{').count() <= 8;
    let of = match (text.find('{'), text.rfind('}')) {
        (Some(open), Some(close)) if open < close && is_sane => parse(&text[open + 1..close]),
        _ => Vec::new(),
    };
    (!name.is_empty()).then(|| Field {
        name: name.to_owned(),
        of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_fields_of_their_own() {
        let fields =
            parse("name, access_token,instagram_business_account.limit(1){id,username},tasks");
        let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "name",
                "access_token",
                "instagram_business_account",
                "tasks"
            ]
        );
        assert_eq!(fields[2].of.len(), 2);
        assert_eq!(fields[2].of[1].name, "username");
    }

    #[test]
    fn broken_lists_do_no_harm() {
        for text in ["", ",,", "}", "a{", "a}b{", "{{{{{{{{{{{{", "a{b,c", "é{ü}"] {
            parse(text);
        }
        assert_eq!(parse("{}"), []);
        parse(&"a{".repeat(100_000));
    }
}
