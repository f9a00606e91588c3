//! diagnostics = '''
//! program_source:6:14: error: invalid operands to binary expression ('Empty' and 'Empty')
//! program_source:9:15: note: in instantiation of function template specialization 'twice<Empty>' requested here
//! '''
#include <metal_stdlib>
using namespace metal;
struct Empty {};
template <typename T>
T twice(T x) {
    return x + x;
}
kernel void k(device int* a [[buffer(0)]]) {
    Empty e = twice(Empty());
    a[0] = sizeof(e);
}
