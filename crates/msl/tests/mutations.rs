//! Hostile sources: the filetests' kernels with tokens removed, doubled, swapped and replaced are compiled,
//! built and run. Whatever comes of it, this process goes on: no panic, no crash, no internal error, nothing
//! written outside of the buffers, and every launch stops when it is told to.
//!
//! `METAL_BRIDGE_MUTATIONS=N` runs N mutations instead of a few; `METAL_BRIDGE_MUTATION_SEED=N` others.

#[path = "harness/files.rs"]
#[allow(dead_code, reason = "the files are not tests of their own here")]
mod files;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use msl::{
    Binding, BuildOptions, CacheDirectory, Compiler, CompilerConfig, ConstantValue, Execution,
    FunctionConstantValues, Kernel, Launch, Library, LibraryError, MAX_BUFFERS, PipelineError, Scratch,
};

/// Bytes watched on both sides of every buffer.
const GUARD: usize = 4096;
/// What stands in them.
const GUARD_BYTE: u8 = 0xA5;
const BUFFER_LENGTH: usize = 512;
/// After this time a launch is told to stop, ...
const RUN: Duration = Duration::from_secs(2);
/// ... and after this it has to have stopped. Generous, because the machine may be busy.
const STOPS: Duration = Duration::from_secs(60);

#[test]
fn mutated_kernels_harm_nothing() {
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse().expect("a number"));
    let cases = number("METAL_BRIDGE_MUTATIONS").unwrap_or(40);
    let seed = number("METAL_BRIDGE_MUTATION_SEED").unwrap_or(1);
    let sources = sources();
    let words: Vec<&str> = sources.iter().flat_map(|s| tokens(s)).filter(|t| !t.trim().is_empty()).collect();
    let config = CompilerConfig { cache_size_limit: 0, ..CompilerConfig::default() };
    assert_ne!(config.cache_directory, CacheDirectory::Disabled, "headers would be compiled for each source");
    let compiler = Compiler::new(config);
    let mut built = 0;
    for case in 0..cases {
        let mut random = fastrand::Rng::with_seed(seed << 32 | case);
        let source = mutate(&sources[random.usize(..sources.len())], &words, &mut random);
        let library = match compiler.compile(&source, &msl::CompileOptions::default()) {
            Ok(library) => library,
            Err(LibraryError::Compile(_)) => continue,
            Err(LibraryError::Compiler(failure)) => panic!("case {case} of seed {seed}: {failure}\n{source}"),
        };
        built += run_all(&library).unwrap_or_else(|e| panic!("case {case} of seed {seed}: {e}\n{source}"));
    }
    assert!(built > 0 || cases < 20, "no mutated kernel could be built: nothing was tested");
}

/// Builds and runs every kernel in each way there is; gives how many could be built.
fn run_all(library: &Library) -> Result<usize, String> {
    let mut constants = FunctionConstantValues::new();
    for constant in library.functions().iter().flat_map(|f| &f.function_constants) {
        let ty = constant.data_type;
        let bytes = vec![1; ty.scalar.size() * usize::from(ty.lanes)];
        constants.set_constant_value_at_index(
            constant.index,
            ConstantValue::from_bytes(ty, &bytes).expect("the length fits the type"),
        );
    }
    let mut built = 0;
    for function in library.functions() {
        for execution in [Execution::Vector, Execution::Scalar] {
            let options = BuildOptions::default().with_execution(execution);
            match Kernel::build_with(library, &function.name, &constants, &options) {
                Ok(kernel) => {
                    built += 1;
                    let bug = kernel.log().warnings.iter().find(|w| w.message.contains("please report"));
                    bug.map_or(Ok(()), |warning| Err(warning.message.clone()))?;
                    run(&kernel).map_err(|e| format!("{execution:?}: {e}"))?;
                }
                Err(PipelineError::Compiler(failure)) => return Err(failure.to_string()),
                Err(_) => {}
            }
        }
    }
    Ok(built)
}

fn run(kernel: &Kernel) -> Result<(), String> {
    // Small numbers, so that what is an index often is a good one; and floats in some buffers.
    let contents = |buffer: usize| -> Vec<u8> {
        let word: u32 = if buffer.is_multiple_of(3) { 0x3FC0_0000 } else { buffer as u32 % 5 };
        word.to_le_bytes().repeat(BUFFER_LENGTH / 4)
    };
    let guard = vec![GUARD_BYTE; GUARD];
    let mut memory: Vec<Vec<u8>> =
        (0..MAX_BUFFERS).map(|i| [&guard[..], &contents(i), &guard].concat()).collect();
    let buffers: Vec<Option<Binding>> = memory
        .iter_mut()
        .map(|m| Some(Binding { address: m[GUARD..].as_mut_ptr(), length: BUFFER_LENGTH as u64 }))
        .collect();
    let stop = AtomicBool::new(false);
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &[256; MAX_BUFFERS],
        threads_per_grid: [40, 3, 1],
        threads_per_threadgroup: [33, 2, 1],
        stop: &stop,
    };
    kernel.prepare(&launch).map_err(|error| error.to_string())?;
    let stopping = thread::scope(|scope| {
        let stop = &stop;
        // Made in here, so that a panic ends the watch: the scope would wait for it for ever.
        let (ended, has_ended) = channel::<()>();
        let watch = scope.spawn(move || {
            if has_ended.recv_timeout(RUN).is_ok() {
                return Duration::ZERO;
            }
            stop.store(true, Ordering::Relaxed);
            let told = Instant::now();
            let _ = has_ended.recv();
            told.elapsed()
        });
        // SAFETY: the bindings' memory lives here, and nothing else uses it during the run.
        let result = unsafe { kernel.run(&launch, 0..kernel.units(&launch), &mut Scratch::default()) };
        let _ = ended.send(());
        drop(result);
        watch.join().expect("the watch does not panic")
    });
    if stopping > STOPS {
        return Err(format!("it stopped {stopping:?} after it was told to"));
    }
    for (i, buffer) in memory.iter().enumerate() {
        let (before, after) = (&buffer[..GUARD], &buffer[GUARD + BUFFER_LENGTH..]);
        if before.iter().chain(after).any(|byte| *byte != GUARD_BYTE) {
            return Err(format!("memory beside buffer {i} was written to"));
        }
    }
    Ok(())
}

/// The sources of all filetests, without their headers.
fn sources() -> Vec<String> {
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).expect("filetests are text");
        text.lines().filter(|l| !l.starts_with("//!")).map(|l| format!("{l}\n")).collect()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/filetests");
    files::below(&root, "metal").iter().map(read).collect()
}

/// Words, and everything else character by character.
fn tokens(source: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let end = match rest.find(|c| !is_word(c)) {
            Some(0) => first.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

fn mutate(source: &str, words: &[&str], random: &mut fastrand::Rng) -> String {
    const NUMBERS: [&str; 10] =
        ["0", "1", "-1", "7", "31", "32", "65536", "2147483648", "4294967295", "1000000000000"];
    let mut tokens: Vec<&str> = tokens(source);
    for _ in 0..random.usize(1..4) {
        if tokens.len() < 2 {
            break;
        }
        let (a, b) = (random.usize(..tokens.len()), random.usize(..tokens.len()));
        let among = |keep: &dyn Fn(&str) -> bool, random: &mut fastrand::Rng| {
            let found: Vec<usize> = (0..tokens.len()).filter(|i| keep(tokens[*i])).collect();
            random.choice(found)
        };
        let is_number = |t: &str| t.parse::<u64>().is_ok();
        let is_letter = |t: &str| t.len() == 1 && t.chars().all(char::is_alphabetic);
        match random.u32(..8) {
            0 => {
                tokens.remove(a);
            }
            1 => tokens.insert(a, tokens[b]),
            2 => tokens.swap(a, b),
            3 => tokens[a] = words[random.usize(..words.len())],
            4..6 => {
                if let Some(place) = among(&is_number, random) {
                    tokens[place] = NUMBERS[random.usize(..NUMBERS.len())];
                }
            }
            _ => {
                if let (Some(to), Some(from)) = (among(&is_letter, random), among(&is_letter, random)) {
                    tokens[to] = tokens[from];
                }
            }
        }
    }
    tokens.concat()
}
