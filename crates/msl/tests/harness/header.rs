//! The `//!` header of a filetest: TOML that says how to compile and run the rest of the file.

use std::collections::BTreeMap;
use std::path::Path;

use msl::{
    CompileOptions, ConstantValue, DataType, FunctionConstantValues, LanguageVersion, MathMode, ScalarType,
};
use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Value};

use super::values;

/// A filetest, split into header and source.
pub(crate) struct File {
    pub(crate) header: Header,
    /// Everything after the header; its first line is line 1 in diagnostics.
    pub(crate) source: String,
    /// Whether an expectation was replaced.
    pub(crate) edited: bool,
    document: DocumentMut,
}

/// What the header says. The keys of [`Run`] may also stand at the top: then they are the only run.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    #[serde(default)]
    pub(crate) compile_only: bool,
    pub(crate) diagnostics: Option<String>,
    pub(crate) snippets: Option<String>,
    pub(crate) reflect: Option<String>,
    math: Option<String>,
    version: Option<String>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    define: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) run: Vec<Run>,
}

/// One dispatch and what must come of it.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Run {
    pub(crate) kernel: Option<String>,
    pub(crate) grid: Option<Size>,
    pub(crate) threadgroups: Option<Size>,
    pub(crate) group: Option<Size>,
    #[serde(rename = "in")]
    pub(crate) input: BTreeMap<Index, String>,
    pub(crate) out: BTreeMap<Index, String>,
    pub(crate) zero: BTreeMap<Index, String>,
    pub(crate) bytes: BTreeMap<Index, String>,
    pub(crate) threadgroup: BTreeMap<Index, u32>,
    constant: BTreeMap<String, String>,
    pub(crate) fault: Option<String>,
    pub(crate) pipeline_error: Option<String>,
    pub(crate) endless: bool,
    /// Why it has no vector code.
    pub(crate) scalar: Option<String>,
}

/// The names of the keys of [`Run`].
const RUN_KEYS: [&str; 14] = [
    "kernel",
    "grid",
    "threadgroups",
    "group",
    "in",
    "out",
    "zero",
    "bytes",
    "threadgroup",
    "constant",
    "fault",
    "pipeline_error",
    "endless",
    "scalar",
];

/// A size along x, y and z, written as `4`, `[4]`, `[4, 2]` or `[4, 2, 1]`.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "SizeText")]
pub(crate) struct Size(pub(crate) [u32; 3]);

#[derive(Deserialize)]
#[serde(untagged)]
enum SizeText {
    Line(u32),
    Axes(Vec<u32>),
}

impl TryFrom<SizeText> for Size {
    type Error = String;
    fn try_from(text: SizeText) -> Result<Self, String> {
        Ok(Self(match text {
            SizeText::Line(x) => [x, 1, 1],
            SizeText::Axes(axes) => match axes[..] {
                [x] => [x, 1, 1],
                [x, y] => [x, y, 1],
                [x, y, z] => [x, y, z],
                _ => return Err(format!("a size has one to three numbers, not {}", axes.len())),
            },
        }))
    }
}

/// A buffer or threadgroup index; TOML's keys are strings.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
pub(crate) struct Index(pub(crate) usize);

impl TryFrom<String> for Index {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.parse() {
            Ok(index) if index < msl::MAX_BUFFERS => Ok(Self(index)),
            _ => Err(format!("`{text}` is not an index from 0 to {}", msl::MAX_BUFFERS - 1)),
        }
    }
}

impl std::fmt::Display for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl File {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut toml = String::new();
        let mut rest = text;
        while let Some(line) = rest.split_inclusive('\n').next().filter(|l| l.starts_with("//!")) {
            let body = &line[3..];
            toml += body.strip_prefix(' ').unwrap_or(body);
            rest = &rest[line.len()..];
        }
        if toml.is_empty() {
            return Err("the file has no `//!` header".into());
        }
        let document: DocumentMut = toml.parse().map_err(|e| format!("header: {e}"))?;
        let header = read_header(&document).map_err(|e| format!("header: {e}"))?;
        Ok(Self { header, source: rest.into(), edited: false, document })
    }

    /// The whole file with its changed expectations.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        for line in self.document.to_string().lines() {
            text += if line.is_empty() { "//!" } else { "//! " };
            text += line;
            text += "\n";
        }
        text + &self.source
    }

    /// Replaces an expectation that is text.
    pub(crate) fn set_text(&mut self, key: &str, text: &str) {
        let literal: Value =
            format!("'''\n{text}\n'''").parse().unwrap_or_else(|_| format!("{text}\n").into());
        self.document[key] = Item::Value(literal);
        self.edited = true;
    }

    /// Replaces the expected content of a buffer of a run.
    pub(crate) fn set_output(&mut self, run: usize, index: Index, spec: &str) {
        let table = match self.document.get_mut("run").and_then(Item::as_array_of_tables_mut) {
            Some(runs) => runs.get_mut(run).expect("the header was read from this document"),
            None => self.document.as_table_mut(),
        };
        table["out"][&index.to_string()] = toml_edit::value(spec);
        self.edited = true;
    }
}

/// Reads the header; keys of a run at the top become the only run, or the defaults of all `[[run]]` sections.
fn read_header(document: &DocumentMut) -> Result<Header, String> {
    let mut top = document.clone();
    let mut shared = toml_edit::Table::new();
    for key in RUN_KEYS {
        if let Some(item) = top.remove(key) {
            shared.insert(key, item);
        }
    }
    match top.get_mut("run").and_then(Item::as_array_of_tables_mut) {
        Some(runs) => {
            for run in runs.iter_mut() {
                for (key, item) in &shared {
                    add_default(run, key, item);
                }
            }
        }
        None if !shared.is_empty() => {
            let mut runs = toml_edit::ArrayOfTables::new();
            runs.push(shared);
            top.insert("run", Item::ArrayOfTables(runs));
        }
        None => {}
    }
    toml_edit::de::from_document(top).map_err(|e| e.to_string())
}

/// Gives a table a key if it lacks it; tables such as `in` are merged.
fn add_default(table: &mut toml_edit::Table, key: &str, default: &Item) {
    match (table.get_mut(key), default.as_table()) {
        (None, _) => {
            table.insert(key, default.clone());
        }
        (Some(Item::Table(present)), Some(default)) => {
            for (key, item) in default {
                add_default(present, key, item);
            }
        }
        _ => {}
    }
}

impl Header {
    pub(crate) fn options(&self, directory: &Path) -> Result<CompileOptions, String> {
        let math_mode = match self.math.as_deref() {
            None => MathMode::default(),
            Some("safe") => MathMode::Safe,
            Some("relaxed") => MathMode::Relaxed,
            Some("fast") => MathMode::Fast,
            Some(other) => return Err(format!("math: `{other}` is not safe, relaxed or fast")),
        };
        let language_version = match self.version.as_deref() {
            None => LanguageVersion::default(),
            Some("2.4") => LanguageVersion::V2_4,
            Some("3.0") => LanguageVersion::V3_0,
            Some("3.1") => LanguageVersion::V3_1,
            Some("3.2") => LanguageVersion::V3_2,
            Some(other) => return Err(format!("version: `{other}` is not 2.4, 3.0, 3.1 or 3.2")),
        };
        Ok(CompileOptions {
            math_mode,
            language_version,
            preprocessor_macros: self.define.clone(),
            include_directories: self.include.iter().map(|d| directory.join(d)).collect(),
            ..CompileOptions::default()
        })
    }
}

impl Run {
    /// `constant.N` and `constant.name`: MSL's name of a type, then a value for each of its lanes.
    pub(crate) fn constants(&self) -> Result<FunctionConstantValues, String> {
        let mut values = FunctionConstantValues::new();
        for (key, spec) in &self.constant {
            let value = constant(spec).map_err(|e| format!("constant.{key}: {e}"))?;
            match key.parse::<u32>() {
                Ok(index) => values.set_constant_value_at_index(index, value),
                Err(_) => values.set_constant_value_with_name(key.as_str(), value),
            };
        }
        Ok(values)
    }
}

fn constant(spec: &str) -> Result<ConstantValue, String> {
    let (name, elements) = spec.split_once(' ').ok_or("give a type and a value")?;
    let data_type = DataType::parse(name)
        .or_else(|| values::scalar_type(name).map(DataType::scalar))
        .ok_or_else(|| format!("`{name}` is not a type"))?;
    let short = values::short_name(data_type.scalar);
    let bytes = values::parse(&format!("{short} {elements}"))?;
    ConstantValue::from_bytes(data_type, &bytes).ok_or_else(|| {
        format!("{data_type} has {} elements of {}", data_type.lanes, ScalarType::name(data_type.scalar))
    })
}

/// Headers are read, merged and rewritten as the README says.
pub(crate) fn check_itself() -> Result<(), String> {
    const TEXT: &str = "//! grid = 4 # threads\n//! in.0 = \"u32 1\"\n//!\n//! [[run]]\n//! out.1 = \"u32 2\"\n\
                        //! [[run]]\n//! grid = [2, 3]\n//! in.2 = \"u32 3\"\n//! out.1 = \"u32 4\"\nsource\n";
    let mut file = File::parse(TEXT)?;
    let runs = &file.header.run;
    let sizes: Vec<_> = runs.iter().map(|r| r.grid.map(|g| g.0)).collect();
    let inputs: Vec<_> = runs.iter().map(|r| r.input.keys().map(|i| i.0).collect::<Vec<_>>()).collect();
    if sizes != [Some([4, 1, 1]), Some([2, 3, 1])]
        || inputs != [vec![0], vec![0, 2]]
        || file.source != "source\n"
    {
        return Err(format!("read as {sizes:?} {inputs:?} {:?}", file.source));
    }
    if file.to_text() != TEXT {
        return Err(format!("rewritten as\n{}", file.to_text()));
    }
    file.set_output(1, Index(1), "u32 5");
    if file.to_text() != TEXT.replace("u32 4", "u32 5") {
        return Err(format!("an output blessed as\n{}", file.to_text()));
    }
    let mut file = File::parse("//! diagnostics = '''\n//! old\n//! '''\nsource\n")?;
    file.set_text("diagnostics", "a: error: b\\c\n   ^");
    let text = file.to_text();
    if File::parse(&text)?.header.diagnostics.as_deref() != Some("a: error: b\\c\n   ^\n") {
        return Err(format!("diagnostics blessed as\n{text}"));
    }
    for wrong in
        ["source", "//! nonsense = 1\n", "//! in.31 = \"u32 1\"\n", "//! grid = [1, 2, 3, 4]\n", "//! =\n"]
    {
        if File::parse(wrong).is_ok() {
            return Err(format!("`{wrong}` was accepted"));
        }
    }
    Ok(())
}
