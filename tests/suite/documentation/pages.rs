//! What the pages say that holds for all of them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The pages that are checked.
const PAGES: [&str; 6] = [
    "README.md",
    "docs/coming-from.md",
    "docs/cookbook.md",
    "docs/rewrites-and-matchers.md",
    "docs/security.md",
    "docs/settings.md",
];

/// The workspace.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

pub(super) fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What stands between backticks in running text and in tables.
pub(super) fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    // Every second fence begins a block of code.
    text.split("```").step_by(2).flat_map(|prose| prose.split('`').skip(1).step_by(2))
}

/// The source of the libraries and of the demonstration, each file with its path.
static SOURCES: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> = ["core", "runtime-hyper", "runtime-smol", "demo-app"]
        .iter()
        .map(|package| root().join(package).join("src"))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                sources.push((path, text));
            }
        }
    }
    sources
});

/// `Type::name`, `Type::NAME` and `module::name` in the pages.
#[test]
fn what_the_pages_name_is_there() {
    let mut missing = Vec::new();
    for name in PAGES {
        let text = page(name);
        for span in code_spans(&text) {
            let Some((of, item)) = span.split_once("::") else { continue };
            let is_name = |text: &str| {
                !text.is_empty()
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            };
            if !is_name(of) || !is_name(item) {
                continue;
            }
            let is_there = SOURCES.iter().any(|(path, source)| {
                let has = |pattern: &str, after: &[char]| {
                    source
                        .match_indices(pattern)
                        .any(|(at, _)| source[at + pattern.len()..].starts_with(after))
                };
                let is_of = path.file_stem().is_some_and(|stem| stem == of)
                    || ["struct ", "enum ", "trait ", "impl ", "> "]
                        .iter()
                        .any(|before| has(&format!("{before}{of}"), &[' ', '<', '(', ';', '{']));
                let has_item = has(&format!("fn {item}"), &['(', '<'])
                    || has(&format!("const {item}"), &[':'])
                    || has(&format!("    {item}"), &[',', '(', ' ', '\n']);
                is_of && has_item
            });
            if !is_there {
                missing.push(format!("{name}: {span}"));
            }
        }
    }
    assert!(missing.is_empty(), "nobody has\n{}", missing.join("\n"));
}

/// Links to files of the repository.
#[test]
fn the_links_of_the_pages_lead_somewhere() {
    for name in PAGES {
        let folder = root().join(name).parent().expect("a folder").to_owned();
        let text = page(name);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            let is_elsewhere = target.is_empty() || target.contains("://");
            assert!(is_elsewhere || folder.join(target).exists(), "{name}: {target}");
        }
    }
}

/// A page that the front page does not lead to is not found by anybody.
#[test]
fn the_front_page_leads_to_every_page() {
    let front = page("README.md");
    for name in PAGES.iter().filter(|name| name.starts_with("docs/")) {
        assert!(front.contains(&format!("({name})")), "{name}");
    }
}

/// Each task has one program, a documentation test that runs, and the list on top leads to it.
#[test]
fn every_task_of_the_cookbook_has_a_program_that_runs() {
    let page = page("docs/cookbook.md");
    let (list, tasks) = page.split_once("\n## ").expect("a task");
    let mut anchors = Vec::new();
    for task in tasks.split("\n## ") {
        let heading = task.lines().next().unwrap_or_default();
        let blocks: Vec<&str> =
            task.lines().filter(|line| line.starts_with("```") && line.len() > 3).collect();
        assert_eq!(blocks, ["```rust"], "{heading}");
        assert!(task.contains("fn main() -> Result"), "{heading}");
        // It says what comes of it, and leaves nothing to be read off a screen.
        assert!(task.contains("assert_eq!(") && !task.contains("print"), "{heading}");
        let letters = heading.chars().filter(|letter| letter.is_alphanumeric() || *letter == ' ');
        anchors.push(letters.collect::<String>().to_lowercase().replace(' ', "-"));
    }
    let listed: Vec<&str> =
        list.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert_eq!(listed, anchors);
}
