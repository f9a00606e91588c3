//! Loading an object file into this process.

use std::ffi::{CStr, c_void};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::error::{LLVMCreateStringError, LLVMErrorRef};
use llvm_sys::orc2::lljit::*;
use llvm_sys::orc2::*;

use super::{c_string, take_error};

/// An object file linked into memory. Its symbols resolve only to the addresses given: nothing of the
/// host process can be reached by name.
pub(crate) struct LoadedObject {
    jit: LLVMOrcLLJITRef,
    /// What LLVM reports beside the errors that its functions return; boxed, because LLVM has its address.
    errors: Box<Mutex<Vec<String>>>,
}

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
            let loaded = Self { jit, errors: Box::default() };
            let errors: *const Mutex<Vec<String>> = &*loaded.errors;
            let session = LLVMOrcLLJITGetExecutionSession(jit);
            LLVMOrcExecutionSessionSetErrorReporter(session, report, errors.cast_mut().cast());
            let dylib = LLVMOrcLLJITGetMainJITDylib(jit);
            // LLVM would look for what it does not find in the process.
            let refusing = LLVMOrcCreateCustomCAPIDefinitionGenerator(refuse, std::ptr::null_mut(), forget);
            LLVMOrcJITDylibAddGenerator(dylib, refusing);
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
        let found =
            unsafe { take_error(LLVMOrcLLJITLookup(self.jit, &mut address, c_string(symbol).as_ptr())) };
        found.map_err(|message| {
            let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
            // The cause is only reported.
            if errors.is_empty() { message } else { std::mem::take(&mut *errors).join("; ") }
        })?;
        Ok(address as usize)
    }
}

/// What is neither defined nor imported is an error.
extern "C" fn refuse(
    _: LLVMOrcDefinitionGeneratorRef,
    _: *mut c_void,
    _: *mut LLVMOrcLookupStateRef,
    _: LLVMOrcLookupKind,
    _: LLVMOrcJITDylibRef,
    _: LLVMOrcJITDylibLookupFlags,
    symbols: LLVMOrcCLookupSet,
    count: usize,
) -> LLVMErrorRef {
    // SAFETY: the set is LLVM's for the call, and its names are C strings.
    let names: Vec<String> = unsafe {
        (0..count)
            .map(|i| CStr::from_ptr(LLVMOrcSymbolStringPoolEntryStr((*symbols.add(i)).Name)))
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    };
    let message = c_string(&format!("generated code has no symbol {}", names.join(", ")));
    // SAFETY: LLVM copies the message.
    unsafe { LLVMCreateStringError(message.as_ptr()) }
}

/// Keeps an error for [`LoadedObject::address`].
extern "C" fn report(errors: *mut c_void, error: LLVMErrorRef) {
    // SAFETY: the error is ours to take over.
    let Err(message) = (unsafe { take_error(error) }) else { return };
    // SAFETY: the list lives as long as the session that reports.
    let errors = unsafe { &*errors.cast::<Mutex<Vec<String>>>() };
    errors.lock().unwrap_or_else(PoisonError::into_inner).push(message);
}

extern "C" fn forget(_: *mut c_void) {}

impl fmt::Debug for LoadedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoadedObject")
    }
}

impl Drop for LoadedObject {
    fn drop(&mut self) {
        // SAFETY: a live JIT, disposed of once; whoever holds addresses in it holds it too.
        // An error here means that memory could not be returned: nothing to be done about it.
        let _ = unsafe { take_error(LLVMOrcDisposeLLJIT(self.jit)) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Machine, Module};
    use super::LoadedObject;

    #[test]
    fn nothing_of_the_process_is_reached_by_name() {
        let machine = Machine::host().unwrap();
        let text = "declare i32 @getpid()\ndefine i32 @f() {\n%v = call i32 @getpid()\nret i32 %v\n}";
        let mut module = Module::parse_text(text).unwrap();
        module.set_machine(&machine);
        let object = machine.emit_object(&mut module).unwrap();
        // SAFETY: nothing is imported.
        let loaded = unsafe { LoadedObject::load(&object, &[]) }.unwrap();
        let message = loaded.address("f").unwrap_err();
        assert!(message.contains("no symbol") && message.contains("getpid"), "{message}");
    }
}
