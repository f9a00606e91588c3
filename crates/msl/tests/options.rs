//! What the options of a kernel's build change.

use std::sync::atomic::AtomicBool;

use msl::{
    Binding, BuildOptions, CompileOptions, Compiler, CompilerConfig, Execution, FaultKind, Kernel,
    KernelFault, Launch, Library, Scratch,
};

const SOURCE: &str = "
#include <metal_stdlib>
using namespace metal;
struct Block { float4 a, b; };
kernel void numbers(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    out[i] = i + 1;
}
kernel void copies(device Block *out [[buffer(0)]], device const Block *in [[buffer(1)]],
                   uint i [[thread_position_in_grid]]) {
    out[i] = in[i];
}
kernel void counts(device atomic_uint *out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    atomic_fetch_add_explicit(&out[i % 2 * 10], 1, memory_order_relaxed);
}
kernel void waits(device uint *out [[buffer(0)]], uint i [[thread_position_in_threadgroup]]) {
    threadgroup uint shared[32];
    shared[i] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[31 - i];
}
kernel void first_rows(device uint *out [[buffer(0)]], device const uint *in [[buffer(1)]],
                       uint2 i [[thread_position_in_threadgroup]]) {
    threadgroup uint shared[256];
    shared[32 * i.y + i.x] = i.x;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    uint sum = shared[255 - (32 * i.y + i.x)];
    if (i.y < in[8]) sum += in[ulong(i.y) << 40];
    out[32 * i.y + i.x] = sum;
}
kernel void within(device uint *out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup uint shared[32];
    shared[i & 31] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[31 - (i & 31)];
}
kernel void maybe_within(device uint *out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
    threadgroup uint shared[31];
    shared[i & 31] = i;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[31 - (i & 31)];
}
kernel void of_a_reference(device uint *out [[buffer(0)]], constant Block &in [[buffer(1)]],
                          uint i [[thread_position_in_grid]]) {
    out[i] = in.b.w;
}
kernel void after_a_reference(device uint *out [[buffer(0)]], constant Block &in [[buffer(1)]],
                              uint i [[thread_position_in_grid]]) {
    out[i] = (&in)[1].a.x;
}
kernel void endless(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    while (out[i] == 0) {}
}
";

fn library() -> Library {
    let compiler = Compiler::new(CompilerConfig::default());
    compiler.compile(SOURCE, &CompileOptions::default()).unwrap()
}

fn unchecked() -> BuildOptions {
    // SAFETY: the memory around what is bound in these tests is theirs, too.
    unsafe { BuildOptions::default().unchecked() }
}

fn build(name: &str, options: BuildOptions) -> Kernel {
    let kernel = Kernel::build_with(&library(), name, &Default::default(), &options).unwrap();
    assert_eq!(*kernel.options(), options);
    kernel
}

/// Runs 32 threads on the first `bound` words of each of the buffers.
fn run(kernel: &Kernel, buffers: &mut [[u32; 512]], bound: u64, stop: bool) -> Result<(), Box<KernelFault>> {
    run_rows(kernel, 1, buffers, bound, stop)
}

/// As [`run`], with 32 threads in each of some rows.
fn run_rows(
    kernel: &Kernel,
    rows: u32,
    buffers: &mut [[u32; 512]],
    bound: u64,
    stop: bool,
) -> Result<(), Box<KernelFault>> {
    let binding = |words: &mut [u32; 512]| Binding { address: words.as_mut_ptr().cast(), length: 4 * bound };
    let buffers: Vec<Option<Binding>> = buffers.iter_mut().map(|words| Some(binding(words))).collect();
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &[],
        threads_per_grid: [32, rows, 1],
        threads_per_threadgroup: [32, rows, 1],
        stop: &AtomicBool::new(stop),
    };
    // SAFETY: the bindings are parts of arrays of the caller, which nobody uses meanwhile.
    unsafe { kernel.run(&launch, 0..kernel.units(&launch), &mut Scratch::default()) }
}

#[test]
fn unchecked_kernels_give_the_same_results() {
    let input: [u32; 512] = std::array::from_fn(|i| 7 * i as u32);
    for name in ["numbers", "copies", "counts", "waits"] {
        let mut results = [BuildOptions::default(), unchecked()].map(|options| {
            let mut buffers = [[0; 512], input];
            run(&build(name, options), &mut buffers, 512, false).unwrap();
            buffers
        });
        assert_ne!(results[0][0], [0; 512], "{name} writes");
        let [checked, unchecked] = &mut results;
        assert_eq!(checked, unchecked, "{name}");
    }
}

#[test]
fn unchecked_kernels_reach_beyond_what_is_bound() {
    for (name, bound) in [("numbers", 10), ("copies", 64), ("counts", 4)] {
        let input = [5; 512];
        let mut buffers = [[0; 512], input];
        let fault = run(&build(name, BuildOptions::default()), &mut buffers, bound, false).unwrap_err();
        assert!(matches!(fault.kind, FaultKind::OutOfBounds { .. }), "{fault}");
        assert_eq!(buffers[0][bound as usize..], [0; 512][bound as usize..], "{name} is checked");
        run(&build(name, unchecked()), &mut buffers, bound, false).unwrap();
        assert_ne!(buffers[0][bound as usize..], [0; 512][bound as usize..], "{name} is not checked");
    }
}

/// SIMD-groups run together, and what the others would read is nowhere.
#[test]
fn unchecked_kernels_read_nothing_for_threads_that_are_not_active() {
    let kernel = build("first_rows", unchecked());
    for kernel in [kernel.for_few_threadgroups().expect("it waits"), kernel] {
        let mut buffers = [[0; 512], [0; 512]];
        (buffers[1][0], buffers[1][8]) = (7, 1);
        run_rows(&kernel, 8, &mut buffers, 512, false).unwrap();
        let expected = |i: u32| 31 - i % 32 + if i < 32 { 7 } else { 0 };
        assert_eq!(buffers[0][..256], std::array::from_fn::<u32, 256, _>(|i| expected(i as u32)));
    }
}

#[test]
fn unchecked_kernels_can_be_stopped() {
    run(&build("endless", unchecked()), &mut [[0; 512]], 512, true).unwrap();
}

#[test]
fn the_log_says_how_threads_are_executed() {
    let scalar = BuildOptions::default().with_execution(Execution::Scalar);
    let log = |name| build(name, scalar).log().clone();
    assert_eq!(log("numbers").warnings, []);
    assert!(log("numbers").remarks[0].message.contains("one after the other"));
    assert!(log("waits").remarks[0].message.contains("coroutine"));
}

#[test]
fn only_vector_kernels_that_wait_have_code_for_simdgroups_together() {
    for (name, options, has_other) in [
        ("waits", BuildOptions::default(), true),
        ("numbers", BuildOptions::default(), false),
        ("waits", BuildOptions::default().with_execution(Execution::Scalar), false),
    ] {
        let other = build(name, options).for_few_threadgroups();
        assert_eq!(other.is_some(), has_other, "{name}");
        if let Some(other) = other {
            let mut buffers = [[0; 512], [0; 512]];
            run(&other, &mut buffers, 512, false).unwrap();
            assert_eq!(buffers[0][..32], std::array::from_fn::<u32, 32, _>(|i| 31 - i as u32), "{name}");
        }
    }
}

#[test]
fn only_kernels_that_know_of_threadgroups_have_code_by_their_shape() {
    for (name, options, has_other) in [
        ("waits", BuildOptions::default(), true),
        ("numbers", BuildOptions::default(), false),
        ("waits", BuildOptions::default().with_execution(Execution::Scalar), false),
    ] {
        let other = build(name, options).for_any_threadgroup().unwrap();
        assert_eq!(other.is_some(), has_other, "{name}");
        if let Some(other) = other {
            let mut buffers = [[0; 512], [0; 512]];
            run(&other, &mut buffers, 512, false).unwrap();
            assert_eq!(buffers[0][..32], std::array::from_fn::<u32, 32, _>(|i| 31 - i as u32), "{name}");
        }
    }
}

#[test]
fn what_is_known_to_be_inside_is_not_checked() {
    let calls = |kernel: &str| {
        let text = msl::inspect(&library(), kernel, &Default::default(), msl::Stage::Vector).unwrap();
        text.lines().filter(|line| line.contains("call ") && line.contains("@msl.")).count()
    };
    assert!(calls("within") < calls("maybe_within"));
    assert!(calls("of_a_reference") < calls("after_a_reference"));
}
