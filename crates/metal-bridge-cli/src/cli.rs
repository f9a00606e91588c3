//! The command line: what there is, what it takes, and help that teaches it.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use metal_bridge::{LanguageVersion, MathMode, Size, Stage};

use crate::data::spec::Spec;

/// Check, inspect and run Metal kernels on any machine, and show graphs of them.
#[derive(Debug, Parser)]
#[command(name = "metal-bridge", version, about, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  metal-bridge devices
  metal-bridge check shaders/*.metal
  metal-bridge compile add.metal --kernel add --emit kernel
  metal-bridge compile add.metal --kernel add --report
  metal-bridge run add.metal --kernel add --grid 4 \\
      --buffer 0=float:1,2,3,4 --buffer 1=float:10,20,30,40 --buffer '2=float[4]:zeros' --print 2
  metal-bridge graph network.json --emit times --size batch=64

`metal-bridge help COMMAND` has more of each.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the devices of this machine and their limits.
    Devices,
    /// Compile Metal source; print diagnostics, and what each kernel takes.
    #[command(after_help = CHECK_HELP)]
    Check(CheckArguments),
    /// Show what a kernel is compiled to.
    #[command(after_help = COMPILE_HELP)]
    Compile(CompileKernelArguments),
    /// Compile Metal source and run one of its kernels on data from the command line or from .npy files.
    #[command(after_long_help = RUN_HELP)]
    Run(Box<RunArguments>),
    /// Show a graph that a program has saved: its operations, its kernels, its memory, and how long each step takes.
    #[command(after_help = GRAPH_HELP)]
    Graph(GraphArguments),
    /// Show what lies in an allocator's memory, from a snapshot that a program has saved.
    #[command(after_help = MEMORY_HELP)]
    Memory(MemoryArguments),
}

const CHECK_HELP: &str = "\
Exit status: 0 if all files compile, 1 if one has errors or cannot be read, 2 if the command line is wrong.

Diagnostics go to standard error; reflection, or with --json everything, to standard output. The JSON is
described in docs/cli.md.

Examples:
  metal-bridge check add.metal
  metal-bridge check src/*.metal -I include -D TILE=16 -D DEBUG
  metal-bridge check src/*.metal --json | jq '.files[].kernels[].name'";

const COMPILE_HELP: &str = "\
The text is for people, and may change with any version. SPEC of a constant is TYPE:VALUE, as in
`metal-bridge help run`.

--report says how many threads run together, then line by line what takes time: where threads part or
leave a loop one by one, which accesses go lane by lane (gathers, scatters), and which are checked in
each iteration of a loop. A warning says why a kernel runs one thread at a time, if it does.

Exit status: 0 if the kernel could be compiled, 1 if not, 2 if the command line is wrong.

Examples:
  metal-bridge compile add.metal --kernel add --emit kernel
  metal-bridge compile add.metal --kernel add --report
  metal-bridge compile add.metal --kernel add --emit plan
  metal-bridge compile matmul.metal --kernel matmul --emit asm -D TILE=16 --constant 0=bool:true | less";

const RUN_HELP: &str = "\
SPEC says what a buffer, an argument or a constant holds:
  TYPE:V1,V2,…            values: float:1,2.5,-3e2   uint:1,0xff   bool:true,false   half:0.5
  TYPE[N]:zeros           N elements; also: ones, iota (0, 1, 2, …) and rand(SEED), which gives
                          floating-point numbers from 0 to 1 and any whole numbers, always the same
                          for a seed. Several axes: float[64,32]:iota
  FILE.npy                a NumPy array
  TYPE:FILE.npy           the same, its last axis as components: float3:points.npy
TYPE is an MSL scalar (bool char uchar short ushort int uint long ulong half bfloat float) or a vector of
2 to 4 of them, such as float4; the components of vectors follow one another in V1,V2,…
A SPEC with brackets or parentheses needs quotes in most shells, as in the examples.

With --time N the kernel runs N times more after the run whose results are printed and saved.

Exit status: 0 if the kernel ran, 1 if not, 2 if the command line is wrong.

Examples:
  metal-bridge run add.metal --kernel add --grid 4 \\
      --buffer 0=float:1,2,3,4 --buffer 1=float:10,20,30,40 --buffer '2=float[4]:zeros' --print 2

  metal-bridge run matmul.metal --kernel matmul --grid 512,512 --group 32,8 \\
      --buffer 0=a.npy --buffer 1=b.npy --buffer '2=float[512,512]:zeros' \\
      --bytes 3=uint:512 --save 2=product.npy --time 10

  metal-bridge run reduce.metal --kernel sum --threadgroups 64 --group 256 --threadgroup-memory 0=1024 \\
      --buffer '0=float[16384]:rand(1)' --buffer '1=float[64]:zeros' --print 1";

const GRAPH_HELP: &str = "\
A program saves a graph, with the tensors that are wanted of it, with
  std::fs::write(\"graph.json\", graph.to_json(&[&loss, &step])?)
Values of constants and first values of variables are in the file.

optimized, msl, memory and times compile the graph, for which open dimensions need sizes. times runs it on
made-up inputs: floats from -1 to 1, integers and booleans of 0 and 1. Each line of its table is a step: time
and share of the sum, bytes of the tensors that it reads and writes, and the rates that follow; GFLOP/s are of
products of matrices and convolutions. Under it are the operations it computes and where the program calls them.

Exit status: 0 if the graph could be shown, 1 if not, 2 if the command line is wrong.

Examples, in a clone of the repository:
  metal-bridge graph crates/metal-bridge/examples/classifier.json
  metal-bridge graph crates/metal-bridge/examples/classifier.json --emit times --size batch=256
  metal-bridge graph crates/metal-bridge/examples/classifier.json --emit memory --size batch=256 -o memory.svg
  metal-bridge graph crates/metal-bridge/examples/classifier.json --emit svg -o classifier.svg";

#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    /// The graph.
    #[arg(value_name = "FILE.json")]
    pub(crate) file: PathBuf,
    /// Show it in this form.
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    pub(crate) emit: GraphForm,
    /// The size of an open dimension, such as batch=64.
    #[arg(long, value_name = "NAME=N", value_parser = parse_named_size)]
    pub(crate) size: Vec<(String, usize)>,
    /// For times: the number of runs, of which medians are shown.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) runs: u32,
    /// Write it to a file instead of standard output.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The device to compile for, by its number or a part of its name in `metal-bridge devices`.
    #[arg(long, value_name = "D")]
    pub(crate) device: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphForm {
    /// Its operations, one on a line, with types, shapes, and the calls that they come from.
    #[default]
    Text,
    /// The operations after all passes.
    Optimized,
    /// The kernels in the Metal Shading Language.
    Msl,
    /// A directed graph in Graphviz's language.
    Dot,
    /// A drawing of it.
    Svg,
    /// A picture (SVG) of the memory between kernels: steps from left to right, bytes from the top down.
    Memory,
    /// A table of the time of each step, with what it computes.
    Times,
}

const MEMORY_HELP: &str = "\
A program saves a snapshot with
  std::fs::write(\"memory.json\", allocator.snapshot().to_json()?)
Buffers show with the labels that the program has set, and with where they were allocated if the allocator was
set up to note that (AllocatorConfig::backtraces).

Exit status: 0 if the snapshot could be shown, 1 if not, 2 if the command line is wrong.

Examples:
  metal-bridge memory memory.json
  metal-bridge memory memory.json --picture memory.svg";

#[derive(Debug, Args)]
pub(crate) struct MemoryArguments {
    /// The snapshot.
    #[arg(value_name = "FILE.json")]
    pub(crate) file: PathBuf,
    /// Save a picture of it: a row for each block, its buffers in colour.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) picture: Option<PathBuf>,
}

/// How source is compiled.
#[derive(Debug, Args)]
#[command(next_help_heading = "Compilation")]
pub(crate) struct CompileArguments {
    /// Look for `#include "…"` here as well, after the directory of the file itself.
    #[arg(short = 'I', value_name = "DIR")]
    pub(crate) include: Vec<PathBuf>,
    /// Define a preprocessor macro; without a value it is 1.
    #[arg(short = 'D', value_name = "NAME[=VALUE]", value_parser = parse_macro)]
    pub(crate) define: Vec<(String, String)>,
    /// Version of the Metal Shading Language.
    #[arg(long, value_name = "VERSION", value_enum, default_value_t)]
    pub(crate) std: Std,
    /// How freely floating-point arithmetic may be rearranged.
    #[arg(long, value_name = "MODE", value_enum, default_value_t)]
    pub(crate) math_mode: Math,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Std {
    #[value(name = "2.4")]
    V2_4,
    #[value(name = "3.0")]
    V3_0,
    #[value(name = "3.1")]
    V3_1,
    #[default]
    #[value(name = "3.2")]
    V3_2,
}

impl From<Std> for LanguageVersion {
    fn from(std: Std) -> Self {
        match std {
            Std::V2_4 => Self::V2_4,
            Std::V3_0 => Self::V3_0,
            Std::V3_1 => Self::V3_1,
            Std::V3_2 => Self::V3_2,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Math {
    /// IEEE 754 results.
    Safe,
    /// Rearranges, but respects NaN and infinity.
    Relaxed,
    /// Rearranges, and assumes that there is neither NaN nor infinity; Metal's default.
    #[default]
    Fast,
}

impl From<Math> for MathMode {
    fn from(math: Math) -> Self {
        match math {
            Math::Safe => Self::Safe,
            Math::Relaxed => Self::Relaxed,
            Math::Fast => Self::Fast,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Metal source files.
    #[arg(required = true, value_name = "FILE.metal")]
    pub(crate) files: Vec<PathBuf>,
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) compile: CompileArguments,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["emit", "report"])))]
pub(crate) struct CompileKernelArguments {
    /// Metal source file.
    #[arg(value_name = "FILE.metal")]
    pub(crate) file: PathBuf,
    /// The kernel to show.
    #[arg(long, value_name = "NAME")]
    pub(crate) kernel: String,
    /// Show it in this form.
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) emit: Option<Emit>,
    /// Show what the compiler has to say of it: warnings, how its threads are executed, and what is slow, with lines.
    #[arg(long)]
    pub(crate) report: bool,
    /// The value of a function constant, by its index or its name, such as 0=bool:true.
    #[arg(long, value_name = "I=SPEC", value_parser = parse_constant)]
    pub(crate) constant: Vec<(ConstantKey, Spec)>,
    #[command(flatten)]
    pub(crate) compile: CompileArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// LLVM's form of one thread, optimised, its accesses not yet checked.
    Llvm,
    /// The same in the compiler's own form.
    Kernel,
    /// Its blocks in the order in which threads run them together, which lanes run each, how values vary, where lanes part.
    Plan,
    /// LLVM's form of the threads that run together, their accesses checked.
    Vector,
    /// Native code as assembly, its accesses checked.
    Asm,
}

impl From<Emit> for Stage {
    fn from(emit: Emit) -> Self {
        match emit {
            Emit::Llvm => Self::Llvm,
            Emit::Kernel => Self::Kernel,
            Emit::Plan => Self::Plan,
            Emit::Vector => Self::Vector,
            Emit::Asm => Self::Assembly,
        }
    }
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("extent").required(true).args(["grid", "threadgroups"])))]
pub(crate) struct RunArguments {
    /// Metal source file.
    #[arg(value_name = "FILE.metal")]
    pub(crate) file: PathBuf,
    /// The kernel to run.
    #[arg(long, value_name = "NAME")]
    pub(crate) kernel: String,
    /// Threads to run; the last threadgroups may be partial (dispatchThreads).
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = parse_size)]
    pub(crate) grid: Option<Size>,
    /// Whole threadgroups to run, instead of --grid (dispatchThreadgroups).
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = parse_size)]
    pub(crate) threadgroups: Option<Size>,
    /// Threads of a threadgroup; without it, a size that suits the grid.
    #[arg(long, value_name = "X[,Y[,Z]]", value_parser = parse_size)]
    pub(crate) group: Option<Size>,
    /// A buffer: its index and what it holds before the run.
    #[arg(long, value_name = "I=SPEC", value_parser = parse_at::<Spec>)]
    pub(crate) buffer: Vec<At<Spec>>,
    /// A small argument by value (setBytes), such as 3=uint:512.
    #[arg(long, value_name = "I=SPEC", value_parser = parse_at::<Spec>)]
    pub(crate) bytes: Vec<At<Spec>>,
    /// The value of a function constant, by its index or its name, such as 0=bool:true.
    #[arg(long, value_name = "I=SPEC", value_parser = parse_constant)]
    pub(crate) constant: Vec<(ConstantKey, Spec)>,
    /// Bytes of a threadgroup memory argument; a multiple of 16.
    #[arg(long, value_name = "I=BYTES", value_parser = parse_at::<usize>)]
    pub(crate) threadgroup_memory: Vec<At<usize>>,
    /// Print these buffers after the run; long ones are shortened.
    #[arg(long, value_name = "I", value_delimiter = ',')]
    pub(crate) print: Vec<usize>,
    /// Save a buffer after the run as a NumPy array.
    #[arg(long, value_name = "I=FILE.npy", value_parser = parse_at::<PathBuf>)]
    pub(crate) save: Vec<At<PathBuf>>,
    /// Time N more runs: print the median time and the rates that follow from it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) time: Option<u32>,
    /// The device, by its number or a part of its name in `metal-bridge devices`.
    #[arg(long, value_name = "D")]
    pub(crate) device: Option<String>,
    #[command(flatten)]
    pub(crate) compile: CompileArguments,
}

/// Something for a buffer index or threadgroup-memory index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) index: usize,
    pub(crate) value: T,
}

/// What a function constant is called by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConstantKey {
    Index(u32),
    Name(String),
}

fn parse_size(text: &str) -> Result<Size, String> {
    let mut extents = [1; 3];
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() > 3 {
        return Err(format!("{} numbers given, expected one to three, such as 512,512", parts.len()));
    }
    for (extent, part) in extents.iter_mut().zip(parts) {
        let part = part.trim();
        *extent = part.parse().map_err(|_| format!("`{part}` is no number; expected such as 512,512"))?;
    }
    Ok(extents.into())
}

fn parse_at<T>(text: &str) -> Result<At<T>, String>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let (index, value) = text.split_once('=').ok_or("expected an index, =, and a value, such as 0=…")?;
    let index =
        index.parse().map_err(|_| format!("`{index}` is no index; expected a number, such as 0=…"))?;
    if value.is_empty() {
        return Err("nothing stands after the =".into());
    }
    Ok(At { index, value: value.parse().map_err(|error| format!("{error}"))? })
}

fn parse_constant(text: &str) -> Result<(ConstantKey, Spec), String> {
    let (key, value) =
        text.split_once('=').ok_or("expected an index or a name, =, and a SPEC, such as 0=bool:true")?;
    let key = match key.parse() {
        Ok(index) => ConstantKey::Index(index),
        Err(_) if is_identifier(key) => ConstantKey::Name(key.into()),
        Err(_) => {
            return Err(format!("`{key}` is neither an index nor a name; expected such as 0=bool:true"));
        }
    };
    Ok((key, value.parse().map_err(|error| format!("{error}"))?))
}

fn parse_named_size(text: &str) -> Result<(String, usize), String> {
    let (name, size) = text.split_once('=').ok_or("expected a name, =, and a size, such as batch=64")?;
    match size.parse() {
        Ok(size @ 1..) => Ok((name.into(), size)),
        _ => Err(format!("`{size}` is no size; expected a number from 1 on, such as batch=64")),
    }
}

fn parse_macro(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').unwrap_or((text, "1"));
    if !is_identifier(name) {
        return Err(format!("`{name}` is no macro name; expected such as TILE=16"));
    }
    Ok((name.into(), value.into()))
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    /// Examples are there to be pasted.
    #[test]
    fn shells_can_read_the_examples() {
        for help in [EXAMPLES, CHECK_HELP, COMPILE_HELP, RUN_HELP, GRAPH_HELP, MEMORY_HELP] {
            let (_, examples) = help.split_once("\nExamples").or(help.split_once("Examples")).unwrap();
            let (_, lines) = examples.split_once('\n').unwrap();
            let shell = std::process::Command::new("sh").args(["-n", "-c", lines]).output().unwrap();
            assert!(shell.status.success(), "{}\n{lines}", String::from_utf8_lossy(&shell.stderr));
        }
    }

    fn run(arguments: &str) -> Result<Box<RunArguments>, String> {
        let words = ["metal-bridge", "run"].into_iter().chain(arguments.split_whitespace());
        match Cli::try_parse_from(words).map_err(|error| error.to_string())?.command {
            Command::Run(arguments) => Ok(arguments),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_full_run() {
        let arguments = run(
            "k.metal --kernel k --grid 8,4 --group 4 --buffer 0=float:1,2 --buffer 1=x.npy --bytes 2=uint:7 \
             --constant 0=bool:true --constant n=int:3 --threadgroup-memory 0=64 --print 0,1 --print 0 \
             --save 1=y.npy --time 3 --device cpu -I a -Ib -D X -DY=2",
        )
        .unwrap();
        assert_eq!(arguments.grid, Some(Size::new(8, 4, 1)));
        assert_eq!(arguments.buffer[1].index, 1);
        assert_eq!(arguments.constant[0].0, ConstantKey::Index(0));
        assert_eq!(arguments.constant[1].0, ConstantKey::Name("n".into()));
        assert_eq!(arguments.threadgroup_memory, [At { index: 0, value: 64 }]);
        assert_eq!(arguments.print, [0, 1, 0]);
        assert_eq!(arguments.compile.define, [("X".into(), "1".into()), ("Y".into(), "2".into())]);
        assert_eq!(arguments.compile.include, [PathBuf::from("a"), PathBuf::from("b")]);
    }

    #[test]
    fn mistakes_name_the_option_and_what_was_given() {
        for (arguments, parts) in [
            ("k.metal --grid 1", &["--kernel <NAME>"][..]),
            ("k.metal --kernel k", &["--grid", "--threadgroups"]),
            ("k.metal --kernel k --grid 1 --threadgroups 1", &["cannot be used with"]),
            ("k.metal --kernel k --grid 1,2,3,4", &["--grid", "1,2,3,4", "one to three"]),
            ("k.metal --kernel k --grid 1x2", &["--grid", "`1x2`", "512,512"]),
            ("k.metal --kernel k --grid -1", &["-1"]),
            ("k.metal --kernel k --grid 1 --buffer float:1", &["--buffer", "such as 0="]),
            ("k.metal --kernel k --grid 1 --buffer a=float:1", &["--buffer", "`a` is no index"]),
            ("k.metal --kernel k --grid 1 --buffer 0=", &["--buffer", "nothing stands after"]),
            ("k.metal --kernel k --grid 1 --buffer 0=flot:1", &["--buffer", "`flot`", "float4"]),
            ("k.metal --kernel k --grid 1 --bytes 0=float:x", &["--bytes", "`x` is no float"]),
            ("k.metal --kernel k --grid 1 --constant 1x=bool:true", &["--constant", "`1x`"]),
            ("k.metal --kernel k --grid 1 --threadgroup-memory 0=x", &["--threadgroup-memory", "0=x"]),
            ("k.metal --kernel k --grid 1 --time 0", &["--time", "0"]),
            ("k.metal --kernel k --grid 1 --print x", &["--print", "'x'"]),
            ("k.metal --kernel k --grid 1 -D 1=2", &["-D", "`1` is no macro name"]),
            ("k.metal --kernel k --grid 1 --std 9", &["--std", "2.4"]),
        ] {
            let message = run(arguments).unwrap_err();
            for part in parts {
                assert!(message.contains(part), "{arguments}: expected {part:?} in {message}");
            }
        }
    }
}
