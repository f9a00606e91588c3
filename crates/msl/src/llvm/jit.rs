//! Loading an object file into this process.

use std::fmt;

use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::orc2::lljit::*;
use llvm_sys::orc2::*;

use super::{c_string, take_error};

/// An object file linked into memory. Its symbols resolve only to the addresses given: nothing of the
/// host process can be reached by name.
pub(crate) struct LoadedObject(LLVMOrcLLJITRef);

// SAFETY: LLJIT locks internally; after loading, only addresses in it are used.
unsafe impl Send for LoadedObject {}
// SAFETY: as above.
unsafe impl Sync for LoadedObject {}

impl LoadedObject {
    /// Links an object file. `imports` gives the address of every symbol that it may use.
    ///
    /// # Safety
    ///
    /// The imports have the types by which the object calls them.
    pub(crate) unsafe fn load(object: &[u8], imports: &[(&str, usize)]) -> Result<Self, String> {
        // SAFETY: ORC takes over what is passed to it, on success; each result is checked before the next step.
        unsafe {
            let mut jit = std::ptr::null_mut();
            take_error(LLVMOrcCreateLLJIT(&mut jit, std::ptr::null_mut()))?;
            let loaded = Self(jit);
            let dylib = LLVMOrcLLJITGetMainJITDylib(jit);
            if !imports.is_empty() {
                let mut symbols: Vec<LLVMOrcCSymbolMapPair> = imports
                    .iter()
                    .map(|(name, address)| LLVMOrcCSymbolMapPair {
                        Name: LLVMOrcLLJITMangleAndIntern(jit, c_string(name).as_ptr()),
                        Sym: LLVMJITEvaluatedSymbol {
                            Address: *address as u64,
                            Flags: LLVMJITSymbolFlags {
                                GenericFlags: LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsCallable
                                    as u8,
                                TargetFlags: 0,
                            },
                        },
                    })
                    .collect();
                let unit = LLVMOrcAbsoluteSymbols(symbols.as_mut_ptr(), symbols.len());
                take_error(LLVMOrcJITDylibDefine(dylib, unit))?;
            }
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
                object.as_ptr().cast(),
                object.len(),
                c"kernel".as_ptr(),
            );
            take_error(LLVMOrcLLJITAddObjectFile(jit, dylib, buffer))?;
            Ok(loaded)
        }
    }

    /// Address of a symbol of the object.
    pub(crate) fn address(&self, symbol: &str) -> Result<usize, String> {
        let mut address = 0;
        // SAFETY: a live JIT; the name is a C string.
        unsafe { take_error(LLVMOrcLLJITLookup(self.0, &mut address, c_string(symbol).as_ptr()))? };
        Ok(address as usize)
    }
}

impl fmt::Debug for LoadedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoadedObject")
    }
}

impl Drop for LoadedObject {
    fn drop(&mut self) {
        // SAFETY: a live JIT, disposed of once; whoever holds addresses in it holds it too.
        // An error here means that memory could not be returned: nothing to be done about it.
        let _ = unsafe { take_error(LLVMOrcDisposeLLJIT(self.0)) };
    }
}
