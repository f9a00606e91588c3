//! diagnostics = '''
//! program_source:7:5: error: no matching function for call to 'atomic_store_explicit'
//! program_source:8:5: error: no matching function for call to 'atomic_fetch_add_explicit'
//! program_source:9:5: error: no matching function for call to 'atomic_fetch_and_explicit'
//! program_source:10:5: error: no matching function for call to 'atomic_fetch_add_explicit'
//! program_source:11:10: error: overload resolution selected deleted operator '='
//! program_source:12:16: error: assigning to 'int' from incompatible type 'device atomic_int' (aka 'device atomic<int>')
//! program_source:14:5: error: no matching function for call to 'atomic_compare_exchange_weak_explicit'
//! program_source:15:5: error: no matching function for call to 'atomic_max_explicit'
//! program_source:16:5: error: no matching function for call to 'atomic_fetch_add_explicit'
//! program_source:17:19: error: atomic types are those of bool, int, uint, float and ulong
//! '''
// What atomics do not do.
#include <metal_stdlib>
using namespace metal;
kernel void k(device atomic_int* a [[buffer(0)]], device atomic_float* f [[buffer(1)]], device int* plain [[buffer(2)]],
              device atomic_ulong* l [[buffer(3)]], const device atomic_int* c [[buffer(4)]]) {
    atomic_int local;
    atomic_store_explicit(&local, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(plain, 1, memory_order_relaxed);
    atomic_fetch_and_explicit(f, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
    a[0] = a[1];
    plain[0] = a[0];
    uint expected = 1;
    atomic_compare_exchange_weak_explicit(a, &expected, 2, memory_order_relaxed, memory_order_relaxed);
    atomic_max_explicit(a, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(l, 1, memory_order_relaxed);
    atomic<short> narrow;
}
