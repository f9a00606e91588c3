//! What can be wrong with the chapters besides their Rust code and transcripts (`crates/metal-bridge-cli/tests/guide.rs`):
//! links, included files, kernels, and passages that are quoted from the sources.

#![cfg(not(target_os = "macos"))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use metal_bridge::{CompileOptions, Device};

/// The languages that blocks of code may have: without one, a block would be Rust to rustdoc and nothing to readers.
const LANGUAGES: [&str; 9] = ["c", "console", "cpp", "go", "python", "rust", "sh", "text", "toml"];

/// What links to files outside of the book begin with.
const REPOSITORY: &str = "https://github.com/metal-bridge/metal-bridge/blob/main/";

/// Before a block that is a passage of a file: each line is there, in this order, but for those with `…`.
const QUOTED: &str = "<!-- quoted from ";

struct Chapter {
    path: PathBuf,
    text: String,
}

/// A block of code: its language and what follows that, its lines, and the file that it is a passage of, if it is one.
struct Block<'a> {
    info: &'a str,
    quoted: Option<&'a str>,
    lines: Vec<&'a str>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn chapters() -> Vec<Chapter> {
    let mut chapters = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            chapters.push(Chapter { path, text });
        }
    }
    assert!(chapters.len() > 10);
    chapters
}

impl Chapter {
    fn blocks(&self) -> Vec<Block<'_>> {
        let (mut blocks, mut open): (_, Option<Block<'_>>) = (Vec::new(), None);
        let mut before = "";
        for line in self.text.lines() {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) => {
                    let quoted = before.strip_prefix(QUOTED).and_then(|rest| rest.strip_suffix(" -->"));
                    open = Some(Block { info, quoted, lines: Vec::new() });
                }
                (Some(_), Some("")) => blocks.extend(open.take()),
                (Some(block), _) => block.lines.push(line),
                (None, None) => {}
            }
            before = line;
        }
        assert!(open.is_none(), "{}: a block of code is not closed", self.path.display());
        blocks
    }

    /// The text outside of blocks of code.
    fn prose(&self) -> String {
        let mut inside = false;
        let outside = self.text.lines().filter(|line| {
            inside ^= line.starts_with("```");
            !inside && !line.starts_with("```")
        });
        outside.collect::<Vec<_>>().join("\n")
    }

    /// The names under which links reach the headings, as mdBook and GitHub make them.
    fn anchors(&self) -> BTreeSet<String> {
        let prose = self.prose();
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let text = line.trim_start_matches('#').trim().to_lowercase();
                let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
                kept.map(|c| if c == ' ' { '-' } else { c }).collect()
            })
            .collect()
    }
}

/// What stands between `before` and `after`, everywhere.
fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(move |rest| rest.split(after).next())
}

#[test]
fn the_summary_lists_every_chapter() {
    let chapters = chapters();
    let file_name = |chapter: &Chapter| chapter.path.file_name().unwrap().to_string_lossy().into_owned();
    let summary = chapters.iter().find(|chapter| file_name(chapter) == "SUMMARY.md").unwrap();
    let listed: BTreeSet<String> = between(&summary.text, "](", ')').map(str::to_owned).collect();
    let tested = include_str!("../lib.rs");
    let all = chapters.iter().map(file_name).filter(|name| name != "SUMMARY.md").collect();
    assert_eq!(listed, all);
    for name in listed {
        assert!(tested.contains(&format!("\"src/{name}\"")), "lib.rs does not test {name}");
    }
}

#[test]
fn links_lead_somewhere() {
    let chapters = chapters();
    for chapter in &chapters {
        let folder = chapter.path.parent().unwrap();
        for link in between(&chapter.prose(), "](", ')') {
            let in_repository = link.strip_prefix(REPOSITORY);
            if in_repository.is_none() && link.starts_with("https://") {
                continue;
            }
            let (file, anchor) =
                link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let path = match in_repository {
                Some(path) => root().join(path),
                None if file.is_empty() => chapter.path.clone(),
                None => folder.join(file),
            };
            let in_book = in_repository.is_some() || !file.contains('/');
            assert!(in_book, "{}: pages do not have {link}; begin with {REPOSITORY}", chapter.path.display());
            assert!(path.exists(), "{}: {link} does not exist", chapter.path.display());
            if let Some(anchor) = anchor {
                let target = Chapter { text: fs::read_to_string(&path).unwrap(), path };
                assert!(
                    target.anchors().contains(anchor),
                    "{}: no heading for {link}",
                    chapter.path.display()
                );
            }
        }
    }
}

#[test]
fn included_passages_exist() {
    let mut included = 0;
    for chapter in chapters() {
        for what in between(&chapter.text, "{{#include ", '}') {
            let (file, anchor) = what.split_once(':').unwrap_or((what, ""));
            let path = chapter.path.parent().unwrap().join(file);
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for mark in ["ANCHOR: ", "ANCHOR_END: "] {
                let marks = text.lines().filter(|line| line.contains(&format!("{mark}{anchor}"))).count();
                assert!(anchor.is_empty() || marks == 1, "{}: {marks} × {mark}{anchor}", path.display());
            }
            included += 1;
        }
    }
    assert!(included > 0);
}

#[test]
fn blocks_of_code_have_a_language() {
    for chapter in chapters() {
        for block in chapter.blocks() {
            let language = block.info.split(',').next().unwrap_or_default();
            assert!(LANGUAGES.contains(&language), "{}: ```{}", chapter.path.display(), block.info);
            let untested =
                block.info.split(',').any(|word| matches!(word, "ignore" | "no_run" | "compile_fail"));
            assert!(
                language != "rust" || untested == block.quoted.is_some(),
                "{}: ```{}",
                chapter.path.display(),
                block.info
            );
        }
    }
}

/// Commands are there to be pasted; brackets that a shell takes for its own need quotes.
#[test]
fn shells_can_read_the_commands() {
    let readme = root().join("README.md");
    let readme = Chapter { text: fs::read_to_string(&readme).unwrap(), path: readme };
    let mut commands = 0;
    for chapter in chapters().iter().chain([&readme]) {
        for block in chapter.blocks().iter().filter(|block| block.info == "sh") {
            let lines = block.lines.join("\n");
            let shell = Command::new("sh").args(["-n", "-c", &lines]).output().unwrap();
            let complaint = String::from_utf8_lossy(&shell.stderr);
            assert!(shell.status.success(), "{}: {complaint}\n{lines}", chapter.path.display());
            commands += 1;
        }
    }
    assert!(commands >= 5);
}

/// Blocks of C++ are kernels.
#[test]
fn kernels_compile() {
    let device = Device::system_default().unwrap();
    let mut kernels = 0;
    for chapter in chapters() {
        for block in chapter.blocks().iter().filter(|block| block.info == "cpp") {
            let source =
                format!("#include <metal_stdlib>\nusing namespace metal;\n{}", block.lines.join("\n"));
            let library = device.new_library_with_source(&source, &CompileOptions::default());
            let library = library.unwrap_or_else(|error| panic!("{}: {error}", chapter.path.display()));
            kernels += library.function_names().len();
        }
    }
    assert!(kernels > 0);
}

#[test]
fn quotations_are_true() {
    let mut quotations = 0;
    for chapter in chapters() {
        for block in chapter.blocks() {
            let Some(file) = block.quoted else { continue };
            let path = root().join(file);
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let mut lines = text.lines().map(str::trim);
            for line in block
                .lines
                .iter()
                .map(|line| line.trim())
                .filter(|line| !line.is_empty() && !line.contains('…'))
            {
                assert!(
                    lines.any(|found| found == line),
                    "{}: {file} has no such line, or not in this order: {line}",
                    chapter.path.display()
                );
            }
            quotations += 1;
        }
    }
    assert!(quotations > 0);
}
