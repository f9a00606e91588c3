//! diagnostics = '''
//! program_source:4:15: error: constexpr function never produces a constant expression [-Winvalid-constexpr]
//! program_source:5:18: note: constexpr evaluation hit maximum step limit; possible infinite loop?
//! program_source:8:24: error: constexpr variable 'x' must be initialized by a constant expression
//! program_source:5:18: note: constexpr evaluation hit maximum step limit; possible infinite loop?
//! program_source:8:28: note: in call to 'forever(1048574)'
//! '''
// A constant expression without an end.
#include <metal_stdlib>
using namespace metal;
constexpr int forever(int n) {
    while (true) n++;
    return n;
}
constant constexpr int x = forever(0);
kernel void k(device int* a [[buffer(0)]]) { a[0] = x; }
