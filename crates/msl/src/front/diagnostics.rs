//! clang's messages, as it prints them, and as the user is to read them.
//!
//! clang's plain text is read rather than its SARIF output, which clang 19 calls unstable and which leaves out the
//! chain from an error in a header to the user's line.

use std::collections::HashSet;

use msl_types::{CompileOptions, Diagnostic, Severity};

use super::edits::{Insertion, Rewritten, line_starts};
use super::rewrite::{program_scope, unsupported};
use super::sources::{SourceFile, Sources};
use super::{missing, words};

/// A range of a line, columns from 0, the end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: (usize, u32),
    end: (usize, u32),
}

/// A message as clang prints it.
#[derive(Debug)]
pub(crate) struct Message {
    /// clang's name of the file; empty if none.
    file: String,
    /// From 0.
    line: usize,
    /// From 0.
    column: u32,
    ranges: Vec<Span>,
    severity: Severity,
    text: String,
    /// Where the file was included from, innermost first.
    included_from: Vec<(String, usize)>,
}

/// Reads clang's messages.
pub(crate) fn parse(output: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut included_from = Vec::new();
    for line in output.lines() {
        if let Some(place) = line
            .strip_prefix("In file included from ")
            .or_else(|| line.strip_prefix("                 from "))
        {
            included_from.extend(parse_inclusion(place));
        } else if let Some(mut message) = parse_line(line) {
            message.included_from = std::mem::take(&mut included_from);
            messages.push(message);
        } else if let Some(last) = messages.last_mut()
            && !is_summary(line)
        {
            last.text.push('\n');
            last.text.push_str(line);
        }
    }
    messages
}

fn is_summary(line: &str) -> bool {
    line.ends_with(" generated.") && line.starts_with(|c: char| c.is_ascii_digit())
}

fn parse_inclusion(place: &str) -> Option<(String, usize)> {
    let place = place.trim_end_matches([':', ',']);
    let (file, line) = place.rsplit_once(':')?;
    Some((file.to_owned(), user_line(line.parse().ok()?)))
}

/// The user's line, from 0. clang counts from 1, and its first line names the file.
fn user_line(line: u32) -> usize {
    (line as usize).saturating_sub(2)
}

/// `FILE:LINE:COLUMN:{L:C-L:C}…: SEVERITY: TEXT`, or without a place.
fn parse_line(line: &str) -> Option<Message> {
    const KINDS: [(&str, Severity); 5] = [
        ("fatal error: ", Severity::Error),
        ("error: ", Severity::Error),
        ("warning: ", Severity::Warning),
        ("note: ", Severity::Note),
        ("remark: ", Severity::Note),
    ];
    let kind =
        |text: &str| KINDS.iter().find_map(|(name, s)| text.strip_prefix(name).map(|t| (*s, t.to_owned())));
    if let Some((severity, text)) = kind(line) {
        let file = String::new();
        return Some(Message {
            file,
            line: 0,
            column: 0,
            ranges: Vec::new(),
            severity,
            text,
            included_from: Vec::new(),
        });
    }
    // A path may hold anything, so the first place that parses is the one: clang's names of files hold no such text
    // unless the user's do.
    let mut from = 0;
    while let Some(colon) = line[from..].find(':').map(|c| from + c) {
        from = colon + 1;
        let Some((line_number, rest)) = number(&line[from..]) else { continue };
        let Some((column, rest)) = rest.strip_prefix(':').and_then(number) else { continue };
        let Some(mut rest) = rest.strip_prefix(':') else { continue };
        let mut ranges = Vec::new();
        while let Some((range, behind)) = parse_range(rest) {
            ranges.push(range);
            rest = behind;
        }
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        if let Some((severity, text)) = rest.strip_prefix(' ').and_then(kind) {
            return Some(Message {
                file: line[..colon].to_owned(),
                line: user_line(line_number),
                column: column.saturating_sub(1),
                ranges,
                severity,
                text,
                included_from: Vec::new(),
            });
        }
    }
    None
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn parse_range(text: &str) -> Option<(Span, &str)> {
    let (l1, rest) = number(text.strip_prefix('{')?)?;
    let (c1, rest) = number(rest.strip_prefix(':')?)?;
    let (l2, rest) = number(rest.strip_prefix('-')?)?;
    let (c2, rest) = number(rest.strip_prefix(':')?)?;
    let place = |l: u32, c: u32| (user_line(l), c.saturating_sub(1));
    Some((Span { start: place(l1, c1), end: place(l2, c2) }, rest.strip_prefix('}')?))
}

/// Whether an error, or what is to be one, has a place in a file.
pub(crate) fn has_located_error(messages: &[Message]) -> bool {
    messages.iter().any(|m| !m.file.is_empty() && m.severity != Severity::Note)
}

/// The names of files that were not found.
pub(crate) fn missing_files(messages: &[Message]) -> Vec<String> {
    let missing = |m: &Message| Some(m.text.strip_suffix("' file not found")?.strip_prefix('\'')?.to_owned());
    messages.iter().filter_map(missing).collect()
}

/// The operands of conditional operators that clang finds incompatible where MSL does not: places to put
/// `__msl_rvalue(` and `)` into each file's rewritten text. `tried` holds the places of earlier attempts.
pub(crate) fn conditional_operands(
    messages: &[Message],
    sources: &Sources,
    rewritten: &[Rewritten],
    tried: &mut HashSet<(usize, usize, u32)>,
) -> Vec<(usize, Vec<Insertion>)> {
    let mut by_file: Vec<(usize, Vec<Insertion>)> = Vec::new();
    for message in messages {
        if message.severity != Severity::Error
            || !message.text.starts_with("incompatible operand types (")
            || message.ranges.len() < 2
        {
            continue;
        }
        let Some(file) = sources.names.get(&message.file).copied() else { continue };
        let original = rewritten[file].columns.original(message.line, message.column);
        if !tried.insert((file, message.line, original)) {
            continue;
        }
        let insertions = message.ranges.iter().flat_map(|r| {
            let at = |(line, column), text| Insertion { line, column, text };
            [at(r.start, "__msl_rvalue("), at(r.end, ")")]
        });
        // All of a file at once: each shifts what stands behind it in its line.
        match by_file.iter_mut().find(|(of, _)| *of == file) {
            Some((_, all)) => all.extend(insertions),
            None => by_file.push((file, insertions.collect())),
        }
    }
    by_file
}

/// What becomes of clang's messages.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Report {
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Most notes shown for one message.
const MOST_NOTES: usize = 6;

/// Puts messages into the user's places and words.
pub(crate) fn report(messages: &[Message], sources: &Sources, rewritten: &[Rewritten]) -> Report {
    let line_starts = rewritten.iter().map(|r| line_starts(&r.text)).collect();
    let translator = Translator { sources, rewritten, line_starts };
    let mut diagnostics = Vec::new();
    let mut seen = HashSet::new();
    // Where something unsupported was, and the end of the statement with it: what else clang finds there follows
    // from it.
    let mut broken: Vec<Broken> = Vec::new();
    for unsupported in messages.iter().filter_map(|m| translator.unsupported(m)) {
        let Unsupported { file, line, column, .. } = unsupported;
        let end = sources.files[file].statement_end(line, column);
        broken.push(Broken { file, start: (line, column), end });
    }
    // A suggestion that cannot be right, and the place of the errors that came of clang's trying it.
    let mut misled = None;
    let mut rest = messages;
    while let Some((first, behind)) = rest.split_first() {
        let notes = behind.iter().take_while(|m| m.severity == Severity::Note).count();
        let (notes, behind) = behind.split_at(notes);
        rest = behind;
        let group = if let Some(Unsupported { file, line, column, text }) = translator.unsupported(first) {
            let diagnostic = translator.at(file, line, column, &[]);
            vec![Diagnostic { message: text, ..diagnostic }]
        } else {
            let place = translator.original(first);
            let follows = place.is_some_and(|(file, line, column)| {
                broken.iter().any(|b| b.file == file && b.start <= (line, column) && (line, column) <= b.end)
            });
            if follows || place.is_some() && misled == place {
                continue;
            }
            let mut group = translator.group(first, notes);
            if let Some(diagnostic) = group.first_mut()
                && strip_bad_suggestion(&mut diagnostic.message)
            {
                misled = place;
            }
            group
        };
        // One mistake in a template is found once per instantiation.
        if group.first().is_some_and(|d| seen.insert(d.clone())) {
            diagnostics.extend(group);
        }
    }
    Report { diagnostics }
}

/// A statement with something unsupported: lines and columns from 0.
struct Broken {
    file: usize,
    start: (usize, u32),
    end: (usize, u32),
}

/// Removes `; did you mean 'x'?` where x is a keyword or a name of our own.
fn strip_bad_suggestion(message: &mut String) -> bool {
    const KEYWORDS: [&str; 32] = [
        "using", "throw", "for", "if", "do", "try", "goto", "asm", "new", "delete", "int", "char", "this",
        "case", "else", "enum", "class", "struct", "union", "while", "switch", "return", "typeid",
        "typename", "template", "static", "extern", "inline", "friend", "sizeof", "operator", "not",
    ];
    const QUESTION: &str = "; did you mean '";
    let Some(at) = message.rfind(QUESTION) else { return false };
    let Some(name) = message[at + QUESTION.len()..].strip_suffix("'?") else { return false };
    let is_ours = name.starts_with("__") || name.contains("::__");
    if !is_ours && !KEYWORDS.contains(&name) {
        return false;
    }
    message.truncate(at);
    true
}

struct Translator<'a> {
    sources: &'a Sources,
    rewritten: &'a [Rewritten],
    /// Where the lines of the rewritten texts start.
    line_starts: Vec<Vec<usize>>,
}

impl Translator<'_> {
    /// A message with its notes.
    fn group(&self, first: &Message, notes: &[Message]) -> Vec<Diagnostic> {
        let mut shown: Vec<&Message> = notes.iter().filter(|n| self.file(n).is_some()).collect();
        let mut diagnostics = Vec::new();
        if self.file(first).is_some() || first.file.is_empty() {
            diagnostics.push(self.place(first));
        } else if first.severity == Severity::Warning {
            return Vec::new();
        } else {
            // The user's line that led into the header says where the error is.
            let mut diagnostic = match (shown.first(), self.inclusion(first)) {
                (Some(_), _) => self.place(shown.remove(0)),
                (None, Some(place)) => place,
                (None, None) => self.nowhere(),
            };
            diagnostic.severity = first.severity;
            diagnostic.message = words::translate(assertion_message(&first.text));
            diagnostics.push(diagnostic);
        }
        let more = shown.len().saturating_sub(MOST_NOTES);
        diagnostics.extend(shown.iter().take(MOST_NOTES).map(|n| self.place(n)));
        if more > 0
            && let Some(last) = diagnostics.last_mut()
        {
            last.message.push_str(&format!(" (and {more} more notes)"));
        }
        diagnostics
    }

    /// The user's file that a message is about.
    fn file(&self, message: &Message) -> Option<usize> {
        self.sources.names.get(&message.file).copied()
    }

    /// The message's place in the user's file.
    fn original(&self, message: &Message) -> Option<(usize, usize, u32)> {
        let file = self.file(message)?;
        Some((file, message.line, self.rewritten[file].columns.original(message.line, message.column)))
    }

    fn nowhere(&self) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            file: self.sources.files[0].name.clone(),
            line: 0,
            column: 0,
            message: String::new(),
            snippet: String::new(),
        }
    }

    fn inclusion(&self, message: &Message) -> Option<Diagnostic> {
        let (file, line) =
            message.included_from.iter().find_map(|(f, line)| Some((*self.sources.names.get(f)?, *line)))?;
        Some(self.at(file, line, 0, &[]))
    }

    /// The message at the user's place, in the user's words.
    fn place(&self, message: &Message) -> Diagnostic {
        let mut diagnostic = match self.file(message) {
            None => self.nowhere(),
            Some(file) => {
                let columns = &self.rewritten[file].columns;
                let column = columns.original(message.line, message.column);
                let ranges: Vec<(u32, u32)> = message
                    .ranges
                    .iter()
                    .filter(|r| r.start.0 <= message.line && message.line <= r.end.0)
                    .map(|r| {
                        let start = if r.start.0 < message.line {
                            0
                        } else {
                            columns.original(message.line, r.start.1)
                        };
                        // The last column belongs to the range: what is behind it may be elsewhere.
                        let end = if r.end.0 > message.line {
                            u32::MAX
                        } else {
                            columns.original(message.line, r.end.1.saturating_sub(1)) + 1
                        };
                        (start, end)
                    })
                    .collect();
                self.at(file, message.line, column, &ranges)
            }
        };
        diagnostic.severity = message.severity;
        diagnostic.message = match self.checked_variable(message) {
            Some((text, column)) => {
                if let Some(file) = self.file(message) {
                    let place = self.at(file, message.line, column, &[]);
                    (diagnostic.column, diagnostic.snippet) = (place.column, place.snippet);
                }
                text.to_owned()
            }
            None => {
                let text = words::translate(&message.text);
                match missing::reason(&text) {
                    Some(reason) => format!("{text}; {reason}"),
                    None => text,
                }
            }
        };
        if let Some(attribute) = malformed_attribute(&message.text) {
            diagnostic.severity = Severity::Error;
            diagnostic.message = format!("malformed attribute '{attribute}'");
        }
        diagnostic
    }

    /// The message, and the variable's column, of an assertion that the rewriting put behind a variable.
    fn checked_variable<'m>(&self, message: &'m Message) -> Option<(&'m str, u32)> {
        let text = assertion_message(&message.text);
        let name = text.strip_prefix(program_scope::MESSAGE_START)?.strip_suffix(program_scope::MESSAGE)?;
        let (file, line, column) = self.original(message)?;
        let before = self.sources.files[file].line(line)?.get(..column as usize)?;
        Some((text, before.find(name).map_or(column, |c| c as u32)))
    }

    fn at(&self, file: usize, line: usize, column: u32, ranges: &[(u32, u32)]) -> Diagnostic {
        let file = &self.sources.files[file];
        let text = file.line(line).unwrap_or_default();
        let column = column.min(text.len() as u32);
        Diagnostic {
            severity: Severity::Error,
            file: file.name.clone(),
            line: line as u32 + 1,
            column: column + 1,
            message: String::new(),
            snippet: snippet(text, column as usize, ranges),
        }
    }

    fn rewritten_line(&self, file: usize, line: usize) -> Option<&str> {
        let text = &self.rewritten[file].text;
        let starts = &self.line_starts[file];
        text.get(*starts.get(line)?..starts.get(line + 1).copied().unwrap_or(text.len()))
    }

    /// What MSL lacks, if the message is about it: clang may name it, or stand before or behind it.
    fn unsupported(&self, message: &Message) -> Option<Unsupported> {
        if message.severity == Severity::Note {
            return None;
        }
        let file = self.file(message)?;
        let line = self.rewritten_line(file, message.line)?;
        let column = (message.column as usize).min(line.len());
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        let near = column - line.as_bytes()[..column].iter().rev().take_while(|b| is_name(b)).count();
        let at_place = line.get(near..).and_then(unsupported::message_for).map(|(text, _)| (near, text));
        let named = || {
            let at = unsupported::find_name(&message.text)?;
            let (text, length) = unsupported::message_for(&message.text[at..])?;
            // A suggestion may name what is not there.
            Some((line.find(&message.text[at..at + length])?, text))
        };
        let (column, text) = at_place.or_else(named)?;
        let column = self.rewritten[file].columns.original(message.line, column as u32);
        Some(Unsupported { file, line: message.line, column, text })
    }
}

/// Completes diagnostics made from the bitcode, which knows the lines of the source but not their text.
pub(crate) fn complete(
    mut diagnostics: Vec<Diagnostic>,
    source: &str,
    options: &CompileOptions,
) -> Vec<Diagnostic> {
    let file = SourceFile::new(options.source_name.clone(), source.to_owned());
    for diagnostic in diagnostics.iter_mut().filter(|d| d.snippet.is_empty() && d.line > 0) {
        if diagnostic.file == CompileOptions::default().source_name {
            diagnostic.file.clone_from(&file.name);
        }
        if diagnostic.file == file.name
            && let Some(line) = file.line(diagnostic.line as usize - 1)
        {
            let blanks = line.len() - line.trim_start().len();
            diagnostic.column = diagnostic.column.max(blanks as u32 + 1).min(line.len() as u32 + 1);
            diagnostic.snippet = snippet(line, diagnostic.column as usize - 1, &[]);
        }
    }
    diagnostics
}

/// An attribute of MSL that is written so that the rewriting did not know it for one.
fn malformed_attribute(text: &str) -> Option<&str> {
    const STARTS: [&str; 12] = [
        "buffer",
        "texture",
        "sampler",
        "thread",
        "host_name",
        "function_constant",
        "max_total",
        "required_threads",
        "simdgroup",
        "quadgroup",
        "dispatch",
        "kernel",
    ];
    let name = text.strip_prefix("unknown attribute '")?.split_once("' ignored")?.0;
    STARTS.iter().any(|start| name.starts_with(start)).then_some(name)
}

/// What an assertion in a header says: its condition is in the header's words.
fn assertion_message(text: &str) -> &str {
    match text.strip_prefix("static assertion failed") {
        Some(rest) => rest.rsplit_once(": ").map_or(text, |(_, message)| message),
        None => text,
    }
}

/// A use of something that MSL lacks.
struct Unsupported {
    file: usize,
    line: usize,
    column: u32,
    text: String,
}

/// The line, and below it a caret under the column and tildes under the ranges. Offsets are bytes.
fn snippet(line: &str, column: usize, ranges: &[(u32, u32)]) -> String {
    // Of a very long line, what is around the caret.
    const LONGEST: usize = 240;
    let (mut start, mut end) = (0, line.len());
    if line.len() > LONGEST {
        start = floor_char_boundary(line, column.saturating_sub(LONGEST / 2));
        end = floor_char_boundary(line, (start + LONGEST).min(line.len()));
    }
    let mut text = String::new();
    let mut marks = String::new();
    for (offset, c) in line[start..end].char_indices().map(|(o, c)| (o + start, c)) {
        // A control character could do anything to a terminal.
        text.push(if c.is_control() && c != '\t' { '\u{fffd}' } else { c });
        let width = offset..offset + c.len_utf8();
        marks.push(if width.contains(&column) {
            '^'
        } else if ranges.iter().any(|(a, b)| (*a as usize..*b as usize).contains(&offset)) {
            '~'
        } else if c == '\t' {
            '\t'
        } else {
            ' '
        });
    }
    if column >= end {
        marks.push('^');
    }
    format!("{text}\n{}", marks.trim_end())
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The end of what a program printed.
pub(crate) fn tail(text: &str) -> String {
    const LONGEST: usize = 4000;
    let text = text.trim();
    let start = floor_char_boundary(text, text.len().saturating_sub(LONGEST));
    text[start..]
        .chars()
        .map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let output = "In file included from /msl/source:3:\n\
                      In file included from /msl/user/0/a.h:7:\n\
                      /msl/user/0/b:1:2.h:6:10:{6:14-6:15}{6:1-7:3}: error: bad 'x'\n\
                      more of it\n\
                      /msl/source:9:1: note: here\n\
                      fatal error: too many errors emitted, stopping now [-ferror-limit=]\n\
                      2 errors generated.\n";
        let messages = parse(output);
        assert_eq!(messages.len(), 3);
        let first = &messages[0];
        assert_eq!((first.file.as_str(), first.line, first.column), ("/msl/user/0/b:1:2.h", 4, 9));
        assert_eq!(
            first.ranges,
            [Span { start: (4, 13), end: (4, 14) }, Span { start: (4, 0), end: (5, 2) }]
        );
        assert_eq!(first.text, "bad 'x'\nmore of it");
        assert_eq!(first.included_from, [("/msl/source".to_owned(), 1), ("/msl/user/0/a.h".to_owned(), 5)]);
        assert_eq!(messages[1].severity, Severity::Note);
        assert_eq!((messages[2].severity, messages[2].file.as_str()), (Severity::Error, ""));
    }

    #[test]
    fn hostile_output_is_read() {
        for output in [
            "",
            ":",
            "a:1",
            "a:1:",
            "a:1:2",
            "a:99999999999:1: error: x",
            "{:",
            "a:1:1:{1: error: é",
            "\u{0}:0:0: error: ",
        ] {
            parse(output);
        }
        let zero = &parse("f:0:0: error: x")[0];
        assert_eq!((zero.line, zero.column), (0, 0));
    }

    #[test]
    fn snippets() {
        assert_eq!(snippet("\tint é = x + 1;", 10, &[(10, 15)]), "\tint é = x + 1;\n\t        ^~~~~");
        assert_eq!(snippet("abc", 3, &[]), "abc\n   ^");
        assert_eq!(snippet("a\u{1b}[31m", 0, &[]), "a\u{fffd}[31m\n^");
        assert_eq!(snippet("", 0, &[]), "\n^");
        let long = "x".repeat(10_000);
        let short = snippet(&long, 5000, &[(0, u32::MAX)]);
        assert!(short.len() < 600 && short.contains('^'), "{short}");
    }

    #[test]
    fn diagnostics_without_text_get_it() {
        let at = |line| Diagnostic {
            severity: Severity::Error,
            file: "program_source".into(),
            line,
            column: 1,
            message: String::new(),
            snippet: String::new(),
        };
        let options = CompileOptions { source_name: "k.metal".into(), ..CompileOptions::default() };
        let completed = complete(vec![at(2), at(0), at(9)], "a\n  kernel\n", &options);
        assert_eq!((completed[0].column, completed[0].snippet.as_str()), (3, "  kernel\n  ^"));
        assert_eq!(completed[0].file, "k.metal");
        assert!(completed[1].snippet.is_empty() && completed[2].snippet.is_empty());
    }

    #[test]
    fn names_of_missing_files() {
        let messages =
            parse("/msl/source:1:10: fatal error: 'a b.h' file not found\nx:1:1: error: 'y' not found");
        assert_eq!(missing_files(&messages), ["a b.h"]);
    }
}
