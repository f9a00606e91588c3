//! What Metal's compiler prints, as diagnostics. Metal gives the text of its clang in the description of an `NSError`:
//!
//! ```text
//! program_source:3:5: error: use of undeclared identifier 'x'
//!     x = 1;
//!     ^
//! ```

use msl_types::{CompileError, CompilerFailure, Diagnostic, LibraryError, Severity};

/// By this name Metal's compiler calls what it is given as a string.
pub(super) const SOURCE: &str = "program_source";

/// The words before messages.
const SEVERITIES: [(&str, Severity); 4] = [
    ("fatal error", Severity::Error),
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("note", Severity::Note),
];

/// All diagnostics in a text, with the source called by its own name.
pub(super) fn parse(text: &str, source_name: &str) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(mut diagnostic) = header(line, source_name) else { continue };
        let mut code = Vec::new();
        while let Some(line) = lines.next_if(|line| header(line, source_name).is_none() && !is_remark(line)) {
            code.push(line);
        }
        diagnostic.snippet = snippet(&code);
        diagnostics.push(diagnostic);
    }
    diagnostics
}

/// Why there is no library, from what Metal says: the source's errors if it has any, else it was the compiler.
pub(super) fn failure(text: &str, source_name: &str) -> LibraryError {
    let diagnostics = parse(text, source_name);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        CompileError { diagnostics }.into()
    } else {
        CompilerFailure::Metal(text.trim().to_owned()).into()
    }
}

/// An error of the source as a whole.
pub(super) fn general(message: String, source_name: &str) -> LibraryError {
    let severity = Severity::Error;
    let diagnostic = Diagnostic {
        severity,
        file: source_name.into(),
        line: 0,
        column: 0,
        message,
        snippet: String::new(),
    };
    CompileError { diagnostics: vec![diagnostic] }.into()
}

/// `FILE:LINE:COLUMN: error: MESSAGE`, or with fewer numbers.
fn header(line: &str, source_name: &str) -> Option<Diagnostic> {
    let found = SEVERITIES.iter().filter_map(|(word, severity)| {
        let at = match line.strip_prefix(word) {
            Some(rest) if rest.starts_with(": ") => 0,
            _ => line.find(&format!(": {word}: "))? + 2,
        };
        Some((at, word.len(), *severity))
    });
    // The first one: the message may have the same words.
    let (at, length, severity) = found.min_by_key(|(at, ..)| *at)?;
    let message = line[at + length..].strip_prefix(": ")?.trim_end().to_owned();
    let (file, line, column) = place(line[..at].strip_suffix(": ").unwrap_or(""));
    let file = if file.is_empty() || file == SOURCE { source_name } else { file };
    Some(Diagnostic { severity, file: file.into(), line, column, message, snippet: String::new() })
}

/// `FILE:LINE:COLUMN`, `FILE:LINE` or `FILE`.
fn place(text: &str) -> (&str, u32, u32) {
    let split = |text: &'_ str| {
        let (rest, number) = text.rsplit_once(':')?;
        Some((rest.len(), number.parse::<u32>().ok()?))
    };
    match split(text) {
        None => (text, 0, 0),
        Some((end, last)) => match split(&text[..end]) {
            None => (&text[..end], last, 0),
            Some((start, line)) => (&text[..start], line, last),
        },
    }
}

/// Lines of the compiler that belong to no diagnostic.
fn is_remark(line: &str) -> bool {
    let counted = line.split_once(' ').is_some_and(|(count, rest)| {
        count.parse::<u64>().is_ok()
            && (rest.contains("error") || rest.contains("warning"))
            && rest.contains("generated")
    });
    counted || line.starts_with("In file included from ") || line.trim().is_empty()
}

/// The source line and the line of carets below it, without the line numbers that newer compilers put before both; empty
/// if they are not there. What follows is a suggestion.
fn snippet(lines: &[&str]) -> String {
    let [source, carets, ..] = lines else { return String::new() };
    let gutter = carets.trim_start().starts_with('|').then(|| carets.find('|')).flatten();
    let (source, carets) = match gutter {
        Some(bar) => {
            let Some(source) = source.get(bar..).filter(|rest| rest.starts_with('|')) else {
                return String::new();
            };
            let text = |line: &str| line[1..].strip_prefix(' ').unwrap_or(&line[1..]).to_owned();
            (text(source), text(&carets[bar..]))
        }
        None => ((*source).to_owned(), (*carets).to_owned()),
    };
    let points = carets.contains('^') && carets.chars().all(|c| matches!(c, ' ' | '\t' | '^' | '~'));
    if points { format!("{source}\n{}", carets.trim_end()) } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(severity: Severity, place: (&str, u32, u32), message: &str, snippet: &str) -> Diagnostic {
        let (file, line, column) = place;
        Diagnostic {
            severity,
            file: file.into(),
            line,
            column,
            message: message.into(),
            snippet: snippet.into(),
        }
    }

    #[test]
    fn errors_with_notes_and_carets() {
        let text = "\
program_source:5:17: error: no matching function for call to 'clamp'
    output[i] = clamp(input[i], 0);
                ^~~~~
/System/Library/PrivateFrameworks/GPUCompiler.framework/Libraries/lib/clang/32023.619/include/metal/metal_common:14:18: note: candidate function not viable: requires 3 arguments, but 2 were provided
METAL_FUNC float clamp(float x, float minval, float maxval)
                 ^
program_source:9:3: warning: unused variable 'y' [-Wunused-variable]
\tint y;
\t    ^
1 warning and 1 error generated.
";
        let library = "/System/Library/PrivateFrameworks/GPUCompiler.framework/Libraries/lib/clang/32023.619/include/metal/metal_common";
        assert_eq!(
            parse(text, SOURCE),
            [
                diagnostic(
                    Severity::Error,
                    (SOURCE, 5, 17),
                    "no matching function for call to 'clamp'",
                    "    output[i] = clamp(input[i], 0);\n                ^~~~~",
                ),
                diagnostic(
                    Severity::Note,
                    (library, 14, 18),
                    "candidate function not viable: requires 3 arguments, but 2 were provided",
                    "METAL_FUNC float clamp(float x, float minval, float maxval)\n                 ^",
                ),
                diagnostic(
                    Severity::Warning,
                    (SOURCE, 9, 3),
                    "unused variable 'y' [-Wunused-variable]",
                    "\tint y;\n\t    ^",
                ),
            ]
        );
    }

    #[test]
    fn a_prefix_a_suggestion_and_a_name_of_the_source() {
        let text = "Compilation failed: \n\nprogram_source:3:10: error: expected ';' after expression\n    x = 1\n         ^\n         ;\n";
        let LibraryError::Compile(error) = failure(text, "shaders/fill.metal") else { panic!() };
        assert_eq!(
            error.diagnostics,
            [diagnostic(
                Severity::Error,
                ("shaders/fill.metal", 3, 10),
                "expected ';' after expression",
                "    x = 1\n         ^"
            )]
        );
    }

    #[test]
    fn line_numbers_in_the_margin() {
        let text = "\
In file included from program_source:1:
program_source:3:5: error: use of undeclared identifier 'x'
    3 |     x = 1;
      |     ^
program_source:12:1: fatal error: 'nothing.h' file not found
   12 | #include \"nothing.h\"
      |          ^~~~~~~~~~~
2 errors generated.
";
        assert_eq!(
            parse(text, SOURCE),
            [
                diagnostic(
                    Severity::Error,
                    (SOURCE, 3, 5),
                    "use of undeclared identifier 'x'",
                    "    x = 1;\n    ^"
                ),
                diagnostic(
                    Severity::Error,
                    (SOURCE, 12, 1),
                    "'nothing.h' file not found",
                    "#include \"nothing.h\"\n         ^~~~~~~~~~~"
                ),
            ]
        );
    }

    #[test]
    fn messages_may_have_the_words_of_headers() {
        let text = "program_source:1:2: warning: this is an error: really\nerror: linking failed\n";
        assert_eq!(
            parse(text, SOURCE),
            [
                diagnostic(Severity::Warning, (SOURCE, 1, 2), "this is an error: really", ""),
                diagnostic(Severity::Error, (SOURCE, 0, 0), "linking failed", ""),
            ]
        );
    }

    #[test]
    fn text_without_errors_of_the_source_is_the_compilers() {
        for text in ["Compiler encountered an internal error", "", "program_source:1:1: note: only a note"] {
            let expected = CompilerFailure::Metal(text.into());
            assert_eq!(failure(&format!("{text}\n"), SOURCE), LibraryError::Compiler(expected));
        }
        let error = general("too large".into(), "a.metal");
        assert_eq!(error.to_string(), "a.metal: error: too large");
    }

    #[test]
    fn hostile_text_is_survived() {
        for text in [
            "\u{14}\u{2}\n^",
            "::: error: ",
            ":9999999999999999999:1: error: x\né\n |é",
            "a: error: \n1|\n |^",
        ] {
            parse(text, SOURCE);
        }
    }
}
