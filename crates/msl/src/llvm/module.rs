//! A module with a context of its own.

use std::ffi::{c_char, c_void};
use std::fmt;

use llvm_sys::analysis::{LLVMVerifierFailureAction, LLVMVerifyModule};
use llvm_sys::bit_reader::LLVMParseBitcodeInContext2;
use llvm_sys::core::*;
use llvm_sys::debuginfo::LLVMStripModuleDebugInfo;
use llvm_sys::ir_reader::LLVMParseIRInContext;
use llvm_sys::linker::LLVMLinkModules2;
use llvm_sys::prelude::*;
use llvm_sys::transforms::pass_builder::*;

use super::{Machine, Type, Value, c_string, take_error, take_message};

/// One LLVM module in a context of its own, so that modules are independent of each other and may be
/// used on any one thread at a time.
pub(crate) struct Module {
    pub(super) context: LLVMContextRef,
    pub(super) module: LLVMModuleRef,
    /// Errors that LLVM reported through the context's handler.
    #[allow(clippy::box_collection, reason = "LLVM holds the address of the list")]
    errors: Box<Vec<String>>,
}

// SAFETY: a module and its context are used by whoever owns this value, and LLVM keeps no thread-local
// state about them.
unsafe impl Send for Module {}

/// Collects what LLVM would otherwise print before ending the process.
extern "C" fn collect_diagnostic(info: LLVMDiagnosticInfoRef, errors: *mut c_void) {
    // SAFETY: LLVM passes a live diagnostic, and the pointer registered with the handler: the module's list.
    unsafe {
        if LLVMGetDiagInfoSeverity(info) == llvm_sys::LLVMDiagnosticSeverity::LLVMDSError {
            let text = take_message(LLVMGetDiagInfoDescription(info));
            (*errors.cast::<Vec<String>>()).push(text);
        }
    }
}

impl Module {
    /// Parses bitcode.
    pub(crate) fn parse_bitcode(bitcode: &[u8]) -> Result<Self, String> {
        Self::with_context(|context| {
            let mut module = std::ptr::null_mut();
            // SAFETY: the buffer refers to `bitcode` only during the call: LLVMParseBitcodeInContext2 reads
            // the whole module, and the buffer is disposed of before returning.
            unsafe {
                let buffer = LLVMCreateMemoryBufferWithMemoryRange(
                    bitcode.as_ptr().cast(),
                    bitcode.len(),
                    c"bitcode".as_ptr(),
                    0,
                );
                let failed = LLVMParseBitcodeInContext2(context, buffer, &mut module);
                LLVMDisposeMemoryBuffer(buffer);
                if failed != 0 { Err(String::new()) } else { Ok(module) }
            }
        })
    }

    /// Parses LLVM assembly text.
    pub(crate) fn parse_text(text: &str) -> Result<Self, String> {
        // SAFETY: the context is live.
        Self::with_context(|context| unsafe { parse_text_in(context, text) })
    }

    fn with_context(
        parse: impl FnOnce(LLVMContextRef) -> Result<LLVMModuleRef, String>,
    ) -> Result<Self, String> {
        let mut errors = Box::<Vec<String>>::default();
        // SAFETY: a fresh context; the handler's data is boxed, so it stays where it is, and lives as long.
        let context = unsafe {
            let context = LLVMContextCreate();
            let data: *mut Vec<String> = &mut *errors;
            LLVMContextSetDiagnosticHandler(context, Some(collect_diagnostic), data.cast());
            context
        };
        match parse(context) {
            Ok(module) => Ok(Self { context, module, errors }),
            Err(message) => {
                // SAFETY: the context has no module.
                unsafe { LLVMContextDispose(context) };
                errors.insert(0, message);
                errors.retain(|e| !e.is_empty());
                Err(errors.join("; "))
            }
        }
    }

    /// Adds the definitions of LLVM assembly text to this module.
    pub(crate) fn link_text(&mut self, text: &str) -> Result<(), String> {
        // SAFETY: both modules are in the same context; linking consumes the second.
        unsafe {
            let other = parse_text_in(self.context, text)?;
            LLVMSetTarget(other, LLVMGetTarget(self.module));
            LLVMSetDataLayout(other, LLVMGetDataLayoutStr(self.module));
            let failed = LLVMLinkModules2(self.module, other) != 0;
            self.take_errors()?;
            if failed { Err("linking failed".into()) } else { Ok(()) }
        }
    }

    /// Errors that LLVM has reported since the last call.
    pub(super) fn take_errors(&mut self) -> Result<(), String> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(std::mem::take(&mut *self.errors).join("; "))
    }

    /// Runs a pass pipeline in the new pass manager's textual form.
    pub(crate) fn run_passes(&mut self, passes: &str, machine: &Machine) -> Result<(), String> {
        let passes = c_string(passes);
        // SAFETY: a live module and machine; the options live for the call.
        unsafe {
            let options = LLVMCreatePassBuilderOptions();
            LLVMPassBuilderOptionsSetLoopVectorization(options, 0);
            LLVMPassBuilderOptionsSetSLPVectorization(options, 0);
            LLVMPassBuilderOptionsSetLoopInterleaving(options, 0);
            LLVMPassBuilderOptionsSetLoopUnrolling(options, 0);
            let error = LLVMRunPasses(self.module, passes.as_ptr(), machine.machine, options);
            LLVMDisposePassBuilderOptions(options);
            take_error(error)?;
        }
        self.take_errors()
    }

    /// Removes functions and variables that nothing visible from outside reaches.
    pub(crate) fn remove_unreached(&mut self) -> Result<(), String> {
        // SAFETY: a live module; this pass needs no target machine.
        unsafe {
            let options = LLVMCreatePassBuilderOptions();
            let error = LLVMRunPasses(self.module, c"globaldce".as_ptr(), std::ptr::null_mut(), options);
            LLVMDisposePassBuilderOptions(options);
            take_error(error)?;
        }
        self.take_errors()
    }

    /// Checks that the module is legal LLVM IR.
    pub(crate) fn verify(&self) -> Result<(), String> {
        let mut message: *mut c_char = std::ptr::null_mut();
        // SAFETY: a live module; the message is taken over.
        unsafe {
            let failed = LLVMVerifyModule(
                self.module,
                LLVMVerifierFailureAction::LLVMReturnStatusAction,
                &mut message,
            );
            let message = take_message(message);
            if failed != 0 { Err(message) } else { Ok(()) }
        }
    }

    /// Retargets the module to a machine.
    pub(crate) fn set_machine(&mut self, machine: &Machine) {
        let (triple, layout) = (c_string(machine.triple()), c_string(&machine.data_layout()));
        // SAFETY: a live module; the strings are copied.
        unsafe {
            LLVMSetTarget(self.module, triple.as_ptr());
            LLVMSetDataLayout(self.module, layout.as_ptr());
        }
    }

    pub(crate) fn strip_debug_info(&mut self) {
        // SAFETY: a live module.
        unsafe { LLVMStripModuleDebugInfo(self.module) };
    }

    /// Module-level inline assembly.
    pub(crate) fn inline_asm(&self) -> String {
        let mut length = 0;
        // SAFETY: a live module; the text is copied.
        unsafe {
            let data = LLVMGetModuleInlineAsm(self.module, &mut length);
            String::from_utf8_lossy(std::slice::from_raw_parts(data.cast::<u8>(), length)).into_owned()
        }
    }

    /// Functions and declarations.
    pub(crate) fn functions(&self) -> Vec<Value<'_>> {
        let mut functions = Vec::new();
        // SAFETY: a live module.
        unsafe {
            let mut current = LLVMGetFirstFunction(self.module);
            while !current.is_null() {
                functions.push(Value::new(current));
                current = LLVMGetNextFunction(current);
            }
        }
        functions
    }

    /// Global variables.
    pub(crate) fn globals(&self) -> Vec<Value<'_>> {
        let mut globals = Vec::new();
        // SAFETY: a live module.
        unsafe {
            let mut current = LLVMGetFirstGlobal(self.module);
            while !current.is_null() {
                globals.push(Value::new(current));
                current = LLVMGetNextGlobal(current);
            }
        }
        globals
    }

    /// Whether there are aliases or ifuncs.
    pub(crate) fn has_aliases(&self) -> bool {
        // SAFETY: a live module.
        unsafe {
            !LLVMGetFirstGlobalAlias(self.module).is_null() || !LLVMGetFirstGlobalIFunc(self.module).is_null()
        }
    }

    pub(crate) fn function(&self, name: &str) -> Option<Value<'_>> {
        // SAFETY: a live module; the name is a C string.
        Value::from_nullable(unsafe { LLVMGetNamedFunction(self.module, c_string(name).as_ptr()) })
    }

    pub(crate) fn global(&self, name: &str) -> Option<Value<'_>> {
        // SAFETY: a live module; the name is a C string.
        Value::from_nullable(unsafe { LLVMGetNamedGlobal(self.module, c_string(name).as_ptr()) })
    }

    /// A named structure type of the context.
    pub(crate) fn struct_type(&self, name: &str) -> Option<Type<'_>> {
        // SAFETY: a live context; the name is a C string.
        let raw = unsafe { LLVMGetTypeByName2(self.context, c_string(name).as_ptr()) };
        (!raw.is_null()).then(|| Type::new(raw))
    }

    pub(crate) fn int_type(&self, width: u32) -> Type<'_> {
        // SAFETY: a live context.
        Type::new(unsafe { LLVMIntTypeInContext(self.context, width) })
    }

    pub(crate) fn float_type(&self) -> Type<'_> {
        // SAFETY: a live context.
        Type::new(unsafe { LLVMFloatTypeInContext(self.context) })
    }

    pub(crate) fn pointer_type(&self, address_space: u32) -> Type<'_> {
        // SAFETY: a live context.
        Type::new(unsafe { LLVMPointerTypeInContext(self.context, address_space) })
    }

    pub(crate) fn token_type(&self) -> Type<'_> {
        // SAFETY: a live context.
        Type::new(unsafe { LLVMTokenTypeInContext(self.context) })
    }

    pub(crate) fn void_type(&self) -> Type<'_> {
        // SAFETY: a live context.
        Type::new(unsafe { LLVMVoidTypeInContext(self.context) })
    }

    /// Size in memory of a type, padding included.
    pub(crate) fn size_of(&self, ty: Type<'_>) -> u64 {
        // SAFETY: a live module and a sized type of its context.
        unsafe {
            let layout = llvm_sys::target::LLVMGetModuleDataLayout(self.module);
            llvm_sys::target::LLVMABISizeOfType(layout, ty.0)
        }
    }

    /// Number of bytes that a load or store of a type touches.
    pub(crate) fn store_size_of(&self, ty: Type<'_>) -> u64 {
        // SAFETY: a live module and a sized type of its context.
        unsafe {
            let layout = llvm_sys::target::LLVMGetModuleDataLayout(self.module);
            llvm_sys::target::LLVMStoreSizeOfType(layout, ty.0)
        }
    }

    /// The offset in bytes that a getelementptr instruction adds, if all its indices are constants.
    pub(crate) fn constant_gep_offset(&self, gep: Value<'_>) -> Option<i64> {
        let mut ty = gep.gep_source_type();
        let mut offset = 0i64;
        for (i, index) in gep.operands().skip(1).enumerate() {
            let index = index.constant_i64()?;
            let size = |ty: Type<'_>| i64::try_from(self.size_of(ty)).ok();
            let step = if i == 0 {
                index.checked_mul(size(ty)?)?
            } else if ty.kind() == super::TypeKind::LLVMStructTypeKind {
                let member = u32::try_from(index).ok()?;
                // SAFETY: a live module, a structure type and one of its members: LLVM verified the instruction.
                let bytes = unsafe {
                    let layout = llvm_sys::target::LLVMGetModuleDataLayout(self.module);
                    llvm_sys::target::LLVMOffsetOfElement(layout, ty.0, member)
                };
                ty = *ty.members().get(member as usize)?;
                i64::try_from(bytes).ok()?
            } else {
                ty = ty.element();
                index.checked_mul(size(ty)?)?
            };
            offset = offset.checked_add(step)?;
        }
        Some(offset)
    }

    /// ABI alignment of a type.
    pub(crate) fn align_of(&self, ty: Type<'_>) -> u64 {
        // SAFETY: a live module and a sized type of its context.
        unsafe {
            let layout = llvm_sys::target::LLVMGetModuleDataLayout(self.module);
            u64::from(llvm_sys::target::LLVMABIAlignmentOfType(layout, ty.0))
        }
    }

    /// An empty function.
    pub(crate) fn add_function<'m>(
        &'m self,
        name: &str,
        result: Type<'m>,
        parameters: &[Type<'m>],
    ) -> Value<'m> {
        let mut parameters: Vec<LLVMTypeRef> = parameters.iter().map(|t| t.0).collect();
        // SAFETY: a live module and types of its context.
        unsafe {
            let ty = LLVMFunctionType(result.0, parameters.as_mut_ptr(), parameters.len() as u32, 0);
            Value::new(LLVMAddFunction(self.module, c_string(name).as_ptr(), ty))
        }
    }

    /// The declaration of an intrinsic for these overloaded types.
    pub(crate) fn intrinsic<'m>(&'m self, name: &str, overloads: &[Type<'m>]) -> Value<'m> {
        let mut overloads: Vec<LLVMTypeRef> = overloads.iter().map(|t| t.0).collect();
        // SAFETY: a live module; the intrinsic exists with that many overloaded types.
        unsafe {
            let id = LLVMLookupIntrinsicID(name.as_ptr().cast(), name.len());
            assert!(id != 0, "LLVM has no intrinsic {name}");
            Value::new(LLVMGetIntrinsicDeclaration(self.module, id, overloads.as_mut_ptr(), overloads.len()))
        }
    }
}

/// # Safety
///
/// `context` is live.
unsafe fn parse_text_in(context: LLVMContextRef, text: &str) -> Result<LLVMModuleRef, String> {
    let mut module = std::ptr::null_mut();
    let mut message = std::ptr::null_mut();
    let text = c_string(text);
    // SAFETY: parsing takes over the buffer, which is a copy of the text.
    unsafe {
        let buffer =
            LLVMCreateMemoryBufferWithMemoryRangeCopy(text.as_ptr(), text.as_bytes().len(), c"text".as_ptr());
        if LLVMParseIRInContext(context, buffer, &mut module, &mut message) != 0 {
            return Err(take_message(message));
        }
    }
    Ok(module)
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: a live module; the string is taken over.
        f.write_str(&unsafe { take_message(LLVMPrintModuleToString(self.module)) })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: nothing that borrows the module is left.
        unsafe {
            LLVMDisposeModule(self.module);
            LLVMContextDispose(self.context);
        }
    }
}
