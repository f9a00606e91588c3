//! compile_only = true
//! diagnostics = '''
//! program_source:3:2: warning: "please update" [-W#warnings]
//! program_source:5:11: warning: using the result of an assignment as a condition without parentheses [-Wparentheses]
//! program_source:5:11: note: place parentheses around the assignment to silence this warning
//! program_source:5:11: note: use '==' to turn this assignment into an equality comparison
//! program_source:6:9: warning: unused variable 'unused' [-Wunused-variable]
//! program_source:7:14: warning: division by zero is undefined [-Wdivision-by-zero]
//! program_source:13:7: warning: equality comparison result unused [-Wunused-comparison]
//! program_source:13:7: note: use '=' to turn this equality comparison into an assignment
//! program_source:11:15: warning: implicit conversion from 'long' to 'int' changes value from 5000000000 to 705032704 [-Wconstant-conversion]
//! program_source:12:19: warning: variable 'uninitialised' is uninitialized when used here [-Wuninitialized]
//! program_source:10:24: note: initialize the variable 'uninitialised' to silence this warning
//! '''
#include <metal_stdlib>
using namespace metal;
#warning "please update"
float f(int x) {
    if (x = 3) return 1;
    int unused = 5;
    return x / 0;
}
kernel void k(device float* a [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    float uninitialised;
    int big = 5000000000;
    a[i] = f(i) + uninitialised + big;
    i == 3;
}
