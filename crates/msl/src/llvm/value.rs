//! Values, types, basic blocks and debug locations of a module.

use std::ffi::{CStr, c_char, c_uint};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

pub(crate) use llvm_sys::LLVMOpcode as Opcode;
pub(crate) use llvm_sys::LLVMTypeKind as TypeKind;
use llvm_sys::core::*;
use llvm_sys::debuginfo::*;
use llvm_sys::prelude::*;

use super::take_message;

/// Any LLVM value: constant, global, argument or instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Value<'m>(pub(super) LLVMValueRef, PhantomData<&'m ()>);

/// A type.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Type<'m>(pub(super) LLVMTypeRef, PhantomData<&'m ()>);

/// A basic block.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Block<'m>(pub(super) LLVMBasicBlockRef, PhantomData<&'m ()>);

/// A place in the source, innermost of its chain of inlined calls first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) file: String,
    /// The directory that a relative `file` starts from.
    pub(crate) directory: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

macro_rules! predicates {
    ($($name:ident = $function:ident;)*) => {
        $(pub(crate) fn $name(self) -> bool {
            // SAFETY: `self` is a value of a live module (see the module's documentation).
            unsafe { !$function(self.0).is_null() }
        })*
    };
}

impl<'m> Value<'m> {
    pub(super) fn new(raw: LLVMValueRef) -> Self {
        assert!(!raw.is_null(), "LLVM returned no value");
        Self(raw, PhantomData)
    }

    pub(super) fn from_nullable(raw: LLVMValueRef) -> Option<Self> {
        (!raw.is_null()).then(|| Self::new(raw))
    }

    predicates! {
        is_instruction = LLVMIsAInstruction;
        is_function = LLVMIsAFunction;
        is_global_variable = LLVMIsAGlobalVariable;
        is_constant_expression = LLVMIsAConstantExpr;
        is_constant_int = LLVMIsAConstantInt;
        is_constant = LLVMIsAConstant;
        is_inline_asm = LLVMIsAInlineAsm;
        is_alloca = LLVMIsAAllocaInst;
        is_call = LLVMIsACallInst;
    }

    pub(crate) fn ty(self) -> Type<'m> {
        // SAFETY: a live value.
        Type::new(unsafe { LLVMTypeOf(self.0) })
    }

    pub(crate) fn name(self) -> String {
        let mut length = 0;
        // SAFETY: a live value; the name is copied before anything changes it.
        unsafe {
            let data = LLVMGetValueName2(self.0, &mut length);
            String::from_utf8_lossy(std::slice::from_raw_parts(data.cast::<u8>(), length)).into_owned()
        }
    }

    /// Operands; for calls the arguments, then the callee.
    pub(crate) fn operands(self) -> impl Iterator<Item = Value<'m>> {
        // SAFETY: a live value; LLVM returns 0 for values without operands.
        let count = unsafe { LLVMGetNumOperands(self.0) };
        (0..count.max(0) as c_uint).map(move |i| self.operand(i))
    }

    pub(crate) fn operand_count(self) -> u32 {
        // SAFETY: a live value.
        unsafe { LLVMGetNumOperands(self.0) }.max(0) as u32
    }

    pub(crate) fn operand(self, index: u32) -> Value<'m> {
        assert!(index < self.operand_count());
        // SAFETY: a live value with that many operands.
        Self::new(unsafe { LLVMGetOperand(self.0, index) })
    }

    pub(crate) fn set_operand(self, index: u32, value: Value<'m>) {
        assert!(index < self.operand_count());
        // SAFETY: a live value with that many operands.
        unsafe { LLVMSetOperand(self.0, index, value.0) }
    }

    /// Everything that uses this value as an operand; once per use.
    pub(crate) fn users(self) -> Vec<Value<'m>> {
        let mut users = Vec::new();
        // SAFETY: a live value; the list of uses is not changed during the walk.
        unsafe {
            let mut current = LLVMGetFirstUse(self.0);
            while !current.is_null() {
                users.push(Self::new(LLVMGetUser(current)));
                current = LLVMGetNextUse(current);
            }
        }
        users
    }

    pub(crate) fn replace_all_uses_with(self, other: Value<'m>) {
        // SAFETY: live values of the same type.
        unsafe { LLVMReplaceAllUsesWith(self.0, other.0) }
    }

    /// Removes an instruction; `self` and its copies must not be used afterwards.
    pub(crate) fn erase(self) {
        assert!(self.is_instruction());
        // SAFETY: an instruction of a live module.
        unsafe { LLVMInstructionEraseFromParent(self.0) }
    }

    // --- Instructions.

    pub(crate) fn opcode(self) -> Opcode {
        assert!(self.is_instruction());
        // SAFETY: a live instruction.
        unsafe { LLVMGetInstructionOpcode(self.0) }
    }

    pub(crate) fn block(self) -> Block<'m> {
        assert!(self.is_instruction());
        // SAFETY: a live instruction in a block.
        Block::new(unsafe { LLVMGetInstructionParent(self.0) })
    }

    /// The function that a call calls, if it is known; inline assembly and pointers give `None`.
    pub(crate) fn called_function(self) -> Option<Value<'m>> {
        if !self.is_call() {
            return None;
        }
        // SAFETY: a live call.
        let callee = Self::new(unsafe { LLVMGetCalledValue(self.0) });
        callee.is_function().then_some(callee)
    }

    pub(crate) fn called_value(self) -> Value<'m> {
        assert!(self.is_call());
        // SAFETY: a live call.
        Self::new(unsafe { LLVMGetCalledValue(self.0) })
    }

    /// Takes what a call promises of an argument: alignment, bytes that may be read.
    pub(crate) fn clear_argument_attributes(self, argument: u32) {
        assert!(self.is_call());
        for name in ["align", "dereferenceable", "nonnull", "noundef"] {
            // SAFETY: a live call; attribute indices of arguments start at 1.
            unsafe {
                let kind = LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len());
                LLVMRemoveCallSiteEnumAttribute(self.0, argument + 1, kind);
            }
        }
    }

    pub(crate) fn allocated_type(self) -> Type<'m> {
        assert!(self.is_alloca());
        // SAFETY: a live alloca.
        Type::new(unsafe { LLVMGetAllocatedType(self.0) })
    }

    pub(crate) fn atomic_operation(self) -> llvm_sys::LLVMAtomicRMWBinOp {
        assert_eq!(self.opcode(), Opcode::LLVMAtomicRMW);
        // SAFETY: a live atomicrmw.
        unsafe { LLVMGetAtomicRMWBinOp(self.0) }
    }

    /// Whether a load or store is atomic.
    pub(crate) fn is_atomic_access(self) -> bool {
        assert!(matches!(self.opcode(), Opcode::LLVMLoad | Opcode::LLVMStore));
        // SAFETY: a live load or store.
        unsafe { LLVMGetOrdering(self.0) != llvm_sys::LLVMAtomicOrdering::LLVMAtomicOrderingNotAtomic }
    }

    /// Promises that a load reads the same wherever it stands in the function.
    pub(crate) fn set_invariant_load(self) -> Self {
        assert_eq!(self.opcode(), Opcode::LLVMLoad);
        // SAFETY: a live load; the node is an empty one of its context.
        unsafe {
            let context = LLVMGetTypeContext(LLVMTypeOf(self.0));
            let kind = LLVMGetMDKindIDInContext(context, c"invariant.load".as_ptr(), 14);
            let node = LLVMMDNodeInContext2(context, std::ptr::null_mut(), 0);
            LLVMSetMetadata(self.0, kind, LLVMMetadataAsValue(context, node));
        }
        self
    }

    /// Whether a load or store is volatile.
    pub(crate) fn is_volatile(self) -> bool {
        assert!(matches!(self.opcode(), Opcode::LLVMLoad | Opcode::LLVMStore));
        // SAFETY: a live load or store.
        unsafe { LLVMGetVolatile(self.0) != 0 }
    }

    /// Whether an instruction is an `or` of operands that have no bit in common.
    pub(crate) fn is_disjoint_or(self) -> bool {
        // SAFETY: a live value; what the flag is asked of is an instruction, of the opcode that has it.
        unsafe {
            !LLVMIsAInstruction(self.0).is_null()
                && self.opcode() == Opcode::LLVMOr
                && LLVMGetIsDisjoint(self.0) != 0
        }
    }

    /// Takes `inbounds`, `nsw`, `exact` and other promises from an instruction: its result is then always defined.
    pub(crate) fn clear_promises(self) {
        // SAFETY: a live instruction; each function is for its opcodes.
        unsafe {
            match self.opcode() {
                Opcode::LLVMGetElementPtr => LLVMGEPSetNoWrapFlags(self.0, 0),
                Opcode::LLVMAdd | Opcode::LLVMSub | Opcode::LLVMMul | Opcode::LLVMShl => {
                    LLVMSetNSW(self.0, 0);
                    LLVMSetNUW(self.0, 0);
                }
                Opcode::LLVMUDiv | Opcode::LLVMSDiv | Opcode::LLVMLShr | Opcode::LLVMAShr => {
                    LLVMSetExact(self.0, 0);
                }
                Opcode::LLVMZExt | Opcode::LLVMUIToFP => LLVMSetNNeg(self.0, 0),
                Opcode::LLVMOr => LLVMSetIsDisjoint(self.0, 0),
                _ => {}
            }
        }
    }

    pub(crate) fn gep_source_type(self) -> Type<'m> {
        // SAFETY: LLVM accepts getelementptr instructions and expressions; callers have checked.
        Type::new(unsafe { LLVMGetGEPSourceElementType(self.0) })
    }

    /// Opcode of a constant expression.
    pub(crate) fn constant_opcode(self) -> Opcode {
        assert!(self.is_constant_expression());
        // SAFETY: a live constant expression.
        unsafe { LLVMGetConstOpcode(self.0) }
    }

    pub(crate) fn incoming(self) -> Vec<(Value<'m>, Block<'m>)> {
        assert_eq!(self.opcode(), Opcode::LLVMPHI);
        // SAFETY: a live phi; indices are below its count.
        unsafe {
            (0..LLVMCountIncoming(self.0))
                .map(|i| {
                    (Self::new(LLVMGetIncomingValue(self.0, i)), Block::new(LLVMGetIncomingBlock(self.0, i)))
                })
                .collect()
        }
    }

    pub(crate) fn add_incoming(self, value: Value<'m>, block: Block<'m>) {
        assert_eq!(self.opcode(), Opcode::LLVMPHI);
        let (mut value, mut block) = (value.0, block.0);
        // SAFETY: a live phi; both arrays have one element.
        unsafe { LLVMAddIncoming(self.0, &mut value, &mut block, 1) }
    }

    pub(crate) fn successors(self) -> Vec<Block<'m>> {
        // SAFETY: a live terminator; indices are below its count.
        unsafe {
            (0..LLVMGetNumSuccessors(self.0)).map(|i| Block::new(LLVMGetSuccessor(self.0, i))).collect()
        }
    }

    pub(crate) fn set_successor(self, index: u32, block: Block<'m>) {
        // SAFETY: a live terminator with that many successors.
        unsafe { LLVMSetSuccessor(self.0, index, block.0) }
    }

    pub(crate) fn next_instruction(self) -> Option<Value<'m>> {
        assert!(self.is_instruction());
        // SAFETY: a live instruction.
        Self::from_nullable(unsafe { LLVMGetNextInstruction(self.0) })
    }

    /// Where the instruction comes from: its own place first, then those of the calls it was inlined through.
    pub(crate) fn locations(self) -> Vec<Location> {
        let mut places = Vec::new();
        if !self.is_instruction() {
            return places;
        }
        // SAFETY: a live instruction; all metadata nodes belong to its module.
        unsafe {
            let mut current = LLVMInstructionGetDebugLoc(self.0);
            while !current.is_null() {
                let (mut file, mut directory) = (String::new(), String::new());
                let scope = LLVMDILocationGetScope(current);
                if !scope.is_null() {
                    let node = LLVMDIScopeGetFile(scope);
                    if !node.is_null() {
                        let text =
                            |read: unsafe extern "C" fn(LLVMMetadataRef, *mut c_uint) -> *const c_char| {
                                let mut length = 0;
                                let data = read(node, &mut length);
                                if data.is_null() {
                                    return String::new();
                                }
                                let bytes = std::slice::from_raw_parts(data.cast::<u8>(), length as usize);
                                String::from_utf8_lossy(bytes).into_owned()
                            };
                        file = text(LLVMDIFileGetFilename);
                        directory = text(LLVMDIFileGetDirectory);
                    }
                }
                places.push(Location {
                    file,
                    directory,
                    line: LLVMDILocationGetLine(current),
                    column: LLVMDILocationGetColumn(current),
                });
                current = LLVMDILocationGetInlinedAt(current);
            }
        }
        places
    }

    // --- Constants.

    /// Value of an integer constant, zero-extended.
    pub(crate) fn constant_u64(self) -> Option<u64> {
        if !self.is_constant_int() || self.ty().int_width() > 64 {
            return None;
        }
        // SAFETY: an integer constant of at most 64 bits.
        Some(unsafe { LLVMConstIntGetZExtValue(self.0) })
    }

    /// Value of an integer constant, sign-extended.
    pub(crate) fn constant_i64(self) -> Option<i64> {
        if !self.is_constant_int() || self.ty().int_width() > 64 {
            return None;
        }
        // SAFETY: an integer constant of at most 64 bits.
        Some(unsafe { LLVMConstIntGetSExtValue(self.0) })
    }

    /// Text of a constant byte array without its final NUL.
    pub(crate) fn constant_string(self) -> Option<String> {
        // SAFETY: a live value; the kinds are tested before the data is read.
        unsafe {
            if LLVMIsAConstantDataArray(self.0).is_null() || LLVMIsConstantString(self.0) == 0 {
                return None;
            }
            let mut length = 0;
            let data = LLVMGetAsString(self.0, &mut length);
            let bytes = std::slice::from_raw_parts(data.cast::<u8>(), length);
            Some(String::from_utf8_lossy(bytes.strip_suffix(b"\0").unwrap_or(bytes)).into_owned())
        }
    }

    // --- Globals and functions.

    pub(crate) fn is_declaration(self) -> bool {
        // SAFETY: LLVM is asked only of globals; callers have checked.
        unsafe { LLVMIsDeclaration(self.0) != 0 }
    }

    pub(crate) fn initializer(self) -> Option<Value<'m>> {
        assert!(self.is_global_variable());
        // SAFETY: a live global variable.
        Self::from_nullable(unsafe { LLVMGetInitializer(self.0) })
    }

    pub(crate) fn set_initializer(self, value: Value<'m>) {
        assert!(self.is_global_variable());
        // SAFETY: a live global variable and a constant of its type.
        unsafe { LLVMSetInitializer(self.0, value.0) }
    }

    pub(crate) fn is_constant_global(self) -> bool {
        assert!(self.is_global_variable());
        // SAFETY: a live global variable.
        unsafe { LLVMIsGlobalConstant(self.0) != 0 }
    }

    pub(crate) fn make_internal(self) {
        // SAFETY: a live global; comdats go with external linkage.
        unsafe {
            LLVMSetLinkage(self.0, llvm_sys::LLVMLinkage::LLVMInternalLinkage);
            llvm_sys::comdat::LLVMSetComdat(self.0, std::ptr::null_mut());
        }
    }

    /// Takes a variable's initial value away, so that the optimiser knows nothing of its contents.
    pub(crate) fn make_external_declaration(self) {
        assert!(self.is_global_variable());
        // SAFETY: a live global variable; no initialiser makes it a declaration.
        unsafe {
            LLVMSetInitializer(self.0, std::ptr::null_mut());
            LLVMSetLinkage(self.0, llvm_sys::LLVMLinkage::LLVMExternalLinkage);
            llvm_sys::comdat::LLVMSetComdat(self.0, std::ptr::null_mut());
        }
    }

    /// Whether a global is thread-local or otherwise not plain memory.
    pub(crate) fn is_thread_local(self) -> bool {
        assert!(self.is_global_variable());
        // SAFETY: a live global variable.
        unsafe { LLVMIsThreadLocal(self.0) != 0 }
    }

    pub(crate) fn alignment(self) -> u32 {
        // SAFETY: asked only of globals, allocas and memory accesses.
        unsafe { LLVMGetAlignment(self.0) }
    }

    /// Type of a global's value.
    pub(crate) fn value_type(self) -> Type<'m> {
        // SAFETY: asked only of globals.
        Type::new(unsafe { LLVMGlobalGetValueType(self.0) })
    }

    /// Removes a global variable; `self` and its copies must not be used afterwards.
    pub(crate) fn delete_global(self) {
        assert!(self.is_global_variable());
        // SAFETY: a live global variable without uses.
        unsafe { LLVMDeleteGlobal(self.0) }
    }

    pub(crate) fn parameters(self) -> Vec<Value<'m>> {
        assert!(self.is_function());
        // SAFETY: a live function; indices are below its count.
        unsafe { (0..LLVMCountParams(self.0)).map(|i| Self::new(LLVMGetParam(self.0, i))).collect() }
    }

    /// Type of a function's result.
    pub(crate) fn result_type(self) -> Type<'m> {
        assert!(self.is_function());
        // SAFETY: a live function.
        Type::new(unsafe { LLVMGetReturnType(LLVMGlobalGetValueType(self.0)) })
    }

    pub(crate) fn blocks(self) -> Vec<Block<'m>> {
        assert!(self.is_function());
        let mut blocks = Vec::new();
        // SAFETY: a live function.
        unsafe {
            let mut current = LLVMGetFirstBasicBlock(self.0);
            while !current.is_null() {
                blocks.push(Block::new(current));
                current = LLVMGetNextBasicBlock(current);
            }
        }
        blocks
    }

    /// All instructions in the order of the blocks.
    pub(crate) fn instructions(self) -> Vec<Value<'m>> {
        self.blocks().into_iter().flat_map(Block::instructions).collect()
    }

    /// ID of an intrinsic function, 0 for any other.
    pub(crate) fn intrinsic_id(self) -> u32 {
        assert!(self.is_function());
        // SAFETY: a live function.
        unsafe { LLVMGetIntrinsicID(self.0) }
    }

    /// Line of a function's definition; 0 if unknown.
    pub(crate) fn definition_line(self) -> u32 {
        assert!(self.is_function());
        // SAFETY: a live function; the subprogram belongs to it.
        unsafe {
            let subprogram = LLVMGetSubprogram(self.0);
            if subprogram.is_null() { 0 } else { LLVMDISubprogramGetLine(subprogram) }
        }
    }

    /// Adds an attribute without a value to a function, such as `alwaysinline`.
    pub(crate) fn add_function_attribute(self, name: &str) {
        assert!(self.is_function());
        // SAFETY: a live function; the kind is one of LLVM's.
        unsafe {
            let kind = LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len());
            assert!(kind != 0, "LLVM has no attribute {name}");
            let context = LLVMGetTypeContext(LLVMTypeOf(self.0));
            let attribute = LLVMCreateEnumAttribute(context, kind, 0);
            LLVMAddAttributeAtIndex(self.0, llvm_sys::LLVMAttributeFunctionIndex, attribute);
        }
    }

    /// Says that what a function returns, an integer of at most 64 bits, lies in this range of unsigned numbers.
    pub(crate) fn set_result_range(self, range: Range<u64>) {
        assert!(self.is_function());
        let bits = self.result_type().int_width();
        // SAFETY: a live function; the kind has a range as its value, of so many bits; the words are copied.
        unsafe {
            let kind = LLVMGetEnumAttributeKindForName(c"range".as_ptr(), 5);
            let context = LLVMGetTypeContext(LLVMTypeOf(self.0));
            let attribute = LLVMCreateConstantRangeAttribute(context, kind, bits, &range.start, &range.end);
            LLVMAddAttributeAtIndex(self.0, llvm_sys::LLVMAttributeReturnIndex, attribute);
        }
    }

    /// Sets an attribute of a function that has a text as its value, such as `target-features`.
    pub(crate) fn set_function_attribute(self, name: &str, value: &str) {
        assert!(self.is_function());
        // SAFETY: a live function; the strings are copied.
        unsafe {
            let context = LLVMGetTypeContext(LLVMTypeOf(self.0));
            let attribute = LLVMCreateStringAttribute(
                context,
                name.as_ptr().cast(),
                name.len() as c_uint,
                value.as_ptr().cast(),
                value.len() as c_uint,
            );
            LLVMAddAttributeAtIndex(self.0, llvm_sys::LLVMAttributeFunctionIndex, attribute);
        }
    }

    pub(crate) fn remove_function_attribute(self, name: &str) {
        assert!(self.is_function());
        // SAFETY: a live function; removing an absent attribute does nothing.
        unsafe {
            let kind = LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len());
            if kind != 0 {
                LLVMRemoveEnumAttributeAtIndex(self.0, llvm_sys::LLVMAttributeFunctionIndex, kind);
            }
            LLVMRemoveStringAttributeAtIndex(
                self.0,
                llvm_sys::LLVMAttributeFunctionIndex,
                name.as_ptr().cast(),
                name.len() as c_uint,
            );
        }
    }

    /// Value of an integer attribute of a parameter (`align`, `dereferenceable`).
    pub(crate) fn parameter_attribute(self, parameter: u32, name: &str) -> Option<u64> {
        assert!(self.is_function());
        // SAFETY: a live function; parameter indices start at 1 in attribute lists.
        unsafe {
            let kind = LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len());
            let attribute = LLVMGetEnumAttributeAtIndex(self.0, parameter + 1, kind);
            (!attribute.is_null()).then(|| LLVMGetEnumAttributeValue(attribute))
        }
    }

    /// The type of a `byval` parameter.
    pub(crate) fn byval_type(self, parameter: u32) -> Option<Type<'m>> {
        assert!(self.is_function());
        // SAFETY: as above; `byval` is a type attribute.
        unsafe {
            let kind = LLVMGetEnumAttributeKindForName(c"byval".as_ptr(), 5);
            let attribute = LLVMGetEnumAttributeAtIndex(self.0, parameter + 1, kind);
            (!attribute.is_null()).then(|| Type::new(LLVMGetTypeAttributeValue(attribute)))
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: a live value; the string is taken over.
        f.write_str(unsafe { take_message(LLVMPrintValueToString(self.0)) }.trim())
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'m> Type<'m> {
    pub(super) fn new(raw: LLVMTypeRef) -> Self {
        assert!(!raw.is_null(), "LLVM returned no type");
        Self(raw, PhantomData)
    }

    pub(crate) fn kind(self) -> TypeKind {
        // SAFETY: a live type.
        unsafe { LLVMGetTypeKind(self.0) }
    }

    /// Width of an integer type; 0 for any other.
    pub(crate) fn int_width(self) -> u32 {
        if self.kind() != TypeKind::LLVMIntegerTypeKind {
            return 0;
        }
        // SAFETY: an integer type.
        unsafe { LLVMGetIntTypeWidth(self.0) }
    }

    /// Element type of a vector or array; the type itself for any other.
    pub(crate) fn element(self) -> Type<'m> {
        match self.kind() {
            TypeKind::LLVMVectorTypeKind | TypeKind::LLVMArrayTypeKind => {
                // SAFETY: a sequential type.
                Self::new(unsafe { LLVMGetElementType(self.0) })
            }
            _ => self,
        }
    }

    /// Number of elements of a fixed vector; 1 for any other.
    pub(crate) fn lanes(self) -> u32 {
        if self.kind() != TypeKind::LLVMVectorTypeKind {
            return 1;
        }
        // SAFETY: a vector type.
        unsafe { LLVMGetVectorSize(self.0) }
    }

    pub(crate) fn is_pointer(self) -> bool {
        self.kind() == TypeKind::LLVMPointerTypeKind
    }

    pub(crate) fn address_space(self) -> u32 {
        assert!(self.is_pointer());
        // SAFETY: a pointer type.
        unsafe { LLVMGetPointerAddressSpace(self.0) }
    }

    /// Types of a structure's members.
    pub(crate) fn members(self) -> Vec<Type<'m>> {
        if self.kind() != TypeKind::LLVMStructTypeKind {
            return Vec::new();
        }
        // SAFETY: a structure type; indices are below its count.
        unsafe {
            (0..LLVMCountStructElementTypes(self.0))
                .map(|i| Self::new(LLVMStructGetTypeAtIndex(self.0, i)))
                .collect()
        }
    }

    pub(crate) fn struct_name(self) -> Option<String> {
        if self.kind() != TypeKind::LLVMStructTypeKind {
            return None;
        }
        // SAFETY: a structure type; the name is copied.
        unsafe {
            let name = LLVMGetStructName(self.0);
            (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
        }
    }

    pub(crate) fn zero(self) -> Value<'m> {
        // SAFETY: a live first-class type.
        Value::new(unsafe { LLVMConstNull(self.0) })
    }

    /// A scalar constant with these bits.
    pub(crate) fn constant_from_bits(self, bits: u64) -> Value<'m> {
        let width = match self.kind() {
            TypeKind::LLVMHalfTypeKind | TypeKind::LLVMBFloatTypeKind => 16,
            TypeKind::LLVMFloatTypeKind => 32,
            TypeKind::LLVMIntegerTypeKind => return self.int(bits as i64),
            _ => return self.zero(),
        };
        // SAFETY: an integer constant of the width of the floating-point type.
        Value::new(unsafe {
            let context = LLVMGetTypeContext(self.0);
            let integer = LLVMConstInt(LLVMIntTypeInContext(context, width), bits, 0);
            LLVMConstBitCast(integer, self.0)
        })
    }

    /// A constant vector or structure of constants.
    pub(crate) fn aggregate(self, values: &[Value<'m>]) -> Value<'m> {
        let mut raw: Vec<LLVMValueRef> = values.iter().map(|v| v.0).collect();
        // SAFETY: constants of the member types.
        Value::new(unsafe {
            match self.kind() {
                TypeKind::LLVMVectorTypeKind => LLVMConstVector(raw.as_mut_ptr(), raw.len() as c_uint),
                _ if self.struct_name().is_some() => {
                    LLVMConstNamedStruct(self.0, raw.as_mut_ptr(), raw.len() as c_uint)
                }
                _ => {
                    let context = LLVMGetTypeContext(self.0);
                    LLVMConstStructInContext(context, raw.as_mut_ptr(), raw.len() as c_uint, 0)
                }
            }
        })
    }

    /// An integer constant; a splat for vectors of integers.
    pub(crate) fn int(self, value: i64) -> Value<'m> {
        let scalar = self.element();
        assert!(scalar.int_width() > 0);
        // SAFETY: an integer type.
        let raw = unsafe { LLVMConstInt(scalar.0, value as u64, 1) };
        if self.kind() != TypeKind::LLVMVectorTypeKind {
            return Value::new(raw);
        }
        let mut lanes = vec![raw; self.lanes() as usize];
        // SAFETY: constants of the element type.
        Value::new(unsafe { LLVMConstVector(lanes.as_mut_ptr(), lanes.len() as c_uint) })
    }
}

impl fmt::Display for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: a live type; the string is taken over.
        f.write_str(&unsafe { take_message(LLVMPrintTypeToString(self.0)) })
    }
}

impl fmt::Debug for Type<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'m> Block<'m> {
    pub(super) fn new(raw: LLVMBasicBlockRef) -> Self {
        assert!(!raw.is_null(), "LLVM returned no block");
        Self(raw, PhantomData)
    }

    pub(crate) fn instructions(self) -> Vec<Value<'m>> {
        let mut instructions = Vec::new();
        // SAFETY: a live block.
        unsafe {
            let mut current = LLVMGetFirstInstruction(self.0);
            while !current.is_null() {
                instructions.push(Value::new(current));
                current = LLVMGetNextInstruction(current);
            }
        }
        instructions
    }

    pub(crate) fn function(self) -> Value<'m> {
        // SAFETY: a live block in a function.
        Value::new(unsafe { LLVMGetBasicBlockParent(self.0) })
    }

    pub(crate) fn terminator(self) -> Value<'m> {
        // SAFETY: a live block of a verified function has a terminator.
        Value::new(unsafe { LLVMGetBasicBlockTerminator(self.0) })
    }

    pub(crate) fn first_instruction(self) -> Value<'m> {
        // SAFETY: a live block of a verified function is not empty.
        Value::new(unsafe { LLVMGetFirstInstruction(self.0) })
    }

    /// The first instruction that is not a phi.
    pub(crate) fn first_non_phi(self) -> Value<'m> {
        let mut current = self.first_instruction();
        while current.opcode() == Opcode::LLVMPHI {
            current = current.next_instruction().expect("a block ends with a terminator");
        }
        current
    }

    pub(crate) fn phis(self) -> Vec<Value<'m>> {
        self.instructions().into_iter().take_while(|i| i.opcode() == Opcode::LLVMPHI).collect()
    }
}
