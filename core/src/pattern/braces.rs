//! Parameters in the spelling of other routers.

/// The name of a parameter that is written `{name}`, as axum and actix have them, where this
/// language means the text `name`: braces around no parameter, and with no modifier behind them.
pub(crate) fn parameter_in_braces(source: &str) -> Option<&str> {
    let mut expressions = 0_u32;
    let mut characters = source.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '(' => expressions = expressions.saturating_add(1),
            ')' => expressions = expressions.saturating_sub(1),
            '{' if expressions == 0 => {
                let (name, behind) = source.get(at..)?.get(1..)?.split_once('}')?;
                let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if is_name && !name.is_empty() && !behind.starts_with(['?', '*', '+']) {
                    return Some(name);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_braces_around_a_name_alone() {
        for (source, name) in [
            ("/orders/{id}", Some("id")),
            ("/{tenant}/orders/:id", Some("tenant")),
            ("/a{-:b}?/{c_1}", Some("c_1")),
            ("/orders/:id", None),
            ("/orders{-:id}?", None),
            ("/orders{s}?", None),
            ("/orders/{/}", None),
            ("/orders/{}", None),
            ("/orders/:id([a-z]{2})", None),
            ("/orders/\\{id\\}", None),
            ("/orders/{id", None),
        ] {
            assert_eq!(parameter_in_braces(source), name, "{source}");
        }
    }
}
