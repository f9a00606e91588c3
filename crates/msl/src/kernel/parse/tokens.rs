//! Words and marks of a line.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits, `_`, `.`, `+` and `-`.
    Word(String),
    /// A string, without its quotes.
    Text(String),
    Mark(char),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Mark(mark) => write!(f, "`{mark}`"),
        }
    }
}

/// A line and how far it has been read.
#[derive(Clone)]
pub(super) struct Line {
    tokens: Vec<Token>,
    position: usize,
}

impl Line {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut rest = text.trim();
        while let Some(first) = rest.chars().next() {
            if is_word(first) {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].into()));
                rest = &rest[end..];
            } else if first == '"' {
                let (text, after) = string(&rest[1..])?;
                tokens.push(Token::Text(text));
                rest = after;
            } else {
                tokens.push(Token::Mark(first));
                rest = &rest[first.len_utf8()..];
            }
            rest = rest.trim_start();
        }
        Ok(Self { tokens, position: 0 })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position)
    }

    pub(super) fn is_end(&self) -> bool {
        self.peek().is_none()
    }

    /// How an error names what comes next.
    pub(super) fn rest(&self) -> String {
        self.peek().map_or_else(|| "the end of the line".into(), Token::to_string)
    }

    pub(super) fn end(&self) -> Result<(), String> {
        if self.is_end() {
            Ok(())
        } else {
            Err(format!("expected the end of the line before {}", self.rest()))
        }
    }

    pub(super) fn is_next(&self, mark: char) -> bool {
        self.peek() == Some(&Token::Mark(mark))
    }

    /// Takes a mark, if it comes next.
    pub(super) fn take(&mut self, mark: char) -> bool {
        let next = self.is_next(mark);
        self.position += usize::from(next);
        next
    }

    pub(super) fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.take(mark) { Ok(()) } else { Err(format!("expected `{mark}` before {}", self.rest())) }
    }

    pub(super) fn peek_word(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    pub(super) fn word(&mut self) -> Result<String, String> {
        match self.peek_word().map(str::to_owned) {
            Some(word) => {
                self.position += 1;
                Ok(word)
            }
            None => Err(format!("expected a word before {}", self.rest())),
        }
    }

    pub(super) fn keyword(&mut self, keyword: &str) -> Result<(), String> {
        if self.peek_word() == Some(keyword) {
            self.position += 1;
            return Ok(());
        }
        Err(format!("expected `{keyword}` before {}", self.rest()))
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("`{word}` is not a number that fits here"))
    }

    pub(super) fn text(&mut self) -> Result<String, String> {
        match self.peek().cloned() {
            Some(Token::Text(text)) => {
                self.position += 1;
                Ok(text)
            }
            _ => Err(format!("expected a string before {}", self.rest())),
        }
    }

    /// The value that comes next, such as `v0`.
    pub(super) fn value_name(&self) -> Option<&str> {
        self.peek_word().filter(|word| is_numbered(word, 'v'))
    }

    /// Takes the block's name, if the line is a block's first.
    pub(super) fn label(&mut self) -> Option<&str> {
        match &self.tokens[..] {
            [Token::Word(word), Token::Mark(':' | '('), ..] if is_numbered(word, 'b') => {
                self.position = 1;
                Some(word)
            }
            _ => None,
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')
}

fn is_numbered(word: &str, prefix: char) -> bool {
    word.strip_prefix(prefix).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// A string from after its first quote, and what follows its last.
fn string(text: &str) -> Result<(String, &str), String> {
    let mut content = String::new();
    let mut rest = text;
    loop {
        let Some(end) = rest.find(['"', '\\']) else { return Err("a string has no end".into()) };
        content += &rest[..end];
        if rest[end..].starts_with('"') {
            return Ok((content, &rest[end + 1..]));
        }
        rest = &rest[end + 1..];
        if let Some(code) = rest.strip_prefix("u{") {
            let (digits, after) = code.split_once('}').ok_or("an escape has no end")?;
            let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
            content.push(c.ok_or_else(|| format!("`{digits}` is not the number of a character"))?);
            rest = after;
        } else {
            let c = rest.chars().next().filter(|c| matches!(c, '"' | '\\'));
            content.push(c.ok_or("an escape is not \\\", \\\\ or \\u{…}")?);
            rest = &rest[1..];
        }
    }
}
