//! diagnostics = '''
//! program_source:6:43: error: recursive template instantiation exceeded maximum depth of 512
//! program_source:6:59: note: in instantiation of static data member 'Forever<512>::value' requested here
//! program_source:6:59: note: in instantiation of static data member 'Forever<511>::value' requested here
//! program_source:6:59: note: in instantiation of static data member 'Forever<510>::value' requested here
//! program_source:6:59: note: in instantiation of static data member 'Forever<509>::value' requested here
//! program_source:6:59: note: in instantiation of static data member 'Forever<508>::value' requested here
//! program_source:6:59: note: (skipping 503 contexts in backtrace; use -ftemplate-backtrace-limit=0 to see all) (and 6 more notes)
//! '''
// Templates without an end.
#include <metal_stdlib>
using namespace metal;
template <int N>
struct Forever {
    static constexpr constant int value = Forever<N + 1>::value;
};
kernel void k(device int* a [[buffer(0)]]) { a[0] = Forever<0>::value; }
