//! Files that a source includes, put into it: Metal compiles one text and looks for files nowhere.
//!
//! A file may stand in the text where its condition is false; the compiler then skips it there, so conditions need not be
//! understood here. `#line` keeps the places in diagnostics right.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::diagnostics::SOURCE;

/// Most includes that are followed, and most bytes with all that they bring: files that include each other grow fast.
const MOST_INCLUDES: usize = 20_000;
const MOST_BYTES: usize = 64 << 20;

/// The source with the text of each file that it includes in its place. Files are looked for beside the one that includes them
/// and in the directories, and no file outside of those is reached. What is not found stays for the compiler, which has
/// its own headers; so does what macros name. A file that includes itself, also by way of others, is not entered again.
///
/// # Errors
///
/// What is wrong, in words: there are too many files, or too large ones.
pub(super) fn expand(source: &str, directories: &[PathBuf]) -> Result<String, String> {
    // A directory that does not exist holds no files.
    let directories: Vec<Directory> = directories
        .iter()
        .filter_map(|given| Some(Directory { given: given.clone(), real: fs::canonicalize(given).ok()? }))
        .collect();
    if directories.is_empty() {
        return Ok(source.to_owned());
    }
    let mut expansion =
        Expansion { directories, text: String::new(), open: Vec::new(), includes: 0, guards: 0 };
    expansion.add(source, SOURCE, None)?;
    Ok(expansion.text)
}

struct Directory {
    /// As the options have it, for diagnostics.
    given: PathBuf,
    /// Without links.
    real: PathBuf,
}

struct Expansion {
    directories: Vec<Directory>,
    text: String,
    /// The files that are being added, each included by the one before.
    open: Vec<PathBuf>,
    /// Followed so far.
    includes: usize,
    /// Of files with `#pragma once`, so far.
    guards: usize,
}

/// A file that was found: its path for people, and its path without links.
struct Found {
    shown: PathBuf,
    real: PathBuf,
}

impl Expansion {
    /// Adds a text that diagnostics call by a name.
    fn add(&mut self, text: &str, name: &str, directory: Option<&Path>) -> Result<(), String> {
        let mut guarded = false;
        let mut in_comment = false;
        for (line, number) in text.lines().zip(1..) {
            let directive = if in_comment { None } else { directive(line) };
            in_comment = ends_in_comment(line, in_comment);
            match directive {
                Some(Directive::Include { file, quoted }) => {
                    if let Some(found) = self.find(file, directory.filter(|_| quoted)) {
                        self.include(&found)?;
                        self.place(number + 1, name)?;
                        continue;
                    }
                }
                // The pragma means the file that it stands in, which the compiler would take the whole text for.
                Some(Directive::Once) if !guarded && !self.open.is_empty() => {
                    guarded = true;
                    self.guards += 1;
                    let guard = self.guards;
                    let _ = writeln!(
                        self.text,
                        "#ifndef METAL_BRIDGE_ONCE_{guard}\n#define METAL_BRIDGE_ONCE_{guard}"
                    );
                    self.place(number + 1, name)?;
                    continue;
                }
                _ => {}
            }
            self.text.push_str(line);
            self.text.push('\n');
            self.check_length(0)?;
        }
        if guarded {
            self.text.push_str("#endif\n");
        }
        Ok(())
    }

    fn include(&mut self, Found { shown, real }: &Found) -> Result<(), String> {
        self.includes += 1;
        if self.includes > MOST_INCLUDES {
            return Err(format!("the source includes more than {MOST_INCLUDES} files"));
        }
        if self.open.contains(real) {
            return Ok(());
        }
        let name = shown.to_string_lossy();
        let text = fs::read(real).map_err(|error| format!("{name}: {error}"))?;
        self.check_length(text.len())?;
        self.place(1, &name)?;
        self.open.push(real.clone());
        self.add(&String::from_utf8_lossy(&text), &name, shown.parent())?;
        self.open.pop();
        Ok(())
    }

    /// The next line is this one of a file.
    fn place(&mut self, line: usize, name: &str) -> Result<(), String> {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(self.text, "#line {line} \"{name}\"");
        self.check_length(0)
    }

    /// `more`: bytes that are still to come.
    fn check_length(&self, more: usize) -> Result<(), String> {
        if self.text.len() + more <= MOST_BYTES {
            return Ok(());
        }
        Err(format!("the source with the files it includes has more than {} MiB", MOST_BYTES >> 20))
    }

    fn find(&self, file: &str, beside: Option<&Path>) -> Option<Found> {
        let places =
            beside.into_iter().chain(self.directories.iter().map(|directory| directory.given.as_path()));
        places.map(|place| place.join(file)).find_map(|shown| {
            let real = fs::canonicalize(&shown).ok()?;
            // Neither a link nor `..` may lead out of the directories.
            let inside = self.directories.iter().any(|directory| real.starts_with(&directory.real));
            (inside && real.is_file()).then_some(Found { shown, real })
        })
    }
}

enum Directive<'a> {
    Include {
        file: &'a str,
        /// Else in angle brackets.
        quoted: bool,
    },
    Once,
}

/// `#include "…"`, `#include <…>` or `#pragma once`.
fn directive(line: &str) -> Option<Directive<'_>> {
    let rest = line.trim_start().strip_prefix('#')?.trim_start();
    if let Some(rest) = rest.strip_prefix("include") {
        let rest = rest.trim_start();
        let quoted = rest.starts_with('"');
        let (file, _) = rest.strip_prefix(['"', '<'])?.split_once(if quoted { '"' } else { '>' })?;
        return Some(Directive::Include { file, quoted });
    }
    let mut words = rest.split_whitespace();
    (words.next() == Some("pragma") && words.next() == Some("once")).then_some(Directive::Once)
}

/// Whether the line after this one begins within a `/* … */`.
fn ends_in_comment(line: &str, mut inside: bool) -> bool {
    let mut rest = line;
    let mut quote = None;
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        if inside {
            if rest.starts_with("*/") {
                (inside, length) = (false, 2);
            }
        } else if let Some(open) = quote {
            if first == '\\' {
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
            } else if first == open {
                quote = None;
            }
        } else if rest.starts_with("//") {
            return false;
        } else if rest.starts_with("/*") {
            (inside, length) = (true, 2);
        } else if matches!(first, '"' | '\'') {
            quote = Some(first);
        }
        rest = &rest[length..];
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    /// The text without the directory's name, which differs each time.
    fn expanded(source: &str, directory: &tempfile::TempDir) -> String {
        let text = expand(source, &[directory.path().to_owned()]).unwrap();
        text.replace(&format!("{}/", directory.path().display()), "")
    }

    #[test]
    fn files_stand_where_they_are_included() {
        let directory = directory(&[
            ("one.h", "int one;\n#include \"more/two.h\"\nint last;"),
            ("more/two.h", "#pragma once\n#include \"three.h\"\nint two;\n"),
            ("more/three.h", "int three;\n"),
        ]);
        let source =
            "#include <metal_stdlib>\n  # include <one.h> // comment\nint after;\n#include \"absent.h\"\n";
        assert_eq!(
            expanded(source, &directory),
            "\
#include <metal_stdlib>
#line 1 \"one.h\"
int one;
#line 1 \"more/two.h\"
#ifndef METAL_BRIDGE_ONCE_1
#define METAL_BRIDGE_ONCE_1
#line 2 \"more/two.h\"
#line 1 \"more/three.h\"
int three;
#line 3 \"more/two.h\"
int two;
#endif
#line 3 \"one.h\"
int last;
#line 3 \"program_source\"
int after;
#include \"absent.h\"
"
        );
        assert_eq!(expand(source, &[]).unwrap(), source, "without directories, no file is reached");
    }

    #[test]
    fn comments_and_texts_are_no_directives() {
        let directory = directory(&[("a.h", "int a;\n")]);
        let source =
            "/* \"\n#include \"a.h\"\n*/ int x; // /*\nconst char *t = \"/* \\\" \";\n#include \"a.h\"\n";
        let text = expanded(source, &directory);
        assert_eq!(text.matches("int a;").count(), 1, "{text}");
        assert!(text.contains("*/ int x; // /*\nconst char"), "{text}");
    }

    #[test]
    fn circles_end_and_explosions_are_refused() {
        let circle =
            directory(&[("a.h", "#include \"b.h\"\nint a;\n"), ("b.h", "#include \"a.h\"\nint b;\n")]);
        let text = expanded("#include \"a.h\"\n", &circle);
        assert_eq!((text.matches("int a;").count(), text.matches("int b;").count()), (1, 1), "{text}");

        let names: Vec<String> = (0..40).map(|i| format!("{i}.h")).collect();
        let texts: Vec<String> = (1..=40).map(|i| format!("#include \"{i}.h\"\n").repeat(2)).collect();
        let files: Vec<_> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let bomb = directory(&files);
        let error = expand("#include \"0.h\"\n", &[bomb.path().to_owned()]).unwrap_err();
        assert!(error.contains("more than 20000 files"), "{error}");
        let large = directory(&[]);
        let file = fs::File::create(large.path().join("large.h")).unwrap();
        file.set_len(MOST_BYTES as u64).unwrap();
        let error = expand("int x;\n#include \"large.h\"\n", &[large.path().to_owned()]).unwrap_err();
        assert!(error.contains("more than 64 MiB"), "{error}");
    }

    #[test]
    fn no_file_outside_of_the_directories_is_reached() {
        let directory =
            directory(&[("secret.h", "int secret;\n"), ("inside/a.h", "#include \"../secret.h\"\nint a;\n")]);
        let inside = directory.path().join("inside");
        let absolute = directory.path().join("secret.h");
        let source =
            format!("#include \"a.h\"\n#include \"../secret.h\"\n#include \"{}\"\n", absolute.display());
        let text = expand(&source, &[inside]).unwrap();
        assert!(text.contains("int a;") && !text.contains("int secret;"), "{text}");
    }
}
