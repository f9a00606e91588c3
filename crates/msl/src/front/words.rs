//! clang's words for types in MSL's.

/// Puts a message into MSL's words.
pub(crate) fn translate(message: &str) -> String {
    let mut text = replace_identifiers(message);
    for name in ["packed_vec", "vec", "matrix"] {
        text = replace_templates(&text, name);
    }
    text = replace_unsigned(&text);
    drop_repeated_aka(&text)
}

/// Replaces single words; `const __global_host` is one with its `const`.
fn replace_identifiers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if length == 0 {
            let next = rest.find(is_word).unwrap_or(rest.len());
            out.push_str(&rest[..next]);
            rest = &rest[next..];
            continue;
        }
        let word = &rest[..length];
        rest = &rest[length..];
        match word {
            "const" if rest.starts_with(" __global_host") => {
                out.push_str("constant");
                rest = &rest[" __global_host".len()..];
            }
            "__global_host" | "__constant" => {
                out.push_str("constant");
                if let Some(behind) = rest.strip_prefix(" const").filter(|b| !b.starts_with(is_word)) {
                    rest = behind;
                }
            }
            "__global" => out.push_str("device"),
            "__local" => out.push_str("threadgroup"),
            "__private" | "__generic" => out.push_str("thread"),
            "_Float16" => out.push_str("half"),
            "__bf16" => out.push_str("bfloat"),
            word => out.push_str(word),
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// `unsigned int` and so on.
fn replace_unsigned(text: &str) -> String {
    const NAMES: [(&str, &str); 5] = [
        ("unsigned int", "uint"),
        ("unsigned short", "ushort"),
        ("unsigned char", "uchar"),
        ("unsigned long", "ulong"),
        ("signed char", "char"),
    ];
    NAMES.iter().fold(text.to_owned(), |text, (from, to)| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find(from) {
            let end = at + from.len();
            let whole = !rest[..at].ends_with(is_word) && !rest[end..].starts_with(is_word);
            out.push_str(&rest[..at]);
            out.push_str(if whole { to } else { from });
            rest = &rest[end..];
        }
        out + rest
    })
}

/// `metal::vec<float, 4>` becomes `float4`; likewise packed vectors and matrices.
fn replace_templates(text: &str, template: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(template) {
        let behind = &rest[at + template.len()..];
        let replacement = (!rest[..at].ends_with(is_word))
            .then(|| behind.strip_prefix('<'))
            .flatten()
            .and_then(|arguments| Some((arguments.split_once('>')?, arguments)))
            .and_then(|((inside, after), _)| Some((vector_name(template, inside)?, after)));
        match replacement {
            Some((name, after)) => {
                let before = &rest[..at];
                out.push_str(before.strip_suffix("metal::").unwrap_or(before));
                out.push_str(&name);
                rest = after;
            }
            None => {
                out.push_str(&rest[..at + template.len()]);
                rest = behind;
            }
        }
    }
    out + rest
}

fn vector_name(template: &str, arguments: &str) -> Option<String> {
    let parts: Vec<&str> = arguments.split(',').map(str::trim).collect();
    let scalar = match *parts.first()? {
        "unsigned int" => "uint",
        "unsigned short" => "ushort",
        "unsigned char" => "uchar",
        "unsigned long" => "ulong",
        "signed char" => "char",
        name @ ("bool" | "char" | "short" | "int" | "long" | "half" | "bfloat" | "float" | "uchar"
        | "ushort" | "uint" | "ulong") => name,
        _ => return None,
    };
    let number = |text: &str| matches!(text, "2" | "3" | "4");
    match (template, &parts[1..]) {
        ("vec", [n]) if number(n) => Some(format!("{scalar}{n}")),
        ("packed_vec", [n]) if number(n) => Some(format!("packed_{scalar}{n}")),
        ("matrix", [c, r]) if number(c) && number(r) => Some(format!("{scalar}{c}x{r}")),
        _ => None,
    }
}

/// `'half' (aka 'half')` says nothing.
fn drop_repeated_aka(text: &str) -> String {
    const AKA: &str = "' (aka '";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(AKA) {
        let name_start = rest[..at].rfind('\'').map_or(0, |q| q + 1);
        let name = &rest[name_start..at];
        let behind = &rest[at + AKA.len()..];
        let repeats = behind.strip_prefix(name).and_then(|b| b.strip_prefix("')"));
        match repeats {
            Some(after) if !name.is_empty() => {
                out.push_str(&rest[..=at]);
                rest = after;
            }
            _ => {
                out.push_str(&rest[..at + AKA.len()]);
                rest = behind;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        for (clang, msl) in [
            (
                "no viable conversion from '__global float *' to 'float4' (aka 'vec<float, 4>')",
                "no viable conversion from 'device float *' to 'float4'",
            ),
            (
                "cannot assign to variable 'n' with const-qualified type 'const __global_host uint &' \
                 (aka 'const __global_host unsigned int &')",
                "cannot assign to variable 'n' with const-qualified type 'constant uint &'",
            ),
            ("'metal::vec<unsigned int, 3>'", "'uint3'"),
            ("'packed_vec<_Float16, 2>' and 'matrix<float, 4, 3>'", "'packed_half2' and 'float4x3'"),
            (
                "'vec<T, 4>' 'myvec<float, 4>' 'vec<float, 5>'",
                "'vec<T, 4>' 'myvec<float, 4>' 'vec<float, 5>'",
            ),
            ("'half' (aka '_Float16')", "'half'"),
            ("'index_t' (aka 'unsigned long')", "'index_t' (aka 'ulong')"),
            ("'__local unsigned char[4]'", "'threadgroup uchar[4]'"),
            ("unsigned integer unsigned_int", "unsigned integer unsigned_int"),
        ] {
            assert_eq!(translate(clang), msl);
        }
    }

    #[test]
    fn odd_texts_do_no_harm() {
        for text in ["", "'", "' (aka '", "vec<", "vec<float", "é '__é' (aka 'é')", "const __global_host"]
        {
            translate(text);
        }
    }
}
