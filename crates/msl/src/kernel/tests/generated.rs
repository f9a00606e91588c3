//! Generated kernels give the same in the interpreter as in native code.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use super::super::Argument;
use super::super::interpret::{self, Dispatch, Trouble};
use super::fuzz::data::{self, BUFFERS};
use super::fuzz::{self, Program};
use crate::reflect::Role;
use crate::{
    Binding, BuildOptions, CacheDirectory, CompileOptions, Compiler, CompilerConfig, Execution, Kernel,
    Launch, Library, MathMode, Scratch,
};

/// `METAL_BRIDGE_FUZZ=N` runs N kernels; see `tests/differential.rs`.
#[test]
fn generated_kernels_give_the_same_in_the_interpreter() {
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse::<u64>().expect("a number"));
    let count = number("METAL_BRIDGE_FUZZ").unwrap_or(48);
    let seed = number("METAL_BRIDGE_FUZZ_SEED").unwrap_or(7);
    let first = number("METAL_BRIDGE_FUZZ_FIRST").unwrap_or(0);
    let config = CompilerConfig { cache_directory: CacheDirectory::Disabled, ..CompilerConfig::default() };
    let compiler = Compiler::new(config);
    let options = CompileOptions { math_mode: MathMode::Safe, ..CompileOptions::default() };
    let (mut agreed, mut divergent, mut problems) = (0, 0, Vec::new());
    for batch in (first..first + count).step_by(16) {
        let programs: Vec<(u64, Program)> = (batch..(first + count).min(batch + 16))
            .map(|case| (seed << 32 | case, Program::generate(seed << 32 | case, case as usize, false)))
            .collect();
        let source = programs.iter().fold(data::PRELUDE.to_owned(), |all, (_, p)| all + &p.source());
        let library = compiler.compile(&source, &options).unwrap_or_else(|e| panic!("{e}"));
        for (own, program) in &programs {
            match check(&library, program, *own) {
                Ok(true) => agreed += 1,
                Ok(false) => divergent += 1,
                Err(problem) => problems.push(format!("seed {own:#x}: {problem}\n{}", program.source())),
            }
        }
    }
    println!("{agreed} kernels agree; {divergent} have SIMD-groups that diverge where they meet");
    assert!(problems.is_empty(), "{} kernels went wrong:\n{}", problems.len(), problems.join("\n"));
    assert!(agreed > divergent, "only {agreed} kernels were compared");
}

/// Whether the interpreter can run the kernel.
fn check(library: &Library, program: &Program, seed: u64) -> Result<bool, String> {
    let constants = data::constants(seed);
    let name = &program.name;
    let function = crate::target::imported(library, name, &constants).map_err(|e| e.to_string())?;
    let options = BuildOptions::default().with_execution(Execution::Scalar);
    let kernel = Kernel::build_with(library, name, &constants, &options).map_err(|e| e.to_string())?;
    let parameters = &library.kernel(name).expect("it was built").parameters;
    let roles = |argument: Argument| parameters[function.arguments[argument].parameter as usize].role;
    for dispatch in fuzz::data::Dispatch::some(program.class, seed, 2, |_| true) {
        let mut places = HashMap::new();
        let mut interpreted = Dispatch {
            buffers: HashMap::new(),
            threadgroup_memory: HashMap::new(),
            threads_per_grid: dispatch.grid,
            threads_per_threadgroup: dispatch.group,
        };
        for (argument, _) in function.arguments.iter() {
            match roles(argument) {
                Role::Buffer(index) => {
                    places.insert(index as usize, argument);
                    interpreted.buffers.insert(argument, dispatch.buffers[index as usize].clone());
                }
                Role::Threadgroup(_) => {
                    let bytes = fuzz::data::Dispatch::THREADGROUP_MEMORY[0] as usize;
                    interpreted.threadgroup_memory.insert(argument, bytes);
                }
                Role::Builtin { .. } => return Err("a value of the launch is no argument".into()),
            }
        }
        match interpret::run(&function, &mut interpreted) {
            Ok(()) => {}
            Err(Trouble::Divergent) => return Ok(false),
            Err(trouble) => return Err(format!("{trouble:?}")),
        }
        let native = run(&kernel, &dispatch)?;
        for (i, buffer) in BUFFERS.iter().enumerate() {
            let Some(argument) = places.get(&i) else { continue };
            if let Some(difference) = data::difference(buffer, &native[i], &interpreted.buffers[argument]) {
                let fuzz::data::Dispatch { grid, group, .. } = dispatch;
                return Err(format!(
                    "native against interpreted, grid {grid:?} group {group:?}: {difference}"
                ));
            }
        }
    }
    Ok(true)
}

/// The buffers after a run in native code.
fn run(kernel: &Kernel, dispatch: &fuzz::data::Dispatch) -> Result<Vec<Vec<u8>>, String> {
    // Memory of 16-byte words is aligned as Metal's.
    let mut memory: Vec<Vec<u128>> = Vec::new();
    for content in &dispatch.buffers {
        let mut padded = content.clone();
        padded.resize(content.len().next_multiple_of(16), 0);
        let words = padded.chunks_exact(16).map(|c| u128::from_ne_bytes(c.try_into().expect("16 bytes")));
        memory.push(words.collect());
    }
    let buffers: Vec<_> = memory
        .iter_mut()
        .zip(&dispatch.buffers)
        .map(|(m, content)| Some(Binding { address: m.as_mut_ptr().cast(), length: content.len() as u64 }))
        .collect();
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &fuzz::data::Dispatch::THREADGROUP_MEMORY,
        threads_per_grid: dispatch.grid,
        threads_per_threadgroup: dispatch.group,
        stop: &AtomicBool::new(false),
    };
    // SAFETY: the bindings are memory of this function that nothing else refers to meanwhile.
    let result = unsafe { kernel.run(&launch, 0..kernel.units(&launch), &mut Scratch::default()) };
    result.map_err(|fault| fault.to_string())?;
    let bytes = |words: &Vec<u128>| words.iter().flat_map(|w| w.to_ne_bytes()).collect();
    Ok(memory.iter().map(bytes).collect())
}
