//! A lossless tokenizer for MSL: the tokens' texts, one after another, are the source.
//!
//! It knows as much of C++'s lexical rules as rewriting needs: comments, literals, raw strings, line splices
//! (a backslash at the end of a line, even inside an identifier). It never fails: what is not C++ becomes
//! punctuation, and clang reports it.

use std::borrow::Cow;

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Blanks and line splices.
    Whitespace,
    /// The end of a line: `\n`, `\r\n` or `\r`.
    Newline,
    /// A comment of either form.
    Comment,
    /// A string literal, raw or not, without an encoding prefix unless it is raw.
    String,
    /// A character literal.
    Character,
    /// A preprocessing number.
    Number,
    /// An identifier or keyword.
    Identifier,
    /// An operator or any other character.
    Punctuation,
}

impl TokenKind {
    /// Whether the token means something to the parser.
    pub(crate) fn is_significant(self) -> bool {
        !matches!(self, Self::Whitespace | Self::Newline | Self::Comment)
    }
}

/// A piece of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    /// Byte offset of its start.
    pub(crate) start: u32,
    /// Byte offset of its end.
    pub(crate) end: u32,
}

/// The token's text without line splices: what clang takes it for.
pub(crate) fn spelling(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') || text.starts_with(['R', 'u', 'U', 'L']) && text.ends_with('"') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut clean = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match splice_length(&bytes[at..]) {
            0 => {
                clean.push(bytes[at]);
                at += 1;
            }
            n => at += n,
        }
    }
    // A splice is ASCII, so removing it leaves valid UTF-8.
    Cow::Owned(String::from_utf8_lossy(&clean).into_owned())
}

/// Splits a source of less than 4 GiB into tokens.
pub(crate) fn tokenize(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { bytes: source.as_bytes(), at: 0 };
    let mut tokens = Vec::with_capacity(source.len() / 4);
    while lexer.at < lexer.bytes.len() {
        let start = lexer.at;
        let kind = lexer.next();
        debug_assert!(lexer.at > start, "a token is never empty");
        tokens.push(Token { kind, start: start as u32, end: lexer.at as u32 });
    }
    tokens
}

/// Length of the line end that the text starts with: 0 if it does not.
pub(crate) fn newline_length(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => 0,
    }
}

/// Length of the line splice that the text starts with: 0 if it does not. Like clang, allows blanks
/// between the backslash and the end of the line.
fn splice_length(text: &[u8]) -> usize {
    if text.first() != Some(&b'\\') {
        return 0;
    }
    let blanks = text[1..].iter().take_while(|b| is_blank(**b)).count();
    match newline_length(&text[1 + blanks..]) {
        0 => 0,
        n => 1 + blanks + n,
    }
}

fn is_blank(byte: u8) -> bool {
    // clang takes a NUL in the source for a blank.
    matches!(byte, b' ' | b'\t' | 0x0b | 0x0c | 0)
}

fn starts_identifier(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn continues_identifier(byte: u8) -> bool {
    starts_identifier(byte) || byte.is_ascii_digit()
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Lexer<'_> {
    /// The byte at or after `at`, past splices, and the offset behind it.
    fn peek_from(&self, mut at: usize) -> Option<(u8, usize)> {
        loop {
            match splice_length(&self.bytes[at..]) {
                0 => return self.bytes.get(at).map(|b| (*b, at + 1)),
                n => at += n,
            }
        }
    }

    fn peek(&self) -> Option<(u8, usize)> {
        self.peek_from(self.at)
    }

    /// The `n`th byte from here (0: the next), past splices.
    fn peek_nth(&self, n: usize) -> Option<u8> {
        let mut at = self.at;
        for _ in 0..n {
            at = self.peek_from(at)?.1;
        }
        Some(self.peek_from(at)?.0)
    }

    fn advance(&mut self, count: usize) {
        for _ in 0..count {
            if let Some((_, next)) = self.peek() {
                self.at = next;
            }
        }
    }

    fn advance_while(&mut self, mut accept: impl FnMut(u8) -> bool) {
        while let Some((byte, next)) = self.peek() {
            if !accept(byte) {
                break;
            }
            self.at = next;
        }
    }

    fn next(&mut self) -> TokenKind {
        let rest = &self.bytes[self.at..];
        let newline = newline_length(rest);
        if newline > 0 {
            self.at += newline;
            return TokenKind::Newline;
        }
        if is_blank(rest[0]) || splice_length(rest) > 0 {
            loop {
                let rest = &self.bytes[self.at..];
                match rest.first() {
                    Some(b) if is_blank(*b) => self.at += 1,
                    _ => match splice_length(rest) {
                        0 => return TokenKind::Whitespace,
                        n => self.at += n,
                    },
                }
            }
        }
        let first = rest[0];
        let second = self.peek_nth(1);
        match (first, second) {
            (b'/', Some(b'/')) => {
                self.advance_while(|b| b != b'\n' && b != b'\r');
                TokenKind::Comment
            }
            (b'/', Some(b'*')) => {
                self.advance(2);
                self.finish_block_comment();
                TokenKind::Comment
            }
            (b'"', _) => self.finish_quoted(b'"', TokenKind::String),
            (b'\'', _) => self.finish_quoted(b'\'', TokenKind::Character),
            (b'0'..=b'9', _) | (b'.', Some(b'0'..=b'9')) => {
                self.finish_number();
                TokenKind::Number
            }
            _ if starts_identifier(first) => self.finish_identifier(),
            _ => {
                self.finish_punctuation(first);
                TokenKind::Punctuation
            }
        }
    }

    fn finish_block_comment(&mut self) {
        let mut star = false;
        while let Some((byte, next)) = self.peek() {
            self.at = next;
            if star && byte == b'/' {
                return;
            }
            star = byte == b'*';
        }
        self.at = self.bytes.len();
    }

    /// A literal ends at its quote, or where the line ends.
    fn finish_quoted(&mut self, quote: u8, kind: TokenKind) -> TokenKind {
        self.advance(1);
        while let Some((byte, next)) = self.peek() {
            match byte {
                b'\n' | b'\r' => break,
                b'\\' => {
                    self.at = next;
                    if let Some((escaped, behind)) = self.peek()
                        && !matches!(escaped, b'\n' | b'\r')
                    {
                        self.at = behind;
                    }
                }
                _ => {
                    self.at = next;
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        kind
    }

    fn finish_number(&mut self) {
        let mut exponent = false;
        while let Some((byte, next)) = self.peek() {
            let separator = byte == b'\''
                && self.peek_from(next).is_some_and(|(b, _)| b.is_ascii_alphanumeric() || b == b'_');
            if continues_identifier(byte)
                || byte == b'.'
                || separator
                || exponent && matches!(byte, b'+' | b'-')
            {
                self.at = next;
            } else {
                break;
            }
            exponent = matches!(byte, b'e' | b'E' | b'p' | b'P');
        }
    }

    fn finish_identifier(&mut self) -> TokenKind {
        let start = self.at;
        self.advance_while(continues_identifier);
        let text = &self.bytes[start..self.at];
        if matches!(text, b"R" | b"u8R" | b"uR" | b"UR" | b"LR")
            && self.bytes.get(self.at) == Some(&b'"')
            && self.finish_raw_string()
        {
            return TokenKind::String;
        }
        TokenKind::Identifier
    }

    /// Reads `"delimiter(…)delimiter"`; false, and nothing read, if the delimiter is not one.
    fn finish_raw_string(&mut self) -> bool {
        const LONGEST_DELIMITER: usize = 16;
        let body = &self.bytes[self.at + 1..];
        let Some(length) = body.iter().take(LONGEST_DELIMITER + 1).position(|b| *b == b'(') else {
            return false;
        };
        let delimiter = &body[..length];
        if delimiter.iter().any(|b| matches!(b, b' ' | b')' | b'\\' | b'"') || b.is_ascii_control()) {
            return false;
        }
        let mut end = Vec::with_capacity(length + 2);
        end.push(b')');
        end.extend_from_slice(delimiter);
        end.push(b'"');
        let text = &body[length + 1..];
        let found = text.windows(end.len()).position(|w| w == end);
        self.at = match found {
            Some(position) => self.at + 1 + length + 1 + position + end.len(),
            None => self.bytes.len(),
        };
        true
    }

    fn finish_punctuation(&mut self, first: u8) {
        // `<` and `>` stay single, so that brackets of templates can be counted; so do `[` and `]`.
        let length = match (first, self.peek_nth(1)) {
            (b'<', Some(b'<')) if self.peek_nth(2) == Some(b'=') => 3,
            (b'>', Some(b'>')) if self.peek_nth(2) == Some(b'=') => 3,
            (b':', Some(b':'))
            | (b'-', Some(b'>'))
            | (b'&', Some(b'&'))
            | (b'|', Some(b'|'))
            | (b'+', Some(b'+'))
            | (b'-', Some(b'-'))
            | (b'#', Some(b'#'))
            | (
                b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'!' | b'=' | b'<' | b'>',
                Some(b'='),
            ) => 2,
            _ => 1,
        };
        self.advance(length);
    }
}

#[cfg(test)]
mod tests {
    use super::TokenKind::*;
    use super::*;
    use proptest::prelude::*;

    fn texts(source: &str) -> Vec<(TokenKind, std::string::String)> {
        tokenize(source)
            .into_iter()
            .filter(|t| t.kind.is_significant())
            .map(|t| (t.kind, spelling(&source[t.start as usize..t.end as usize]).into_owned()))
            .collect()
    }

    fn assert_lossless(source: &str) {
        let mut at = 0;
        for token in tokenize(source) {
            assert_eq!(token.start, at, "in {source:?}");
            assert!(token.end > token.start);
            // Every boundary must be a character's, or slicing panics.
            let _ = &source[token.start as usize..token.end as usize];
            at = token.end;
        }
        assert_eq!(at as usize, source.len(), "in {source:?}");
    }

    #[test]
    fn splices_join_what_they_split() {
        assert_eq!(texts("as\\\nm(x)")[0], (Identifier, "asm".into()));
        assert_eq!(texts("as\\ \t\r\nm")[0], (Identifier, "asm".into()));
        assert_eq!(texts("/\\\n/ comment [[x]]\ny"), [(Identifier, "y".into())]);
        assert_eq!(texts("+\\\n= 1")[0], (Punctuation, "+=".into()));
    }

    #[test]
    fn comments_and_literals_hide_what_they_hold() {
        assert_eq!(texts("// a \\\n still\nb"), [(Identifier, "b".into())]);
        assert_eq!(texts("/* [[a]] // */c"), [(Identifier, "c".into())]);
        assert_eq!(texts("/* never closed"), []);
        assert_eq!(texts(r#""a\"b" 'c\''"#), [(String, r#""a\"b""#.into()), (Character, r"'c\''".into())]);
        assert_eq!(texts("R\"x( \" )y\" )x\" z")[1], (Identifier, "z".into()));
        assert_eq!(texts("\"open\nnext")[1], (Identifier, "next".into()));
    }

    #[test]
    fn numbers_take_their_whole_text() {
        for number in ["1", "0x1p-3", "1.5e+10f", ".5h", "1'000", "0b1010u", "1..2"] {
            assert_eq!(texts(number), [(Number, number.into())]);
        }
        assert_eq!(texts("1-2").len(), 3);
    }

    #[test]
    fn hostile_texts_are_kept_whole() {
        for source in
            ["\\", "\\\\\n", "R\"", "R\"(", "'", "\"\\", "/*/", "#\\\r", "\u{feff}é漢\\\n字", "\0\0", "/\\"]
        {
            assert_lossless(source);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_is_kept_whole(source in any::<std::string::String>()) {
            assert_lossless(&source);
        }

        #[test]
        fn token_soup_is_kept_whole(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "\\\n", "\\ \n", "\n", "\r", "\"", "'", "/*", "*/", "//", "R\"d(", ")d\"", "u8", "x", "9.",
                    "e+", "<<=", ">>", "#", "##", "é", "\\", " ", "[[", "]]",
                ]),
                0..64,
            )
        ) {
            assert_lossless(&pieces.concat());
        }
    }
}
