//! What the source says of kernels and Metal does not: their order and lines, and the address spaces and names of the types of
//! their parameters. It is only looked at, not compiled: what macros make stays unseen, and has then no line.

use msl_types::ArgumentKind;

/// A kernel's definition, or the explicit instantiation of a kernel's template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kernel {
    /// The name by which the library knows it, without namespaces.
    pub(super) name: String,
    /// Of its name, from 1.
    pub(super) line: u32,
    pub(super) parameters: Vec<Parameter>,
    /// `[[max_total_threads_per_threadgroup(n)]]`, if given as a number.
    pub(super) max_total_threads_per_threadgroup: Option<u32>,
    /// `[[required_threads_per_threadgroup(x, y, z)]]`, if given as numbers.
    pub(super) required_threads_per_threadgroup: Option<[u32; 3]>,
}

/// One of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// `None` for values, such as positions.
    pub(super) kind: Option<ArgumentKind>,
    /// The type pointed or referred to.
    pub(super) type_name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// An identifier, a keyword, or a number.
    Word(&'a str),
    /// Without its quotes.
    Text(&'a str),
    Sign(char),
}

/// The kernels in the order of the source.
pub(super) fn kernels(source: &str) -> Vec<Kernel> {
    let tokens = tokens(source);
    let mut kernels = Vec::new();
    // The declaration that is being read began here.
    let mut start = 0;
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at].0 {
            Token::Sign(';' | '}') => {
                start = at + 1;
                at += 1;
            }
            Token::Word("kernel") => {
                // `[[kernel]]`, perhaps among other attributes.
                if at > 0 && matches!(tokens[at - 1].0, Token::Sign('[' | ',')) {
                    at += tokens[at..].iter().take_while(|(token, _)| *token != Token::Sign(']')).count();
                    at += tokens[at..].iter().take_while(|(token, _)| *token == Token::Sign(']')).count();
                } else {
                    at += 1;
                }
                if let Some((kernel, end)) = declaration(&tokens, start, at) {
                    kernels.push(kernel);
                    at = end;
                }
            }
            _ => at += 1,
        }
    }
    kernels
}

/// What follows `kernel`: attributes, `void`, attributes, a name, parameters. Returns the place after these.
fn declaration(tokens: &[(Token<'_>, u32)], start: usize, after: usize) -> Option<(Kernel, usize)> {
    let token = |at: usize| tokens.get(at).map(|(token, _)| *token);
    let mut at = skip_attributes(tokens, after);
    if token(at)? != Token::Word("void") {
        return None;
    }
    at = skip_attributes(tokens, at + 1);
    let &(Token::Word(mut name), mut line) = tokens.get(at)? else { return None };
    at += 1;
    // Arguments of a template: of an explicit instantiation.
    if token(at)? == Token::Sign('<') {
        at = skip_group(tokens, at)?;
    }
    let end = skip_group(tokens, at).filter(|_| token(at) == Some(Token::Sign('(')))?;
    let attributes = attributes(&tokens[start..at]);
    for attribute in &attributes {
        if let [Token::Word("host_name"), Token::Sign('('), Token::Text(host_name), ..] = attribute[..] {
            name = host_name;
            line = tokens[at].1;
        }
    }
    let numbers = |attribute: &str| {
        let found = attributes.iter().find(|tokens| tokens.first() == Some(&Token::Word(attribute)))?;
        let words = found[1..].iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.parse().ok()),
            _ => None,
        });
        words.collect::<Option<Vec<u32>>>()
    };
    let most =
        numbers("max_total_threads_per_threadgroup").and_then(|numbers| <[u32; 1]>::try_from(numbers).ok());
    let required = numbers("required_threads_per_threadgroup").and_then(|numbers| numbers.try_into().ok());
    let parameters = split(&tokens[at + 1..end - 1]).into_iter().filter_map(parameter).collect();
    let kernel = Kernel {
        name: name.to_owned(),
        line,
        parameters,
        max_total_threads_per_threadgroup: most.map(|[number]| number),
        required_threads_per_threadgroup: required,
    };
    Some((kernel, end))
}

/// Past all `[[…]]` at a place.
fn skip_attributes(tokens: &[(Token<'_>, u32)], mut at: usize) -> usize {
    while matches!(tokens.get(at), Some((Token::Sign('['), _))) {
        match skip_group(tokens, at) {
            Some(end) => at = end,
            None => break,
        }
    }
    at
}

/// Past the closing bracket for the opening one at a place.
fn skip_group(tokens: &[(Token<'_>, u32)], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, (token, _)) in tokens.iter().enumerate().skip(at) {
        match token {
            Token::Sign('(' | '[' | '<' | '{') => depth += 1,
            Token::Sign(')' | ']' | '>' | '}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The insides of all `[[…]]`, cut at commas.
fn attributes<'a>(tokens: &[(Token<'a>, u32)]) -> Vec<Vec<Token<'a>>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].0 == Token::Sign('[')
            && let Some(end) = skip_group(tokens, at).filter(|end| end - at >= 4)
        {
            found.extend(split(&tokens[at + 2..end - 2]));
            at = end;
        } else {
            at += 1;
        }
    }
    found
}

/// Parts between commas that are in no brackets.
fn split<'a>(tokens: &[(Token<'a>, u32)]) -> Vec<Vec<Token<'a>>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0usize;
    for (token, _) in tokens {
        match token {
            Token::Sign('(' | '[' | '<' | '{') => depth += 1,
            Token::Sign(')' | ']' | '>' | '}') => depth = depth.saturating_sub(1),
            Token::Sign(',') if depth == 0 => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is always one").push(*token);
    }
    parts
}

fn parameter(mut tokens: Vec<Token<'_>>) -> Option<Parameter> {
    if let Some(attribute) = tokens.windows(2).position(|pair| pair == [Token::Sign('['); 2]) {
        tokens.truncate(attribute);
    }
    let last = tokens.iter().rposition(|token| matches!(token, Token::Word(_)))?;
    let Token::Word(name) = tokens.remove(last) else { return None };
    let mut kind = None;
    let mut type_name = String::new();
    for token in tokens {
        match token {
            Token::Word("device") => kind = Some(ArgumentKind::Device),
            Token::Word("constant") => kind = Some(ArgumentKind::Constant),
            Token::Word("threadgroup") => kind = Some(ArgumentKind::Threadgroup),
            Token::Word("const" | "volatile" | "restrict" | "__restrict" | "struct") => {}
            Token::Sign('*' | '&') => {}
            Token::Word(word) => {
                // `unsigned int`
                if type_name.ends_with(|c: char| c.is_alphanumeric()) {
                    type_name.push(' ');
                }
                type_name.push_str(word);
            }
            Token::Sign(',') => type_name.push_str(", "),
            Token::Sign(sign) => type_name.push(sign),
            Token::Text(_) => {}
        }
    }
    let type_name = type_name.strip_prefix("metal::").unwrap_or(&type_name).to_owned();
    Some(Parameter { name: name.to_owned(), kind, type_name })
}

/// Words, texts and signs with their lines; without comments and preprocessor lines.
fn tokens(source: &str) -> Vec<(Token<'_>, u32)> {
    let bytes = source.as_bytes();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1u32);
    let mut line_is_empty = true;
    while at < bytes.len() {
        let rest = &source[at..];
        let byte = bytes[at];
        let length = match byte {
            b'\n' => {
                line_is_empty = true;
                line = line.saturating_add(1);
                at += 1;
                continue;
            }
            _ if byte.is_ascii_whitespace() => 1,
            b'/' if rest.starts_with("//") => until_end_of_line(rest),
            b'/' if rest.starts_with("/*") => rest[2..].find("*/").map_or(rest.len(), |end| end + 4),
            b'#' if line_is_empty => {
                let length = until_end_of_line(rest);
                // `#line 7 "file"`: the next line is that one.
                let mut words = rest[1..length].split_whitespace();
                if words.next() == Some("line") {
                    line = words
                        .next()
                        .and_then(|number| number.parse::<u32>().ok())
                        .map_or(line, |next| next.max(1) - 1);
                }
                length
            }
            b'"' | b'\'' => {
                let length = quoted(rest);
                let inside = rest.get(1..length.saturating_sub(1)).unwrap_or("");
                tokens.push((Token::Text(inside), line));
                length
            }
            _ if is_word(rest) => {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                tokens.push((Token::Word(&rest[..length]), line));
                length
            }
            _ => {
                let sign = rest.chars().next().expect("there is something left");
                tokens.push((Token::Sign(sign), line));
                sign.len_utf8()
            }
        };
        line_is_empty &= byte.is_ascii_whitespace();
        let lines = rest[..length].bytes().filter(|byte| *byte == b'\n').count();
        line = line.saturating_add(lines as u32);
        at += length;
    }
    tokens
}

fn is_word(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Up to the end of the line that is not escaped.
fn until_end_of_line(rest: &str) -> usize {
    let mut from = 0;
    loop {
        match rest[from..].find('\n') {
            Some(end) if rest[..from + end].trim_end_matches('\r').ends_with('\\') => from += end + 1,
            Some(end) => return from + end,
            None => return rest.len(),
        }
    }
}

/// The length of a text in quotes, with them; it ends with its line if it is not closed.
fn quoted(rest: &str) -> usize {
    let quote = rest.as_bytes()[0];
    let mut escaped = false;
    for (i, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => return i,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == quote => return i + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ArgumentKind::{Constant, Device, Threadgroup};

    fn parameters(kernel: &Kernel) -> Vec<(&str, Option<ArgumentKind>, &str)> {
        kernel.parameters.iter().map(|p| (p.name.as_str(), p.kind, p.type_name.as_str())).collect()
    }

    #[test]
    fn kernels_in_all_forms_are_found() {
        let source = r#"
#include <metal_stdlib>
#define UNSEEN(name) kernel void name(device float *x [[buffer(0)]]) { \
    kernel_body(); }
using namespace metal;
// kernel void comment(device float *x) {}
/* kernel void another(
   device float *x) {} */
constant uint amount [[function_constant(0)]];
struct Params { float4 color; uint count; };

kernel void scale(device const float *input [[buffer(0)]],
                  device packed_float3* output [[buffer(1)]],
                  constant Params &params [[buffer(2)]],
                  threadgroup metal::float4 *scratch [[threadgroup(0)]],
                  constant array<float, 4> &table,
                  uint2 i [[thread_position_in_grid]]) {
    const char *text = "; kernel void text(device float *x) {}";
}

[[max_total_threads_per_threadgroup(64)]]
[[required_threads_per_threadgroup(8, 4, 1)]] kernel void
    tiled(device unsigned int *x) {}

template <typename T, int N> kernel void generic(device T *x [[buffer(0)]]) {}
template [[host_name("generic_float")]] kernel void generic<float, 4>(device float *x [[buffer(0)]]);
[[kernel, host_name("odd.name")]] [[max_total_threads_per_threadgroup(1)]] void by_attribute() {}
[[kernel]] void plain(volatile device atomic_uint &counter) {}
#line 7 "another.h"
kernel void included() {}
"#;
        let kernels = kernels(source);
        let names: Vec<_> = kernels.iter().map(|k| (k.name.as_str(), k.line)).collect();
        assert_eq!(
            names,
            [
                ("scale", 12),
                ("tiled", 23),
                ("generic", 25),
                ("generic_float", 26),
                ("odd.name", 27),
                ("plain", 28),
                ("included", 7)
            ]
        );
        assert_eq!(
            parameters(&kernels[0]),
            [
                ("input", Some(Device), "float"),
                ("output", Some(Device), "packed_float3"),
                ("params", Some(Constant), "Params"),
                ("scratch", Some(Threadgroup), "float4"),
                ("table", Some(Constant), "array<float, 4>"),
                ("i", None, "uint2"),
            ]
        );
        assert_eq!(parameters(&kernels[1]), [("x", Some(Device), "unsigned int")]);
        assert_eq!(kernels[1].required_threads_per_threadgroup, Some([8, 4, 1]));
        let most = [0, 1, 4].map(|i: usize| kernels[i].max_total_threads_per_threadgroup);
        assert_eq!(most, [None, Some(64), Some(1)]);
        assert_eq!(kernels[0].required_threads_per_threadgroup, None);
        assert_eq!(parameters(&kernels[3]), [("x", Some(Device), "float")]);
        assert_eq!(parameters(&kernels[4]), []);
        assert_eq!(parameters(&kernels[5]), [("counter", Some(Device), "atomic_uint")]);
    }

    #[test]
    fn hostile_source_is_survived() {
        let pieces = [
            "kernel", "void", "k", "(", ")", "[[", "]]", "<", ">", "\"", "'", "\\", "/*", "//", "\n", ",",
            "é", "#",
        ];
        // All sequences of four pieces, joined without and with spaces.
        for mut number in 0..pieces.len().pow(4) {
            let mut chosen = Vec::new();
            for _ in 0..4 {
                chosen.push(pieces[number % pieces.len()]);
                number /= pieces.len();
            }
            kernels(&format!("kernel void {}", chosen.concat()));
            kernels(&chosen.join(" "));
        }
    }

    /// What is seen is what a compiler finds.
    #[cfg(not(target_vendor = "apple"))]
    #[test]
    fn compiled_kernels_are_the_seen_ones() {
        use crate::{CompileOptions, Device, DeviceConfig};

        const OTHERS: &str = "
            #include <metal_stdlib>
            using namespace metal;
            struct Params { float4 color; uint count; };
            template <typename T> kernel void generic(device T *out [[buffer(1)]], constant Params &params [[buffer(0)]],
                                                      uint i [[thread_position_in_grid]]) { out[i] = T(params.count); }
            template [[host_name(\"generic_float\")]] kernel void generic<float>(device float *, constant Params &, uint);
            template [[host_name(\"generic_uint\")]] kernel void generic<uint>(device uint *out [[buffer(1)]],
                constant Params &params [[buffer(0)]], uint i [[thread_position_in_grid]]);
            [[max_total_threads_per_threadgroup(64)]] kernel void tiled(device const packed_float3 *in [[buffer(0)]],
                device uint2 *out [[buffer(1)]], threadgroup half4 *scratch [[threadgroup(0)]],
                uint i [[thread_position_in_threadgroup]]) {
                scratch[i] = half4(half(in[i][0]));
                threadgroup_barrier(mem_flags::mem_threadgroup);
                out[i] = uint2(scratch[0].xy);
            }
            [[kernel]] void counter(device atomic_uint &count [[buffer(2)]], const device int *unused [[buffer(0)]]) {
                atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
            }";
        let device = Device::cpu(DeviceConfig::new()).unwrap();
        for source in [crate::METAL_KERNEL_SOURCE, OTHERS] {
            let library = device.new_library_with_source(source, &CompileOptions::default()).unwrap();
            let seen = kernels(source);
            let seen: Vec<_> =
                seen.iter().filter(|k| library.function_names().contains(&k.name.as_str())).collect();
            assert_eq!(seen.iter().map(|k| k.name.as_str()).collect::<Vec<_>>(), library.function_names());
            for (seen, compiled) in seen.iter().zip(library.functions()) {
                assert_eq!(
                    seen.max_total_threads_per_threadgroup,
                    compiled.max_total_threads_per_threadgroup
                );
                for argument in &compiled.arguments {
                    // The first instantiation above does not name its parameters.
                    let Some(parameter) = seen.parameters.iter().find(|p| p.name == argument.name) else {
                        assert_eq!(seen.name, "generic_float");
                        continue;
                    };
                    assert_eq!(parameter.kind, Some(argument.kind), "{}: {}", seen.name, argument.name);
                    assert_eq!(parameter.type_name, argument.type_name, "{}: {}", seen.name, argument.name);
                }
                if !seen.name.starts_with("generic") {
                    assert_eq!(seen.line, compiled.line, "{}", seen.name);
                }
            }
        }
    }
}
