//! A thin layer over LLVM's C API: exactly what this crate uses, with lifetimes and Rust strings.
//!
//! `inkwell` is not used because it cannot represent `bfloat`, fast-math details or debug locations.
//!
//! # Soundness
//!
//! [`Value`], [`Type`] and [`Block`] are plain pointers into the module's context. They are `Copy`, do not
//! outlive the [`Module`] (by lifetime), and must not be used after the thing they name was erased; the
//! few erasing functions say so. LLVM checks kinds (is this a load?) only in debug builds, so each
//! function here that needs a kind asserts it.

mod builder;
mod jit;
mod machine;
mod module;
mod read;
mod value;

pub(crate) use builder::{Builder, IntPredicate};
pub(crate) use jit::LoadedObject;
pub(crate) use machine::{Machine, MaskedAccesses, Processor, VectorRegisters};
pub(crate) use module::Module;
pub(crate) use read::{AtomicOperation, RealPredicate};
pub(crate) use value::{Block, Location, Opcode, Type, TypeKind, Value};

use std::ffi::{CStr, CString, c_char};

/// The version of the LLVM that is linked.
pub(crate) fn version() -> String {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: the numbers outlive the call.
    unsafe { llvm_sys::core::LLVMGetVersion(&mut major, &mut minor, &mut patch) };
    format!("{major}.{minor}.{patch}")
}

/// Takes over a message that LLVM allocated.
///
/// # Safety
///
/// `message` is null or a string to be freed with `LLVMDisposeMessage`.
unsafe fn take_message(message: *mut c_char) -> String {
    if message.is_null() {
        return String::new();
    }
    // SAFETY: not null, and a C string by the caller's promise.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    // SAFETY: the caller's promise.
    unsafe { llvm_sys::core::LLVMDisposeMessage(message) };
    text
}

/// Takes over an `LLVMErrorRef`.
///
/// # Safety
///
/// `error` is null (success) or an error not yet consumed.
unsafe fn take_error(error: llvm_sys::error::LLVMErrorRef) -> Result<(), String> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: `error` is a live error, consumed here.
    let message = unsafe { llvm_sys::error::LLVMGetErrorMessage(error) };
    // SAFETY: the message is a C string until disposed of.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    // SAFETY: the message came from LLVMGetErrorMessage.
    unsafe { llvm_sys::error::LLVMDisposeErrorMessage(message) };
    Err(text)
}

fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "")).expect("NULs were removed")
}
