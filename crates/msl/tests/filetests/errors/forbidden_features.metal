//! diagnostics = '''
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
