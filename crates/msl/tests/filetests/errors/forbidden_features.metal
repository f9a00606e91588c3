//! diagnostics = '''
//! program_source:5:5: error: 'virtual' is not supported in Metal
//! program_source:8:14: error: 'new' is not supported in Metal
//! program_source:9:5: error: 'delete' is not supported in Metal
//! program_source:10:5: error: 'try' is not supported in Metal
//! program_source:11:9: error: 'throw' is not supported in Metal
//! program_source:14:5: error: 'goto' is not supported in Metal
//! '''
// C++ that MSL leaves out.
#include <metal_stdlib>
using namespace metal;
struct Shape {
    virtual int area() const { return 0; }
};
kernel void k(device int* a [[buffer(0)]]) {
    int* p = new int(3);
    delete p;
    try {
        throw 1;
    } catch (...) {
    }
    goto end;
end:
    a[0] = 1;
}
