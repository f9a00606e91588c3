//! Changes to tokens, and the text that results from them.

use std::collections::HashMap;

use super::column_map::{ColumnMap, ColumnMapBuilder};
use super::tokens::{Token, newline_length};

#[derive(Debug, Default)]
struct Edit {
    before: String,
    /// What stands in the token's place, if it does not stay.
    instead: Option<String>,
    after: String,
    /// Nothing of the token, nor of what other edits do to it, stays.
    deleted: bool,
}

/// Changes to the tokens of one source, by index. No change adds or removes a line.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    by_token: HashMap<u32, Edit>,
}

/// A source after its edits.
#[derive(Clone, Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) columns: ColumnMap,
}

impl Edits {
    /// Puts text before a token, after what was put there earlier.
    pub(crate) fn before(&mut self, token: u32, text: &str) {
        self.edit(token, text).before.push_str(text);
    }

    /// Puts text after a token, after what was put there earlier.
    pub(crate) fn after(&mut self, token: u32, text: &str) {
        self.edit(token, text).after.push_str(text);
    }

    /// Puts text in place of a token.
    pub(crate) fn replace(&mut self, token: u32, text: &str) {
        self.edit(token, text).instead = Some(text.to_owned());
    }

    /// Takes a token out.
    pub(crate) fn remove(&mut self, token: u32) {
        self.replace(token, "");
    }

    /// Takes a token out, whatever other edits do to it.
    pub(crate) fn delete(&mut self, token: u32) {
        self.edit(token, "").deleted = true;
    }

    fn edit(&mut self, token: u32, text: &str) -> &mut Edit {
        debug_assert!(!text.contains(['\n', '\r']), "an edit must not add lines: {text:?}");
        self.by_token.entry(token).or_default()
    }

    /// Carries the edits out.
    pub(crate) fn apply(&self, source: &str, tokens: &[Token]) -> Rewritten {
        let mut output = Output { text: String::with_capacity(source.len() * 5 / 4), ..Output::default() };
        for (index, token) in tokens.iter().enumerate() {
            let text = &source[token.start as usize..token.end as usize];
            match self.by_token.get(&(index as u32)) {
                None => output.copy(text),
                Some(edit) if edit.deleted => output.remove(text),
                Some(edit) => {
                    output.insert(&edit.before);
                    match &edit.instead {
                        None => output.copy(text),
                        Some(instead) => {
                            output.insert(instead);
                            output.remove(text);
                        }
                    }
                    output.insert(&edit.after);
                }
            }
        }
        Rewritten { text: output.text, columns: output.columns.finish() }
    }
}

#[derive(Default)]
struct Output {
    text: String,
    columns: ColumnMapBuilder,
}

impl Output {
    fn insert(&mut self, text: &str) {
        self.text.push_str(text);
        self.columns.inserted(text.len());
    }

    fn copy(&mut self, text: &str) {
        self.text.push_str(text);
        self.lines(text, ColumnMapBuilder::copied);
    }

    /// Leaves text out, but keeps its line ends (and the backslashes of splices before them).
    fn remove(&mut self, text: &str) {
        let mut kept = String::new();
        let mut rest = text;
        while let Some(end) = rest.find(['\n', '\r']) {
            let length = newline_length(&rest.as_bytes()[end..]);
            if rest[..end].trim_end_matches([' ', '\t']).ends_with('\\') {
                kept.push('\\');
            }
            kept.push_str(&rest[end..end + length]);
            rest = &rest[end + length..];
        }
        self.text.push_str(&kept);
        self.lines(text, ColumnMapBuilder::removed);
    }

    fn lines(&mut self, text: &str, account: fn(&mut ColumnMapBuilder, usize)) {
        let mut rest = text;
        while let Some(end) = rest.find(['\n', '\r']) {
            account(&mut self.columns, end);
            self.columns.ended_line();
            rest = &rest[end + newline_length(&rest.as_bytes()[end..])..];
        }
        account(&mut self.columns, rest.len());
    }
}

/// Byte offset at which each line starts.
pub(crate) fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    let mut at = 0;
    while at < bytes.len() {
        match newline_length(&bytes[at..]) {
            0 => at += 1,
            n => {
                at += n;
                starts.push(at);
            }
        }
    }
    starts
}

/// A text without a line end, to be put into rewritten text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Insertion {
    /// From 0.
    pub(crate) line: usize,
    /// In bytes, from 0.
    pub(crate) column: u32,
    pub(crate) text: &'static str,
}

impl Rewritten {
    /// Inserts texts. Places outside of the text are ignored.
    pub(crate) fn insert_all(&mut self, mut insertions: Vec<Insertion>) {
        let starts = line_starts(&self.text);
        insertions.sort_by_key(|i| (i.line, i.column));
        // From the back, so that the places of those still to come stay valid.
        for Insertion { line, column, text } in insertions.into_iter().rev() {
            let Some(start) = starts.get(line) else { continue };
            let at = start + column as usize;
            if at <= self.text.len() && self.text.is_char_boundary(at) {
                self.text.insert_str(at, text);
                self.columns.insert(line, column, text.len() as u32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokenize;
    use super::*;

    #[test]
    fn edits_keep_lines_and_map_columns() {
        let source = "a b\\\nc d\ne";
        let tokens = tokenize(source);
        let mut edits = Edits::default();
        edits.before(0, "<<");
        edits.replace(2, "X"); // the token `b\<newline>c`
        edits.after(4, ">>");
        edits.delete(6);
        edits.replace(6, "gone");
        let rewritten = edits.apply(source, &tokens);
        assert_eq!(rewritten.text, "<<a X\\\n d>>\n");
        assert_eq!(line_starts(&rewritten.text).len(), line_starts(source).len());
        assert_eq!(rewritten.columns.original(0, 2), 0);
        assert_eq!(rewritten.columns.original(1, 1), 2, "d");
    }

    #[test]
    fn insertions_into_rewritten_text() {
        let source = "one two\r\nthree";
        let mut rewritten = Edits::default().apply(source, &tokenize(source));
        rewritten.insert_all(
            [(0, 4, "("), (0, 7, ")"), (1, 0, "_"), (9, 9, "gone")]
                .map(|(line, column, text)| Insertion { line, column, text })
                .to_vec(),
        );
        assert_eq!(rewritten.text, "one (two)\r\n_three");
        assert_eq!(rewritten.columns.original(0, 5), 4);
        assert_eq!(rewritten.columns.original(1, 1), 0);
    }
}
