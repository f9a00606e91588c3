//! Code that was compiled before is taken from the cache, if it is what it should be.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::cache::{Cache, Entry as _};
use crate::front::Compiled as FromFront;
use crate::{
    Binding, CacheDirectory, CompileOptions, Compiler, CompilerConfig, ConstantValue, Execution, Remark,
};

const SOURCE: &str = "
constant uint factor [[function_constant(0)]];
kernel void numbers(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = i + 1; }
kernel void scaled(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = factor * i; }
";

fn library_in(directory: &Path) -> Library {
    library_of(directory, SOURCE)
}

fn library_of(directory: &Path, source: &str) -> Library {
    let cache_directory = CacheDirectory::At(directory.into());
    let config = CompilerConfig { cache_directory, ..CompilerConfig::default() };
    Compiler::new(config).compile(source, &CompileOptions::default()).unwrap()
}

fn source(library: &Library, name: &str) -> Source {
    let (library, name) = (library.clone(), name.to_owned());
    Source { library, name, constants: FunctionConstantValues::new(), options: BuildOptions::default() }
}

fn build(library: &Library) -> Kernel {
    Kernel::build(library, "numbers", &FunctionConstantValues::new()).unwrap()
}

/// What is kept of the kernel `numbers`.
fn kept(library: &Library) -> Option<Built> {
    library.cache().get(source(library, "numbers").key(Groups::Whole).unwrap())
}

fn keep(library: &Library, built: &Built) {
    library.cache().set(source(library, "numbers").key(Groups::Whole).unwrap(), built);
}

/// Leaves a mark in what is kept, by which one sees that it is used.
fn mark(library: &Library) {
    let mut built = kept(library).unwrap();
    built.log.remarks.push(Remark { message: "kept".into(), location: None });
    keep(library, &built);
}

fn is_marked(kernel: &Kernel) -> bool {
    kernel.log().remarks.last().is_some_and(|remark| remark.message == "kept")
}

/// Runs a kernel with buffers.
fn run(
    kernel: &Kernel,
    buffers: &mut [&mut [u32]],
    threads_per_grid: [u32; 3],
    threads_per_threadgroup: [u32; 3],
) {
    let bind = |words: &mut &mut [u32]| {
        Some(Binding { address: words.as_mut_ptr().cast(), length: size_of_val(&**words) as u64 })
    };
    let buffers: Vec<_> = buffers.iter_mut().map(bind).collect();
    let stop = AtomicBool::new(false);
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &[],
        threads_per_grid,
        threads_per_threadgroup,
        stop: &stop,
    };
    kernel.prepare(&launch).unwrap();
    // SAFETY: the bindings are exclusively borrowed slices, which nothing refers to meanwhile.
    unsafe { kernel.run(&launch, 0..kernel.units(&launch), &mut Scratch::default()) }.unwrap();
}

fn assert_works(kernel: &Kernel) {
    assert_works_with(kernel, [10, 1, 1]);
}

/// The kernel `numbers` gives its numbers in threadgroups of these extents.
fn assert_works_with(kernel: &Kernel, threads_per_threadgroup: [u32; 3]) {
    let mut out = [0u32; 100];
    run(kernel, &mut [&mut out], [100, threads_per_threadgroup[1], 1], threads_per_threadgroup);
    assert!(out.iter().zip(1..).all(|(value, expected)| *value == expected), "{out:?}");
}

#[test]
fn kernels_are_compiled_once() {
    let directory = tempfile::tempdir().unwrap();
    let library = library_in(directory.path());
    assert!(kept(&library).is_none());
    assert_works(&build(&library));
    mark(&library);
    // As a later process would.
    let again = build(&library_in(directory.path()));
    assert!(is_marked(&again));
    assert_works(&again);
    assert_eq!(again.reflection(), build(&library).reflection());
}

#[test]
fn code_for_other_threadgroups_is_compiled_when_a_launch_has_some() {
    let directory = tempfile::tempdir().unwrap();
    let library = library_in(directory.path());
    build(&library);
    let mut built = kept(&library).unwrap();
    built.generated.groups = Groups::Straight;
    keep(&library, &built);
    let for_all = || {
        let key = source(&library, "numbers").key(Groups::Any).unwrap();
        library.cache().get::<Built>(key)
    };
    let kernel = build(&library);
    assert_works_with(&kernel, [32, 1, 1]);
    assert_works_with(&kernel, [7, 1, 1]);
    assert!(kernel.0.special.general.get().is_none() && for_all().is_none(), "not needed so far");
    assert_works_with(&kernel, [8, 2, 1]);
    assert!(kernel.0.special.general.get().is_some() && for_all().is_some());
    // The last threadgroup of a row has four threads.
    let kernel = build(&library);
    assert_works_with(&kernel, [32, 2, 1]);
    assert!(kernel.0.special.general.get().is_some());
}

#[test]
fn code_for_parts_of_simdgroups_that_wait_is_compiled_when_a_launch_has_some() {
    const SOURCE: &str = "
        kernel void next(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]],
                         uint t [[thread_position_in_threadgroup]], uint n [[threads_per_threadgroup]]) {
            threadgroup uint all[64];
            all[t] = i;
            threadgroup_barrier(metal::mem_flags::mem_threadgroup);
            out[i] = all[(t + 1) % n];
        }";
    let directory = tempfile::tempdir().unwrap();
    let library = library_of(directory.path(), &format!("#include <metal_stdlib>\n{SOURCE}"));
    let kernel = Kernel::build(&library, "next", &FunctionConstantValues::new()).unwrap();
    let check = |threads: u32| {
        let mut out = vec![0u32; threads as usize];
        run(&kernel, &mut [&mut out], [threads, 1, 1], [64, 1, 1]);
        let last = |i: u32| (i + 1).is_multiple_of(64) || i + 1 == threads;
        let expected = (0..threads).map(|i| if last(i) { i / 64 * 64 } else { i + 1 });
        assert!(out.iter().copied().eq(expected), "{threads} threads: {out:?}");
    };
    check(128);
    check(96);
    assert!(kernel.0.special.straight.get().is_none(), "not needed so far");
    check(100);
    assert!(kernel.0.special.straight.get().is_some() && kernel.0.special.general.get().is_none());
}

#[test]
fn code_for_whole_simdgroups_is_not_used_for_threadgroups_of_other_widths() {
    const SOURCE: &str = "
        #include <metal_stdlib>
        using namespace metal;
        kernel void rest(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]],
                         uint n [[threads_per_threadgroup]]) {
            out[i] = n % 32;
        }
        kernel void waits(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]],
                          uint n [[threads_per_threadgroup]]) {
            threadgroup_barrier(mem_flags::mem_none);
            out[i] = n % 32;
        }
        kernel void never_waits(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]],
                                uint n [[threads_per_threadgroup]]) {
            if (n > n) threadgroup_barrier(mem_flags::mem_none);
            out[i] = n % 32;
        }";
    let directory = tempfile::tempdir().unwrap();
    let library = library_of(directory.path(), SOURCE);
    let kernels = ["rest", "waits", "never_waits"]
        .map(|name| Kernel::build(&library, name, &FunctionConstantValues::new()).unwrap());
    for (threads, width) in [(128, 64), (96, 64), (100, 64), (80, 40), (96, 40), (7, 64)] {
        for kernel in &kernels {
            let mut out = vec![77u32; threads as usize];
            run(kernel, &mut [&mut out], [threads, 1, 1], [width, 1, 1]);
            // The last threadgroup may have less.
            let expected = (0..threads).map(|i| (threads - i / width * width).min(width) % 32);
            assert!(expected.eq(out), "{}: {threads} threads by {width}", kernel.0.source.name);
        }
        let is_there = kernels[1].0.special.straight.get().is_some();
        assert_eq!(is_there, (threads, width) != (128, 64) && (threads, width) != (96, 64));
    }
}

#[test]
fn code_for_simdgroups_together_is_compiled_for_launches_that_have_many_of_their_threadgroups() {
    const SOURCE: &str = "
        kernel void turned(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]],
                           uint t [[thread_position_in_threadgroup]]) {
            threadgroup uint all[64];
            all[t] = i;
            threadgroup_barrier(metal::mem_flags::mem_threadgroup);
            out[i] = all[63 - t];
        }";
    let directory = tempfile::tempdir().unwrap();
    let library = library_of(directory.path(), &format!("#include <metal_stdlib>\n{SOURCE}"));
    let kernel = Kernel::build(&library, "turned", &FunctionConstantValues::new()).unwrap();
    let check = |groups: u32| {
        let mut out = vec![0u32; 64 * groups as usize];
        run(&kernel, &mut [&mut out], [64 * groups, 1, 1], [64, 1, 1]);
        let expected = (0..64 * groups).map(|i| i / 64 * 64 + 63 - i % 64);
        assert!(out.into_iter().eq(expected), "{groups} threadgroups");
    };
    let is_there = || kernel.0.special.together[1][0].get().is_some();
    check(MANY as u32 - 1);
    assert!(!is_there());
    check(MANY as u32);
    assert!(is_there());
}

#[test]
fn what_is_kept_needs_no_bitcode() {
    let directory = tempfile::tempdir().unwrap();
    let whole = library_in(directory.path());
    assert_works(&build(&whole));
    let cache = || Arc::new(Cache::new(&CacheDirectory::At(directory.path().into()), 1 << 30));
    let empty = || FromFront { bitcode: b"none".to_vec(), warnings: Vec::new() };
    Library::new(empty(), cache()).unwrap_err();

    // As if this bitcode had been compiled before.
    let reflection = crate::library::Reflection::of(&whole);
    cache().set(crate::library::Reflection::key(Digest::of(b"none")), &reflection);
    let library = Library::new(empty(), cache()).unwrap();
    assert_eq!(library.functions(), whole.functions());
    Kernel::build(&library, "numbers", &FunctionConstantValues::new()).unwrap_err();
    keep(&library, &kept(&whole).unwrap());
    let key = |library| part_key(&source(library, "numbers"), Groups::Whole).unwrap();
    cache().set(key(&library), &cache().get::<BuiltPart>(key(&whole)).unwrap());
    assert_works(&build(&library));
}

const GUARDED: &str = "
    kernel void guarded(device uint *out [[buffer(0)]], constant uint &n [[buffer(1)]],
                        uint i [[thread_position_in_grid]]) {
        if (i < n) out[i] = i + 1;
    }";

/// Runs the kernel `guarded` in so many threads, all but the last `less` of which do something.
fn run_guarded(kernel: &Kernel, threads: u32, less: u32) {
    let mut out = vec![0u32; threads as usize];
    let n = threads - less;
    run(kernel, &mut [&mut out, &mut [n]], [threads, 1, 1], [64, 1, 1]);
    assert!((0..threads).map(|i| if i < n { i + 1 } else { 0 }).eq(out), "{n} of {threads} threads");
}

#[test]
fn the_part_for_absent_threads_is_compiled_when_there_are_some() {
    let directory = tempfile::tempdir().unwrap();
    let build = || {
        let library = library_of(directory.path(), GUARDED);
        Kernel::build(&library, "guarded", &FunctionConstantValues::new()).unwrap()
    };
    let kernel = build();
    let key = part_key(&kernel.0.source, Groups::Whole).unwrap();
    let kept = || kernel.0.source.library.cache().get::<BuiltPart>(key).map(|part| part.object);
    run_guarded(&kernel, 1 << 12, 0);
    assert!(!kernel.0.code.has_compiled_part() && kept().is_none(), "not needed so far");
    run_guarded(&kernel, 1 << 12, 100);
    assert!(kernel.0.code.has_compiled_part(), "threads disagree");
    let object = kept().unwrap();
    // As later processes would: one that finds the part, and one that finds everything but the part.
    for is_there in [true, false] {
        if !is_there {
            let path = directory.path().join(BuiltPart::DIRECTORY).join(key.to_string());
            std::fs::remove_file(path).unwrap();
        }
        let kernel = build();
        run_guarded(&kernel, 1001, 0);
        assert!(kernel.0.code.has_compiled_part(), "the last threads are absent");
        assert!(kept() == Some(object.clone()), "it is the same from its source");
    }
}

#[test]
fn code_that_cannot_be_linked_is_compiled_again() {
    let directory = tempfile::tempdir().unwrap();
    let library = library_in(directory.path());
    build(&library);
    for change in [
        |built: &mut Built| built.generated.object.clear(),
        |built: &mut Built| built.generated.object = b"no object at all".to_vec(),
        |built: &mut Built| built.generated.entry = runtime::EntryKind::Simdgroups,
    ] {
        mark(&library);
        let mut built = kept(&library).unwrap();
        change(&mut built);
        keep(&library, &built);
        let kernel = build(&library);
        assert!(!is_marked(&kernel));
        assert_works(&kernel);
        assert!(kept(&library).is_some_and(|built| built.log == *kernel.log()), "it is replaced");
    }
}

#[test]
fn damaged_entries_are_compiled_again() {
    let directory = tempfile::tempdir().unwrap();
    let library = library_in(directory.path());
    build(&library);
    mark(&library);
    let key = source(&library, "numbers").key(Groups::Whole).unwrap();
    let path = directory.path().join(Built::DIRECTORY).join(key.to_string());
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 20, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let kernel = build(&library);
        assert!(!is_marked(&kernel));
        assert_works(&kernel);
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(is_marked(&build(&library)), "the whole entry is used");
}

#[cfg(unix)]
#[test]
fn code_that_others_could_have_written_is_not_run() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let library = library_in(directory.path());
    build(&library);
    mark(&library);
    let key = source(&library, "numbers").key(Groups::Whole).unwrap();
    let kernels = directory.path().join(Built::DIRECTORY);
    for path in [kernels.join(key.to_string()), kernels] {
        let before = std::fs::metadata(&path).unwrap().permissions();
        set_permissions(&path, Permissions::from_mode(before.mode() | 0o002)).unwrap();
        let kernel = build(&library_in(directory.path()));
        assert!(!is_marked(&kernel), "{} can be written by others", path.display());
        assert_works(&kernel);
        set_permissions(&path, before).unwrap();
        mark(&library);
        assert!(is_marked(&build(&library)));
    }
}

#[test]
fn everything_that_code_depends_on_is_in_the_key() {
    let directory = tempfile::tempdir().unwrap();
    let library = library_in(directory.path());
    let mut constants = FunctionConstantValues::new();
    constants.set_constant_value_at_index(0, ConstantValue::from(5u32));
    let plain = source(&library, "numbers");
    let scalar = BuildOptions::default().with_execution(Execution::Scalar);
    // SAFETY: nothing is run.
    let unchecked = unsafe { BuildOptions::default().unchecked() };
    let other = Compiler::new(CompilerConfig {
        cache_directory: CacheDirectory::At(directory.path().into()),
        ..CompilerConfig::default()
    })
    .compile(&SOURCE.replace("i + 1", "i + 2"), &CompileOptions::default())
    .unwrap();
    let keys = [
        plain.key(Groups::Whole),
        plain.key(Groups::Any),
        source(&library, "scaled").key(Groups::Whole),
        Source { constants, ..plain.clone() }.key(Groups::Whole),
        Source { options: scalar, ..plain.clone() }.key(Groups::Whole),
        Source { options: unchecked, ..plain.clone() }.key(Groups::Whole),
        source(&other, "numbers").key(Groups::Whole),
    ];
    for (i, key) in keys.iter().enumerate() {
        assert!(key.is_some() && !keys[..i].contains(key), "key {i}");
    }
    assert_eq!(source(&library_in(directory.path()), "numbers").key(Groups::Whole), keys[0]);
}

#[test]
fn without_a_cache_nothing_is_kept() {
    let config = CompilerConfig { cache_directory: CacheDirectory::Disabled, ..CompilerConfig::default() };
    let library = Compiler::new(config).compile(SOURCE, &CompileOptions::default()).unwrap();
    assert_eq!(source(&library, "numbers").key(Groups::Whole), None);
    assert_works(&build(&library));
}
