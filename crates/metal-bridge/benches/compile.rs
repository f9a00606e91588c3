//! How long it takes from source to kernels that run: the 15 built-in kernels.
//!
//! `cargo bench -p metal-bridge --bench compile`

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
mod compile {
    use std::path::Path;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use divan::Bencher;
    use metal_bridge::METAL_KERNEL_SOURCE;
    use metal_bridge::kernels::METAL_KERNEL_NAMES;
    use msl::{
        CacheDirectory, CompileOptions, Compiler, CompilerConfig, FunctionConstantValues, Kernel, Library,
    };
    use tempfile::TempDir;

    fn compiler(cache: &Path) -> Compiler {
        let cache_directory = CacheDirectory::At(cache.into());
        Compiler::new(CompilerConfig { cache_directory, ..CompilerConfig::default() })
    }

    fn compile(compiler: &Compiler, source: &str) -> Library {
        compiler.compile(source, &CompileOptions::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A cache that knows clang, the headers and the built-in kernels.
    fn warm_cache() -> &'static Path {
        static CACHE: OnceLock<TempDir> = OnceLock::new();
        let cache = CACHE.get_or_init(|| {
            let cache = tempfile::tempdir().unwrap();
            compile(&compiler(cache.path()), METAL_KERNEL_SOURCE);
            cache
        });
        cache.path()
    }

    /// A source that no cache has, nor what is made of it.
    fn new_source() -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        format!(
            "{METAL_KERNEL_SOURCE}\nkernel void own(device uint *out [[buffer(0)]]) {{ *out = {number}; }}\n"
        )
    }

    fn build_all(library: &Library) -> Vec<Kernel> {
        let constants = FunctionConstantValues::new();
        let build = |name| Kernel::build(library, name, &constants).unwrap_or_else(|error| panic!("{error}"));
        METAL_KERNEL_NAMES.into_iter().map(build).collect()
    }

    /// The very first library on a machine: finds clang and precompiles the headers too.
    #[divan::bench(sample_count = 10)]
    fn library_with_an_empty_cache(bencher: Bencher<'_, '_>) {
        bencher
            .with_inputs(|| tempfile::tempdir().unwrap())
            .bench_values(|cache| (compile(&compiler(cache.path()), METAL_KERNEL_SOURCE), cache));
    }

    /// A source that is not in the cache.
    #[divan::bench(sample_count = 20)]
    fn library_cold(bencher: Bencher<'_, '_>) {
        let compiler = compiler(warm_cache());
        bencher.with_inputs(new_source).bench_values(|source| compile(&compiler, &source));
    }

    /// A source that is in the cache, by a compiler that is new, as in a new process.
    #[divan::bench(sample_count = 100)]
    fn library_cached_new_compiler(bencher: Bencher<'_, '_>) {
        let cache = warm_cache();
        bencher.bench_local(|| compile(&compiler(cache), METAL_KERNEL_SOURCE));
    }

    /// A source that is in the cache.
    #[divan::bench(sample_count = 100)]
    fn library_cached(bencher: Bencher<'_, '_>) {
        let compiler = compiler(warm_cache());
        bencher.bench_local(|| compile(&compiler, METAL_KERNEL_SOURCE));
    }

    /// A library that keeps nothing of what is made of it.
    fn library_without_cache() -> &'static Library {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        LIBRARY.get_or_init(|| {
            let cache_directory = CacheDirectory::Disabled;
            let compiler = Compiler::new(CompilerConfig { cache_directory, ..CompilerConfig::default() });
            compile(&compiler, METAL_KERNEL_SOURCE)
        })
    }

    /// The pipeline of one kernel.
    #[divan::bench(sample_count = 10, args = METAL_KERNEL_NAMES)]
    fn pipeline(bencher: Bencher<'_, '_>, name: &str) {
        let library = library_without_cache();
        let constants = FunctionConstantValues::new();
        bencher.bench_local(|| Kernel::build(library, name, &constants).unwrap());
    }

    /// The library and the pipelines of all its kernels, neither of them known before.
    #[divan::bench(sample_count = 10)]
    fn library_and_all_pipelines_cold(bencher: Bencher<'_, '_>) {
        let compiler = compiler(warm_cache());
        bencher.with_inputs(new_source).bench_values(|source| build_all(&compile(&compiler, &source)));
    }

    /// The same with a library that is in the cache, but none of its kernels.
    #[divan::bench(sample_count = 10)]
    fn all_pipelines_cold(bencher: Bencher<'_, '_>) {
        bencher.bench_local(|| build_all(library_without_cache()));
    }

    /// All of it is in the cache.
    #[divan::bench(sample_count = 100)]
    fn library_and_all_pipelines_cached(bencher: Bencher<'_, '_>) {
        let compiler = compiler(warm_cache());
        build_all(&compile(&compiler, METAL_KERNEL_SOURCE));
        bencher.bench_local(|| build_all(&compile(&compiler, METAL_KERNEL_SOURCE)));
    }
}

fn main() {
    divan::main();
    if let Some(peak) = peak_resident_memory() {
        println!("peak resident memory of this process: {peak}");
    }
}

/// As the system says, where it does.
fn peak_resident_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().to_owned())
}
