//! The files of a compilation: the user's source, its macros, and what it includes.
//!
//! clang sees none of the machine's files, only these, rewritten, under names of their own: `/msl/source`,
//! `/msl/macros`, and `/msl/user/N/…` for the Nth include directory. So whatever the source tries to include, it
//! gets no other file. Which of them are used, and when, the preprocessor decides.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use msl_types::{CompileError, CompileOptions, Diagnostic, Severity};

use super::edits::{Rewritten, line_starts};
use super::rewrite::rewrite;
use super::tokens::{TokenKind, spelling, tokenize};

/// clang's name of the user's source.
pub(crate) const MAIN: &str = "/msl/source";
/// clang's name of the file with the macros of the options.
pub(crate) const MACROS: &str = "/msl/macros";
/// Where clang finds the Nth include directory.
pub(crate) fn user_directory(index: usize) -> String {
    format!("/msl/user/{index}")
}

/// Most files that a source may reach with `#include`, counted by name.
const MOST_FILES: usize = 4096;
/// Most names that are looked for on disk.
const MOST_LOOKUPS: usize = 100_000;
/// Most bytes of source, included files counted.
const MOST_BYTES: usize = 16 << 20;

/// A file, as the user wrote it.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// The name in diagnostics.
    pub(crate) name: String,
    pub(crate) text: String,
    line_starts: Vec<usize>,
}

impl SourceFile {
    pub(crate) fn new(name: String, text: String) -> Self {
        let line_starts = line_starts(&text);
        Self { name, text, line_starts }
    }

    /// A line's text without its end; lines count from 0.
    pub(crate) fn line(&self, line: usize) -> Option<&str> {
        let start = *self.line_starts.get(line)?;
        let end = self.line_starts.get(line + 1).copied().unwrap_or(self.text.len());
        Some(self.text[start..end].trim_end_matches(['\n', '\r']))
    }

    /// Where a statement that goes on at a place ends, roughly: at the next `;`, `{` or `}`, not too far away.
    pub(crate) fn statement_end(&self, line: usize, column: u32) -> (usize, u32) {
        const FARTHEST: usize = 4096;
        let Some(start) = self.line_starts.get(line).map(|s| (s + column as usize).min(self.text.len()))
        else {
            return (line, column);
        };
        let rest = &self.text.as_bytes()[start..];
        let length = rest.iter().take(FARTHEST).position(|b| matches!(b, b';' | b'{' | b'}'));
        let end = start + length.unwrap_or(rest.len().min(FARTHEST));
        let line = self.line_starts.partition_point(|s| *s <= end) - 1;
        (line, (end - self.line_starts[line]) as u32)
    }
}

/// All files of a compilation.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The user's source is the first.
    pub(crate) files: Vec<SourceFile>,
    /// clang's names of the files.
    pub(crate) names: BTreeMap<String, usize>,
    directories: Vec<Directory>,
    by_path: HashMap<PathBuf, usize>,
    bytes: usize,
    lookups: usize,
}

#[derive(Debug)]
struct Directory {
    /// As the options have it, for diagnostics.
    given: PathBuf,
    canonical: PathBuf,
}

/// Where a file with includes lies: the include directory and the path in it; none for the user's source.
type Location = Option<(usize, String)>;

impl Sources {
    /// Gathers the source and all files that it may include.
    pub(crate) fn gather(source: &str, options: &CompileOptions) -> Result<Self, CompileError> {
        let directories = options
            .include_directories
            .iter()
            // A directory that does not exist holds no files, as for any compiler.
            .filter_map(|d| Some(Directory { given: d.clone(), canonical: fs::canonicalize(d).ok()? }))
            .collect();
        let mut sources = Self {
            files: Vec::new(),
            names: BTreeMap::new(),
            directories,
            by_path: HashMap::new(),
            bytes: source.len(),
            lookups: 0,
        };
        sources.add(MAIN.into(), SourceFile::new(options.source_name.clone(), source.to_owned()));
        if !options.preprocessor_macros.is_empty() {
            let text = macro_definitions(options)?;
            sources.bytes += text.len();
            sources.add(MACROS.into(), SourceFile::new("preprocessor_macros".into(), text));
        }
        sources.check_size()?;
        for file in 0..sources.files.len() {
            sources.follow(file, None)?;
        }
        Ok(sources)
    }

    /// Number of include directories.
    pub(crate) fn directory_count(&self) -> usize {
        self.directories.len()
    }

    /// Adds files that the source includes by a name made from macros. False if there are none to add.
    pub(crate) fn add_computed(&mut self, names: &[String]) -> Result<bool, CompileError> {
        let before = self.names.len();
        let locations: Vec<Location> = self.names.keys().map(|n| location_of(n)).collect();
        for name in names {
            for location in &locations {
                self.include(location, name, true)?;
            }
        }
        Ok(self.names.len() > before)
    }

    /// Each file rewritten.
    pub(crate) fn rewrite(&self) -> Vec<Rewritten> {
        self.files.iter().map(|f| rewrite(&f.text)).collect()
    }

    fn add(&mut self, name: String, file: SourceFile) {
        self.names.insert(name, self.files.len());
        self.files.push(file);
    }

    fn check_size(&self) -> Result<(), CompileError> {
        if self.bytes > MOST_BYTES {
            let limit = MOST_BYTES >> 20;
            return Err(
                self.error(format!("the source with the files it includes has more than {limit} MiB"))
            );
        }
        if self.names.len() > MOST_FILES || self.lookups > MOST_LOOKUPS {
            return Err(self.error(format!("the source includes too many files (at most {MOST_FILES})")));
        }
        Ok(())
    }

    fn error(&self, message: String) -> CompileError {
        let file = self.files.first().map_or_else(String::new, |f| f.name.clone());
        general_error(file, message)
    }

    /// Adds what a file includes, and what that includes, and so on.
    fn follow(&mut self, file: usize, location: Location) -> Result<(), CompileError> {
        let mut seen = HashSet::new();
        let mut pending = vec![(file, location)];
        while let Some((file, location)) = pending.pop() {
            for include in includes(&self.files[file].text) {
                for found in self.find(&location, &include.name, include.quoted) {
                    if seen.insert(found.clone())
                        && let Some(index) = self.load(&found)?
                    {
                        pending.push((index, Some(found)));
                    }
                }
            }
        }
        Ok(())
    }

    fn include(&mut self, from: &Location, name: &str, quoted: bool) -> Result<(), CompileError> {
        for found in self.find(from, name, quoted) {
            if !self.names.contains_key(&clang_name(&found))
                && let Some(index) = self.load(&found)?
            {
                self.follow(index, Some(found))?;
            }
        }
        Ok(())
    }

    /// The places that an include may mean.
    fn find(&self, from: &Location, name: &str, quoted: bool) -> Vec<(usize, String)> {
        if name.starts_with('/') {
            return self.find_absolute(name).into_iter().collect();
        }
        let beside = from.as_ref().filter(|_| quoted).and_then(|(directory, path)| {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            Some((*directory, normalise(&format!("{parent}/{name}"))?))
        });
        let searched = normalise(name)
            .into_iter()
            .flat_map(|n| (0..self.directories.len()).map(move |d| (d, n.clone())));
        beside.into_iter().chain(searched).collect()
    }

    fn find_absolute(&self, name: &str) -> Option<(usize, String)> {
        let path = PathBuf::from(format!("/{}", normalise(name)?));
        self.directories.iter().enumerate().find_map(|(index, directory)| {
            let inside =
                path.strip_prefix(&directory.canonical).or_else(|_| path.strip_prefix(&directory.given));
            Some((index, inside.ok()?.to_str()?.to_owned()))
        })
    }

    /// Reads a file, unless it is known already. None if there is no such file, or none that may be read.
    fn load(&mut self, (directory, path): &(usize, String)) -> Result<Option<usize>, CompileError> {
        self.lookups += 1;
        self.check_size()?;
        let Directory { given, canonical } = &self.directories[*directory];
        let Ok(real) = fs::canonicalize(canonical.join(path)) else { return Ok(None) };
        // A link must not lead out of the directories.
        if !self.directories.iter().any(|d| real.starts_with(&d.canonical)) {
            return Ok(None);
        }
        let shown = given.join(path).to_string_lossy().into_owned();
        let names = [
            Some(clang_name(&(*directory, path.clone()))),
            absolute_name(canonical, path),
            absolute_name(given, path),
        ];
        let index = match self.by_path.get(&real) {
            Some(index) => *index,
            None => {
                let Ok(metadata) = fs::metadata(&real) else { return Ok(None) };
                if !metadata.is_file() {
                    return Ok(None);
                }
                self.bytes = self.bytes.saturating_add(usize::try_from(metadata.len()).unwrap_or(usize::MAX));
                self.check_size()?;
                let Ok(bytes) = fs::read(&real) else { return Ok(None) };
                let text = String::from_utf8(bytes)
                    .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
                let index = self.files.len();
                self.files.push(SourceFile::new(shown, text));
                self.by_path.insert(real, index);
                index
            }
        };
        for name in names.into_iter().flatten() {
            self.names.insert(name, index);
        }
        self.check_size()?;
        Ok(Some(index))
    }
}

/// The path by which a file in an include directory may be included absolutely.
fn absolute_name(directory: &Path, path: &str) -> Option<String> {
    let name = directory.join(path).to_str()?.to_owned();
    // Names under /msl are clang's for other files.
    (name.starts_with('/') && !name.starts_with("/msl/") && normalise(&name).as_deref() == Some(&name[1..]))
        .then_some(name)
}

fn clang_name((directory, path): &(usize, String)) -> String {
    format!("{}/{path}", user_directory(*directory))
}

fn location_of(clang_name: &str) -> Location {
    let (directory, path) = clang_name.strip_prefix("/msl/user/")?.split_once('/')?;
    Some((directory.parse().ok()?, path.to_owned()))
}

/// Resolves `.` and `..` in a path without looking at the file system; none if it leads above its start.
fn normalise(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part if part.contains('\0') => return None,
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// An error that concerns no line.
pub(crate) fn general_error(file: String, message: String) -> CompileError {
    let snippet = String::new();
    CompileError {
        diagnostics: vec![Diagnostic {
            severity: Severity::Error,
            file,
            line: 0,
            column: 0,
            message,
            snippet,
        }],
    }
}

/// The macros of the options as a file.
fn macro_definitions(options: &CompileOptions) -> Result<String, CompileError> {
    let mut text = String::new();
    for (name, value) in &options.preprocessor_macros {
        let (identifier, parameters) = name.split_once('(').unwrap_or((name, ""));
        let is_identifier = identifier.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && (name.len() == identifier.len() || parameters.ends_with(')'));
        if !is_identifier || (name.to_owned() + value).contains(['\n', '\r']) {
            return Err(general_error(
                options.source_name.clone(),
                format!(
                    "preprocessor macro {name:?} with value {value:?} cannot be defined: \
                     a name of letters, digits and '_' and a value on one line are needed"
                ),
            ));
        }
        text.push_str(&format!("#define {name} {value}\n"));
    }
    Ok(text)
}

struct Include {
    name: String,
    quoted: bool,
}

/// The names in `#include`, `#import` and `__has_include`, whether the preprocessor will see them or not.
fn includes(source: &str) -> Vec<Include> {
    let tokens = tokenize(source);
    let text = |i: usize| spelling(&source[tokens[i].start as usize..tokens[i].end as usize]);
    let significant: Vec<usize> = (0..tokens.len()).filter(|i| tokens[*i].kind.is_significant()).collect();
    let mut found = Vec::new();
    for (position, index) in significant.iter().enumerate() {
        let before = position.checked_sub(1).map(|p| significant[p]);
        let next = significant.get(position + 1).copied();
        let operand = match text(*index).as_ref() {
            "include" | "import" | "include_next" if before.is_some_and(|b| text(b) == "#") => next,
            "__has_include" | "__has_include_next" if next.is_some_and(|n| text(n) == "(") => {
                significant.get(position + 2).copied()
            }
            _ => continue,
        };
        let Some(operand) = operand else { continue };
        if tokens[operand].kind == TokenKind::String {
            let name = text(operand).trim_matches('"').to_owned();
            found.push(Include { name, quoted: true });
        } else if text(operand) == "<" {
            // Between angle brackets anything but `>` and a line end is part of the name.
            let rest = &source[tokens[operand].end as usize..];
            if let Some(end) = rest.find(['>', '\n', '\r']).filter(|e| rest[*e..].starts_with('>')) {
                found.push(Include { name: rest[..end].to_owned(), quoted: false });
            }
        }
    }
    found
}
