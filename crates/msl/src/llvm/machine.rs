//! The machine to generate code for.

use std::ffi::CStr;
use std::fmt;
use std::sync::{Mutex, Once, OnceLock, PoisonError};

use llvm_sys::core::*;
use llvm_sys::target_machine::*;

use super::{Module, c_string, take_message};
use crate::switches;

/// A target machine: generates native code.
pub(crate) struct Machine {
    pub(super) machine: LLVMTargetMachineRef,
    processor: Processor,
}

/// Machines that nobody uses now. The first use of one makes LLVM's tables of the processor, which takes as long as compiling a
/// small function.
static IDLE: Mutex<Vec<Machine>> = Mutex::new(Vec::new());
/// Most of them that are kept.
const MOST_IDLE: usize = 16;

// SAFETY: LLVM's target machines have no thread affinity; each is used by one thread at a time.
unsafe impl Send for Machine {}

/// Makes LLVM know of this machine, if kernels can run on it: of others it says that it has no such target. Written out
/// because what the headers of LLVM have for "the native machine" needs a C compiler.
pub(super) fn initialise() {
    static INITIALISE: Once = Once::new();
    INITIALISE.call_once(|| {
        // SAFETY: initialisation happens once.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            llvm_sys::target::LLVMInitializeX86TargetInfo();
            llvm_sys::target::LLVMInitializeX86Target();
            llvm_sys::target::LLVMInitializeX86TargetMC();
            llvm_sys::target::LLVMInitializeX86AsmPrinter();
            llvm_sys::target::LLVMInitializeX86AsmParser();
        }
        // SAFETY: as above.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            llvm_sys::target::LLVMInitializeAArch64TargetInfo();
            llvm_sys::target::LLVMInitializeAArch64Target();
            llvm_sys::target::LLVMInitializeAArch64TargetMC();
            llvm_sys::target::LLVMInitializeAArch64AsmPrinter();
            llvm_sys::target::LLVMInitializeAArch64AsmParser();
        }
    });
}

/// The vector registers of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VectorRegisters {
    /// Of each.
    pub(crate) bytes: u32,
    pub(crate) count: u32,
}

/// Instructions for accesses under a mask.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MaskedAccesses {
    /// Whether they are as fast as others.
    pub(crate) are_fast: bool,
    /// Least bits of elements that follow each other.
    contiguous: u32,
    /// Least bits of elements that are anywhere.
    scattered: u32,
}

impl MaskedAccesses {
    /// Whether there are some for elements of so many bits that follow each other.
    pub(crate) fn contiguous(self, bits: u32) -> bool {
        bits >= self.contiguous
    }

    /// Whether there are some for elements of so many bits that are anywhere.
    pub(crate) fn scattered(self, bits: u32) -> bool {
        bits >= self.scattered
    }
}

/// What code is generated for, in LLVM's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Processor {
    pub(crate) triple: String,
    pub(crate) name: String,
    pub(crate) features: String,
}

impl Processor {
    /// That of [`Machine::host`]. Takes no time.
    pub(crate) fn host() -> Result<Self, String> {
        Self::of_level(&level())
    }

    fn of_level(level: &str) -> Result<Self, String> {
        // Asking a processor for its features takes long on virtual machines.
        static HOST: OnceLock<(String, String)> = OnceLock::new();
        let (name, features) = HOST.get_or_init(|| {
            // SAFETY: the strings are LLVM's, taken over.
            unsafe { (take_message(LLVMGetHostCPUName()), take_message(LLVMGetHostCPUFeatures())) }
        });
        let (name, features) = allowed(level, name.clone(), features.clone())?;
        // SAFETY: as above.
        let triple = unsafe { take_message(LLVMGetDefaultTargetTriple()) };
        Ok(Self { triple, name, features })
    }
}

/// The value of the switch.
fn level() -> String {
    switches::CPU.value().unwrap_or_default().to_string_lossy().into_owned()
}

impl Machine {
    /// The machine this process runs on, with the features of its CPU that [`CPU`](crate::switches::CPU) allows.
    ///
    /// # Errors
    ///
    /// A message if the switch has no such value, or LLVM cannot generate code for this machine.
    pub(crate) fn host() -> Result<Self, String> {
        Self::of_level(&level())
    }

    /// As [`host`](Self::host), with a value of the switch.
    pub(crate) fn of_level(level: &str) -> Result<Self, String> {
        initialise();
        Self::of(Processor::of_level(level)?)
    }

    /// A machine of another architecture, with SIMD instructions of 128 bits and arithmetic with halves or not.
    #[cfg(test)]
    pub(crate) fn aarch64(halves: bool) -> Result<Self, String> {
        // SAFETY: initialisation may be repeated.
        unsafe {
            llvm_sys::target::LLVMInitializeAArch64TargetInfo();
            llvm_sys::target::LLVMInitializeAArch64Target();
            llvm_sys::target::LLVMInitializeAArch64TargetMC();
            llvm_sys::target::LLVMInitializeAArch64AsmPrinter();
        }
        let features = if halves { "+neon,+lse,+fullfp16" } else { "+neon" };
        let (triple, name) = ("aarch64-unknown-linux-gnu".into(), "generic".into());
        Self::of(Processor { triple, name, features: features.into() })
    }

    fn of(processor: Processor) -> Result<Self, String> {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = idle.iter().position(|machine| machine.processor == processor) {
            return Ok(idle.swap_remove(place));
        }
        drop(idle);
        let Processor { triple, name, features } = &processor;
        let (triple, cpu, features) = (c_string(triple), c_string(name), c_string(features));
        // SAFETY: live strings; the target is checked before it is used.
        unsafe {
            let mut target = std::ptr::null_mut();
            let mut message = std::ptr::null_mut();
            if LLVMGetTargetFromTriple(triple.as_ptr(), &mut target, &mut message) != 0 {
                return Err(take_message(message));
            }
            let machine = LLVMCreateTargetMachine(
                target,
                triple.as_ptr(),
                cpu.as_ptr(),
                features.as_ptr(),
                LLVMCodeGenOptLevel::LLVMCodeGenLevelDefault,
                LLVMRelocMode::LLVMRelocPIC,
                LLVMCodeModel::LLVMCodeModelSmall,
            );
            if machine.is_null() {
                return Err(format!("LLVM has no target machine for {triple:?}"));
            }
            Ok(Self { machine, processor })
        }
    }

    /// Whether it computes with half-precision numbers.
    pub(crate) fn computes_halves(&self) -> bool {
        self.has("avx512fp16", &[]) || self.has("fullfp16", &[])
    }

    /// How many 32-bit values one instruction permutes by indices in a register: `vpermi2d`'s or `vpermd`'s; 0 if
    /// there is neither.
    pub(crate) fn permuted_words(&self) -> u32 {
        if self.has("avx512f", &["x86-64-v4"]) {
            16
        } else if self.has("avx2", &["x86-64-v3", "x86-64-v4"]) {
            8
        } else {
            0
        }
    }

    /// Its instructions for accesses under a mask, as LLVM uses them.
    pub(crate) fn masked_accesses(&self) -> MaskedAccesses {
        let none = u32::MAX;
        if self.has("avx512f", &["x86-64-v4"]) {
            let contiguous = if self.has("avx512bw", &["x86-64-v4"]) { 8 } else { 32 };
            MaskedAccesses { are_fast: true, contiguous, scattered: 32 }
        } else if self.has("avx2", &["x86-64-v3", "x86-64-v4"]) {
            MaskedAccesses { are_fast: false, contiguous: 32, scattered: none }
        } else {
            MaskedAccesses { are_fast: false, contiguous: none, scattered: none }
        }
    }

    /// Whether it has stores that go past the caches, which the runtime waits for (`runtime/run.rs`).
    pub(crate) fn streams(&self) -> bool {
        self.triple().starts_with("x86_64")
    }

    /// Its vector registers.
    pub(crate) fn vector_registers(&self) -> VectorRegisters {
        let (bytes, count) = if self.has("avx512f", &["x86-64-v4"]) {
            (64, 32)
        } else if self.has("avx2", &["x86-64-v3", "x86-64-v4"]) {
            (32, 16)
        } else if cfg!(target_arch = "aarch64") || self.has("neon", &[]) {
            (16, 32)
        } else {
            (16, 16)
        };
        VectorRegisters { bytes, count }
    }

    /// The features to use where vectors have elements of 32 bits and more only, if those are not all of them. With
    /// AVX-512BW LLVM keeps 32 lanes' masks in one register, though instructions for 16 elements need them in two; without,
    /// it does not take them apart and together again.
    pub(crate) fn features_for_words(&self) -> Option<String> {
        let features = &self.processor.features;
        let separator = if features.is_empty() { "" } else { "," };
        self.has("avx512bw", &["x86-64-v4"]).then(|| format!("{features}{separator}-avx512bw"))
    }

    /// Whether it has a feature, which these levels have.
    fn has(&self, feature: &str, levels: &[&str]) -> bool {
        let Processor { name, features, .. } = &self.processor;
        let listed = |sign| features.split(',').any(|f| f.strip_prefix(sign) == Some(feature));
        listed('+') || levels.contains(&name.as_str()) && !listed('-')
    }

    pub(crate) fn triple(&self) -> &str {
        &self.processor.triple
    }

    pub(crate) fn data_layout(&self) -> String {
        // SAFETY: a live machine; layout and string are disposed of.
        unsafe {
            let layout = LLVMCreateTargetDataLayout(self.machine);
            let text = take_message(llvm_sys::target::LLVMCopyStringRepOfTargetData(layout));
            llvm_sys::target::LLVMDisposeTargetData(layout);
            text
        }
    }

    /// Generates an object file.
    pub(crate) fn emit_object(&self, module: &mut Module) -> Result<Vec<u8>, String> {
        self.emit(module, LLVMCodeGenFileType::LLVMObjectFile)
    }

    /// Generates assembly text. The module is spent: code generation changes it.
    pub(crate) fn emit_assembly(&self, module: &mut Module) -> Result<String, String> {
        let text = self.emit(module, LLVMCodeGenFileType::LLVMAssemblyFile)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn emit(&self, module: &mut Module, kind: LLVMCodeGenFileType) -> Result<Vec<u8>, String> {
        let mut message = std::ptr::null_mut();
        let mut buffer = std::ptr::null_mut();
        // SAFETY: a live machine and module; the buffer's bytes are copied before it is disposed of.
        let bytes = unsafe {
            let failed = LLVMTargetMachineEmitToMemoryBuffer(
                self.machine,
                module.module,
                kind,
                &mut message,
                &mut buffer,
            );
            if failed != 0 {
                return Err(take_message(message));
            }
            let bytes = std::slice::from_raw_parts(
                LLVMGetBufferStart(buffer).cast::<u8>(),
                LLVMGetBufferSize(buffer),
            )
            .to_vec();
            LLVMDisposeMemoryBuffer(buffer);
            bytes
        };
        module.take_errors()?;
        Ok(bytes)
    }
}

/// The name and features to generate code for at a level, given those of this machine.
fn allowed(level: &str, cpu: String, features: String) -> Result<(String, String), String> {
    const LEVELS: &[&str] = if cfg!(target_arch = "x86_64") {
        &["native", "generic", "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"]
    } else {
        &["native", "generic"]
    };
    match level {
        "" | "native" if cfg!(target_arch = "x86_64") => {
            // Their conversions to bfloat make zeros of subnormal numbers, whatever the mode. LLVM 19 compiles comparisons
            // of halves under a mask wrongly with avx512fp16: where it swaps the operands to take one from memory, it
            // keeps the predicate.
            Ok((cpu, features + ",-avx512bf16,-avxneconvert,-avx512fp16"))
        }
        "" | "native" => Ok((cpu, features)),
        level if LEVELS.contains(&level) => {
            // What the processor lacks stays off, whatever the level has.
            let lacking: Vec<&str> = features.split(',').filter(|f| f.starts_with('-')).collect();
            Ok((level.to_owned(), lacking.join(",")))
        }
        other => Err(format!("{} is '{other}'; expected one of {}", switches::CPU.name, LEVELS.join(", "))),
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: a live machine; the string is static for the machine's target.
        let name = unsafe { CStr::from_ptr(LLVMGetTargetName(LLVMGetTargetMachineTarget(self.machine))) };
        f.debug_tuple("Machine").field(&name).finish()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(Self { machine: self.machine, processor: self.processor.clone() });
            return;
        }
        // SAFETY: a live machine, disposed of once: it was not given to anybody else.
        unsafe { LLVMDisposeTargetMachine(self.machine) }
    }
}
