//! The known name that somebody may have meant.

/// A known name that is like an unknown one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Near {
    pub(super) name: &'static str,
    /// Whether it is so like it that nothing else can be meant.
    pub(super) is_close: bool,
}

/// The known name that takes the fewest changes.
pub(super) fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<Near> {
    let (changes, nearest) = known
        .map(|known| (changes(name, known), known))
        // A name that goes on is nearer than one with fewer changes.
        .min_by_key(|(changes, known)| if known.starts_with(name) { 0 } else { *changes })?;
    // What follows the prefix is what differs.
    let (_, distinct) = nearest.split_once('_')?;
    Some(Near { name: nearest, is_close: changes <= 3 && changes * 3 < distinct.len() })
}

/// The letters that must be put in, taken out or replaced to make one text of the other (the
/// distance of Levenshtein).
fn changes(one: &str, other: &str) -> usize {
    // Longer names are nobody's misspelling.
    let one: Vec<u8> = one.bytes().take(128).collect();
    let mut row: Vec<usize> = (0..=one.len()).collect();
    for (line, letter) in other.bytes().enumerate() {
        let mut before = line;
        let mut left = line + 1;
        for (at, own) in one.iter().enumerate() {
            let above = row.get(at + 1).copied().unwrap_or_default();
            let best = (before + usize::from(*own != letter)).min(left + 1).min(above + 1);
            before = above;
            if let Some(slot) = row.get_mut(at) {
                *slot = left;
            }
            left = best;
        }
        if let Some(last) = row.last_mut() {
            *last = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_changes_between_two_names() {
        for (one, other, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(changes(one, other), count, "{one} {other}");
        }
    }

    #[test]
    fn a_misspelt_name_is_close_and_another_one_is_not() {
        let known = ["AUTH0_SESSION_NAME", "AUTH0_SCOPE", "AUTH0_LOGOUT"];
        for (name, nearest_name, is_close) in [
            ("AUTH0_SESION_NAME", "AUTH0_SESSION_NAME", true),
            ("AUTH0_SCOPES", "AUTH0_SCOPE", true),
            ("AUTH0_SESSION_NAMES_2", "AUTH0_SESSION_NAME", true),
            ("AUTH0_MANAGEMENT_TOKEN", "AUTH0_SESSION_NAME", false),
            ("AUTH0_STORE", "AUTH0_SCOPE", false),
            ("AUTH0_SESS", "AUTH0_SESSION_NAME", false),
        ] {
            let near = nearest(name, known.into_iter()).unwrap();
            assert_eq!((near.name, near.is_close), (nearest_name, is_close), "{name}");
        }
    }
}
