//! Loading object files into this process.

use std::cell::RefCell;
use std::ffi::{CString, c_void};
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::lljit::*;
use llvm_sys::orc2::*;

use super::machine::initialise;
use super::{c_string, take_error};

/// An object file linked into memory. Its symbols resolve only to the addresses given: nothing of the
/// host process can be reached by name.
pub(crate) struct LoadedObject {
    session: &'static Session,
    /// The names of this object alone.
    dylib: LLVMOrcJITDylibRef,
}

// SAFETY: the session locks internally; after loading, only addresses in the object are used.
unsafe impl Send for LoadedObject {}
// SAFETY: as above.
unsafe impl Sync for LoadedObject {}

/// LLVM's linker for this process. There is one, since making one takes longer than linking a kernel.
struct Session {
    jit: LLVMOrcLLJITRef,
    dylibs: Mutex<Dylibs>,
}

#[derive(Default)]
struct Dylibs {
    /// Empty again; LLVM cannot remove one.
    free: Vec<LLVMOrcJITDylibRef>,
    made: u64,
}

// SAFETY: LLJIT locks internally, and the rest is behind a lock.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

impl Session {
    fn get() -> Result<&'static Self, String> {
        static SESSION: OnceLock<Result<Session, String>> = OnceLock::new();
        let session = SESSION.get_or_init(|| {
            initialise();
            let mut jit = std::ptr::null_mut();
            // SAFETY: the result is checked before the JIT is used.
            unsafe {
                take_error(LLVMOrcCreateLLJIT(&mut jit, std::ptr::null_mut()))?;
                let session = LLVMOrcLLJITGetExecutionSession(jit);
                LLVMOrcExecutionSessionSetErrorReporter(session, report, std::ptr::null_mut());
            }
            Ok(Self { jit, dylibs: Mutex::default() })
        });
        session.as_ref().map_err(Clone::clone)
    }

    fn execution_session(&self) -> LLVMOrcExecutionSessionRef {
        // SAFETY: a live JIT.
        unsafe { LLVMOrcLLJITGetExecutionSession(self.jit) }
    }

    /// A name as the linker has it, with a reference to it.
    fn intern(&self, name: &str) -> LLVMOrcSymbolStringPoolEntryRef {
        // SAFETY: a live JIT; the name is a C string, and copied.
        unsafe { LLVMOrcLLJITMangleAndIntern(self.jit, c_string(name).as_ptr()) }
    }

    /// A set of names with nothing in it, not even what the process has.
    fn dylib(&self) -> LLVMOrcJITDylibRef {
        let mut dylibs = self.dylibs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dylib) = dylibs.free.pop() {
            return dylib;
        }
        dylibs.made += 1;
        let name = CString::new(format!("kernel {}", dylibs.made)).expect("no NUL in it");
        // SAFETY: a live session, in which no other has this name.
        unsafe { LLVMOrcExecutionSessionCreateBareJITDylib(self.execution_session(), name.as_ptr()) }
    }
}

thread_local! {
    /// What the linker has reported on this thread beside the errors that it returns, which say less.
    static REPORTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

extern "C" fn report(_: *mut c_void, error: LLVMErrorRef) {
    // SAFETY: an error that is handed over.
    if let Err(message) = unsafe { take_error(error) } {
        REPORTED.with_borrow_mut(|reported| reported.push(message));
    }
}

impl LoadedObject {
    /// Links an object file. `imports` gives the address of every symbol that it may use.
    ///
    /// # Safety
    ///
    /// The imports have the types by which the object calls them.
    pub(crate) unsafe fn load(object: &[u8], imports: &[(&str, usize)]) -> Result<Self, String> {
        let session = Session::get()?;
        let loaded = Self { session, dylib: session.dylib() };
        let mut symbols: Vec<LLVMOrcCSymbolMapPair> = imports
            .iter()
            .map(|(name, address)| LLVMOrcCSymbolMapPair {
                Name: session.intern(name),
                Sym: LLVMJITEvaluatedSymbol {
                    Address: *address as u64,
                    Flags: LLVMJITSymbolFlags {
                        GenericFlags: LLVMJITSymbolGenericFlags::LLVMJITSymbolGenericFlagsCallable as u8,
                        TargetFlags: 0,
                    },
                },
            })
            .collect();
        // SAFETY: ORC takes over the names, the unit and the buffer; each result is checked before the next step.
        unsafe {
            if !symbols.is_empty() {
                let unit = LLVMOrcAbsoluteSymbols(symbols.as_mut_ptr(), symbols.len());
                take_error(LLVMOrcJITDylibDefine(loaded.dylib, unit))?;
            }
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(
                object.as_ptr().cast(),
                object.len(),
                c"kernel".as_ptr(),
            );
            take_error(LLVMOrcLLJITAddObjectFile(session.jit, loaded.dylib, buffer))?;
        }
        Ok(loaded)
    }

    /// Address of a symbol of the object.
    pub(crate) fn address(&self, symbol: &str) -> Result<usize, String> {
        let name = self.session.intern(symbol);
        let mut symbols = [LLVMOrcCLookupSetElement {
            Name: name,
            LookupFlags: LLVMOrcSymbolLookupFlags::LLVMOrcSymbolLookupFlagsRequiredSymbol,
        }];
        let mut order = [LLVMOrcCJITDylibSearchOrderElement {
            JD: self.dylib,
            JDLookupFlags: LLVMOrcJITDylibLookupFlags::LLVMOrcJITDylibLookupFlagsMatchExportedSymbolsOnly,
        }];
        let (sender, receiver) = mpsc::channel::<Found>();
        REPORTED.take();
        // SAFETY: lists of one element each, which live for the call. `found` is called once, maybe on another thread
        // that links this object just now, and takes over the sender. Then the name is given back.
        unsafe {
            LLVMOrcExecutionSessionLookup(
                self.session.execution_session(),
                LLVMOrcLookupKind::LLVMOrcLookupKindStatic,
                order.as_mut_ptr(),
                order.len(),
                symbols.as_mut_ptr(),
                symbols.len(),
                found,
                Box::into_raw(Box::new(sender)).cast(),
            );
            LLVMOrcReleaseSymbolStringPoolEntry(name);
        }
        let found = receiver.recv().unwrap_or_else(|_| Err("the linker gave no answer".into()));
        found.map_err(|message| {
            let reported = REPORTED.take();
            if reported.is_empty() { message } else { reported.join("; ") }
        })
    }
}

type Found = Result<usize, String>;

/// Passes on what a look-up of one symbol gave, to the boxed [`mpsc::Sender`] that `context` is.
extern "C" fn found(error: LLVMErrorRef, pairs: LLVMOrcCSymbolMapPairs, count: usize, context: *mut c_void) {
    // SAFETY: as `LoadedObject::address` has made it, which asks for one symbol: there is one pair if there is no error.
    let (sender, result) = unsafe {
        let sender = Box::from_raw(context.cast::<mpsc::Sender<Found>>());
        let result = take_error(error).and_then(|()| match count {
            0 => Err("the linker found nothing".into()),
            _ => Ok((*pairs).Sym.Address as usize),
        });
        (sender, result)
    };
    // Whoever asked is waiting.
    let _ = sender.send(result);
}

impl fmt::Debug for LoadedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoadedObject")
    }
}

impl Drop for LoadedObject {
    fn drop(&mut self) {
        // SAFETY: live; whoever holds addresses in it holds `self`. An error means that memory could not be returned:
        // nothing to be done about it, but not to use these names again.
        let cleared = unsafe { take_error(LLVMOrcJITDylibClear(self.dylib)) };
        if cleared.is_ok() {
            let mut dylibs = self.session.dylibs.lock().unwrap_or_else(PoisonError::into_inner);
            dylibs.free.push(self.dylib);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llvm::{Machine, Module};

    fn object(text: &str) -> Vec<u8> {
        let machine = Machine::host().unwrap();
        let mut module = Module::parse_text(text).unwrap();
        module.set_machine(&machine);
        machine.emit_object(&mut module).unwrap()
    }

    fn load(object: &[u8], imports: &[(&str, usize)]) -> Result<(LoadedObject, usize), String> {
        // SAFETY: the imports of these tests have the types that the texts declare.
        let loaded = unsafe { LoadedObject::load(object, imports) }?;
        let address = loaded.address("number")?;
        Ok((loaded, address))
    }

    fn call(address: usize) -> i32 {
        // SAFETY: all objects of these tests define this function.
        unsafe { std::mem::transmute::<usize, extern "C" fn() -> i32>(address)() }
    }

    fn returns(number: i32) -> Vec<u8> {
        object(&format!("define i32 @number() {{\n  ret i32 {number}\n}}"))
    }

    #[test]
    fn objects_with_the_same_names_live_side_by_side() {
        let objects: Vec<_> = (0..10).map(|n| load(&returns(n), &[]).unwrap()).collect();
        assert!(objects.iter().zip(0..).all(|((_, address), n)| call(*address) == n));
        drop(objects);
        let (_again, address) = load(&returns(77), &[]).unwrap();
        assert_eq!(call(address), 77);
    }

    #[test]
    fn only_imports_are_found() {
        extern "C" fn eleven() -> i32 {
            11
        }
        let calls = object(
            "declare i32 @getpid()\ndefine i32 @number() {\n  %n = call i32 @getpid()\n  ret i32 %n\n}",
        );
        let error = load(&calls, &[]).unwrap_err();
        assert!(error.contains("getpid"), "the process's own is not found: {error}");
        let (_loaded, address) = load(&calls, &[("getpid", eleven as *const () as usize)]).unwrap();
        assert_eq!(call(address), 11);
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        let object = returns(1);
        for bytes in [&b""[..], b"nothing of this kind", &object[..object.len() / 2]] {
            load(bytes, &[]).unwrap_err();
        }
        let (_loaded, address) = load(&object, &[]).unwrap();
        assert_eq!(call(address), 1);
    }

    #[test]
    fn threads_load_at_the_same_time() {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    let object = returns(thread);
                    for _ in 0..50 {
                        let (_loaded, address) = load(&object, &[]).unwrap();
                        assert_eq!(call(address), thread);
                    }
                });
            }
        });
    }
}
