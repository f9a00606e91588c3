//! Mangled names back to MSL's words.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{Access, ArgumentKind};

/// A demangled function name with its parameter types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demangled {
    /// Name with namespaces and template arguments.
    pub(crate) name: String,
    /// The types of the parameters; empty if they are not known.
    pub(crate) parameters: Vec<ParameterType>,
}

/// A parameter's type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParameterType {
    /// In MSL's words, without qualifiers, pointer or reference: `float4`, `Params`.
    pub(crate) name: String,
    /// In C++'s words.
    pub(crate) cxx_name: String,
    /// Address space of what it points or refers to, if it does.
    pub(crate) kind: Option<ArgumentKind>,
    pub(crate) access: Access,
}

/// Demangles a symbol. A name that is not mangled stands for itself.
pub(crate) fn demangle(symbol: &str) -> Demangled {
    let Some(text) = demangled_text(symbol) else {
        return Demangled { name: symbol.into(), parameters: Vec::new() };
    };
    let Some(open) = parameter_list_start(&text) else {
        return Demangled { name: text, parameters: Vec::new() };
    };
    let head = msl_words(text[..open].trim());
    let name = head.strip_prefix("void ").unwrap_or(&head).to_owned();
    let list = text[open + 1..].trim_end().strip_suffix(')').unwrap_or(&text[open + 1..]);
    let parameters = split_commas(list).into_iter().map(parameter_type).collect();
    Demangled { name, parameters }
}

fn demangled_text(symbol: &str) -> Option<String> {
    // The demangler recurses over nested types; a name too long to be a person's is left as it is. A symbol
    // without the prefix is a plain name, though it may look like the code of a type.
    const MAX_LENGTH: usize = 1 << 14;
    if !symbol.starts_with("_Z") || symbol.len() > MAX_LENGTH {
        return None;
    }
    cpp_demangle::Symbol::new(encode_address_spaces(symbol)).ok()?.demangle().ok()
}

/// Replaces the address spaces of a mangled name, and the qualifiers after them, by standard qualifiers.
///
/// Qualifiers of one type together are one candidate for substitution (Itanium C++ ABI, 5.1.5.3), but the
/// demangler counts vendor qualifiers apart. No kernel needs `restrict` or `volatile` to be told apart:
/// `volatile` stands for device, both together for constant, `restrict` for threadgroup memory.
fn encode_address_spaces(symbol: &str) -> String {
    let mut text = symbol.to_owned();
    for (space, code) in [("U8SYglobal", "V"), ("U6SYhost", "rV"), ("U7SYlocal", "r")] {
        for (qualifiers, constness) in [("VK", "K"), ("V", ""), ("K", "K"), ("", "")] {
            text = text.replace(&format!("{space}{qualifiers}"), &format!("{code}{constness}"));
        }
    }
    text
}

/// The plain name of a variable, also of one in a function. LLVM appends numbers to names that it copies.
pub(crate) fn variable_name(symbol: &str) -> String {
    // The initial value of a variable of a function.
    if let Some((_, name)) = symbol.strip_prefix("__const.").and_then(|s| s.split_once('.')) {
        return variable_name(name);
    }
    let text = demangled_text(symbol).unwrap_or_else(|| symbol.into());
    let last = text.rsplit("::").next().unwrap_or_default();
    last.split('.').find(|part| !part.is_empty()).unwrap_or_default().to_owned()
}

/// Position of the parenthesis that opens the last balanced group of the text.
fn parameter_list_start(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (i, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

fn split_commas(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0i32, 0);
    for (i, c) in list.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    if !list[start..].trim().is_empty() {
        parts.push(list[start..].trim());
    }
    parts
}

fn parameter_type(text: &str) -> ParameterType {
    let (mut volatile, mut restrict, mut access) = (false, false, Access::ReadWrite);
    let mut depth = 0i32;
    let mut kept = String::new();
    // Qualifiers at the outer level describe what is pointed to; those in template arguments stay.
    for word in text.split_inclusive([' ', '*', '&', '<', '>', ',']) {
        let bare = word.trim_end_matches([' ', '*', '&', '<', '>', ',']);
        let tail = &word[bare.len()..];
        let drop = depth == 0
            && match bare {
                "volatile" => {
                    volatile = true;
                    true
                }
                "restrict" | "__restrict" => {
                    restrict = true;
                    true
                }
                "const" => {
                    access = Access::ReadOnly;
                    true
                }
                _ => false,
            };
        if !drop {
            kept += bare;
        }
        if drop && kept.ends_with(' ') {
            kept.pop();
        }
        kept += tail;
        depth += tail.matches('<').count() as i32 - tail.matches('>').count() as i32;
    }
    let cxx_name = kept.trim().trim_end_matches(['*', '&', ' ']).trim().to_owned();
    let kind = match (volatile, restrict) {
        (true, false) => Some(ArgumentKind::Device),
        (true, true) => Some(ArgumentKind::Constant),
        (false, true) => Some(ArgumentKind::Threadgroup),
        (false, false) => None,
    };
    if kind == Some(ArgumentKind::Constant) {
        access = Access::ReadOnly;
    }
    ParameterType { name: msl_words(&cxx_name), cxx_name, kind, access }
}

/// C++'s words for types replaced by MSL's.
pub(crate) fn msl_words(text: &str) -> String {
    const WORDS: [(&str, &str); 12] = [
        ("std::bfloat16_t", "bfloat"),
        ("__bf16", "bfloat"),
        ("_Float16", "half"),
        ("unsigned char", "uchar"),
        ("signed char", "char"),
        ("unsigned short", "ushort"),
        ("unsigned int", "uint"),
        ("unsigned long", "ulong"),
        ("(uint)", ""),
        ("(ulong)", ""),
        ("(int)", ""),
        ("metal::", ""),
    ];
    let mut text = text.to_owned();
    for (cxx, msl) in WORDS {
        if text.contains(cxx) {
            text = text.replace(cxx, msl);
        }
    }
    if text.contains('<') {
        for (cxx, msl) in TEMPLATES.iter() {
            if text.contains(cxx) {
                text = text.replace(cxx, msl);
            }
        }
        text = text.replace(" >", ">");
    }
    text
}

/// Templates of the headers and MSL's names for them.
static TEMPLATES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut names = Vec::new();
    for scalar in crate::ScalarType::ALL.map(crate::ScalarType::name) {
        for n in 2..=4 {
            names.push((format!("packed_vec<{scalar}, {n}>"), format!("packed_{scalar}{n}")));
            names.push((format!("vec<{scalar}, {n}>"), format!("{scalar}{n}")));
            for m in 2..=4 {
                names.push((format!("matrix<{scalar}, {n}, {m}>"), format!("{scalar}{n}x{m}")));
            }
        }
        if !matches!(scalar, "char" | "uchar" | "short" | "ushort") {
            names.push((format!("atomic<{scalar}>"), format!("atomic_{scalar}")));
        }
    }
    names
});

/// Size and alignment of a type by its MSL name, if the name tells.
pub(crate) fn known_size(name: &str) -> Option<(usize, usize)> {
    if let Some(ty) = crate::DataType::parse(name) {
        return Some((ty.size(), ty.size()));
    }
    if let Some(ty) = name.strip_prefix("packed_").and_then(crate::DataType::parse) {
        return Some((ty.scalar.size() * usize::from(ty.lanes), ty.scalar.size()));
    }
    if let Some(ty) = name.strip_prefix("atomic_").and_then(crate::DataType::parse) {
        let size = ty.size().max(4);
        return Some((size, size));
    }
    if let Some((columns, rows)) = name.rsplit_once('x') {
        let columns_digit = columns.chars().last()?.to_digit(10)? as usize;
        let column = crate::DataType::parse(&format!("{}{rows}", &columns[..columns.len() - 1]))?;
        return Some((column.size() * columns_digit, column.size()));
    }
    let (element, count) = name.strip_prefix("array<")?.strip_suffix('>')?.rsplit_once(", ")?;
    let (size, alignment) = known_size(element)?;
    Some((size.checked_mul(count.trim_end_matches(['u', 'l']).parse().ok()?)?, alignment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_msl_words() {
        let symbol = "_ZN2ns1fIfLi2ELb1EN5metal3vecIfLi2EEEEEvPU8SYglobalKT2_RU6SYhostK1WIT_EPU6SYhostK1QPU8SYglobalDF16bPU8SYglobalNS2_IDF16_Li4EEEPU8SYglobalNS1_10packed_vecIfLi3EEERU6SYhostKNS1_5arrayIjLm4EEEPU7SYlocalfNS2_ItLi3EEE";
        let demangled = demangle(symbol);
        assert_eq!(demangled.name, "ns::f<float, 2, true, float2>");
        let summary: Vec<_> =
            demangled.parameters.iter().map(|p| (p.name.as_str(), p.kind, p.access)).collect();
        use crate::Access::{ReadOnly, ReadWrite};
        use crate::ArgumentKind::{Constant, Device, Threadgroup};
        assert_eq!(
            summary,
            [
                ("float2", Some(Device), ReadOnly),
                ("W<float>", Some(Constant), ReadOnly),
                ("Q", Some(Constant), ReadOnly),
                ("bfloat", Some(Device), ReadWrite),
                ("half4", Some(Device), ReadWrite),
                ("packed_float3", Some(Device), ReadWrite),
                ("array<uint, 4>", Some(Constant), ReadOnly),
                ("float", Some(Threadgroup), ReadWrite),
                ("ushort3", None, ReadWrite),
            ]
        );
    }

    #[test]
    fn sizes_by_name() {
        assert_eq!(known_size("float3"), Some((16, 16)));
        assert_eq!(known_size("packed_float3"), Some((12, 4)));
        assert_eq!(known_size("float4x3"), Some((64, 16)));
        assert_eq!(known_size("half2x4"), Some((16, 8)));
        assert_eq!(known_size("array<uint, 4>"), Some((16, 4)));
        assert_eq!(known_size("atomic_ulong"), Some((8, 8)));
        assert_eq!(known_size("Params"), None);
        assert_eq!(known_size("x"), None);
    }

    #[test]
    fn substitutions_count_qualifiers_once() {
        let demangled =
            demangle("_Z15transpose_tilesPU8SYglobalfPU8SYglobalKfRU6SYhostKjN5metal3vecIjLi2EEES7_");
        let names: Vec<_> = demangled.parameters.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["float", "float", "uint", "uint2", "uint2"]);
    }

    #[test]
    fn variables_of_functions() {
        assert_eq!(variable_name("_ZZ2tkIfLi8EEvPU8SYglobalT_E3arr"), "arr");
        assert_eq!(variable_name("tile.i.i"), "tile");
        assert_eq!(variable_name("_ZL5table"), "table");
        assert_eq!(variable_name("__const._Z1kPU8SYglobalbPU8SYglobalij.table.1"), "table");
        assert_eq!(variable_name("_ZZ1kPU8SYglobaliE5calls"), "calls");
    }

    #[test]
    fn plain_names_stand_for_themselves() {
        assert_eq!(demangle("k").name, "k");
        assert_eq!(demangle("g").name, "g");
        assert_eq!(demangle("_Z3booPU8SYglobalfj").name, "boo");
    }
}
