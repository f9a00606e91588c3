//! zero.0 = "i32 1"
//! [[run]]
//! kernel = "nvidia"
//! pipeline_error = "kernel `nvidia`: builtin `llvm.nvvm"
//! [[run]]
//! kernel = "address"
//! pipeline_error = "kernel `address`: builtin `llvm.returnaddress`"
//! [[run]]
//! kernel = "undefined"
//! pipeline_error = "kernel `undefined`: undefined function `memcpy`"
//! [[run]]
//! kernel = "renamed"
//! pipeline_error = "kernel `renamed`: undefined function `abort`"
// Nothing of the host or of another target can be reached.
#include <metal_stdlib>
using namespace metal;
extern "C" void memcpy(void*, void*, ulong);
#pragma redefine_extname mine abort
extern "C" void mine();
kernel void nvidia(device int* a [[buffer(0)]]) { a[0] = __nvvm_read_ptx_sreg_tid_x(); }
kernel void address(device int* a [[buffer(0)]]) { a[0] = (int)(ulong)__builtin_return_address(0); }
kernel void undefined(device int* a [[buffer(0)]]) { memcpy((void*)4, (void*)8, 5); }
kernel void renamed(device int* a [[buffer(0)]]) { mine(); }
