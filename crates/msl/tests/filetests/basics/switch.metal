//! grid = 16
//! group = 16
//! [[run]]
//! kernel = "dense"
//! out.0 = "i32 100 3 2 30 -1 55 -1 100 3 2 30 -1 55 -1 100 3"
//! [[run]]
//! kernel = "sparse"
//! in.1 = "u32 0 5 1000 0xffffffff"
//! out.0 = "i32 7 0 8 9 7 0 8 9 7 0 8 9 7 0 8 9"
//! [[run]]
//! kernel = "in_loop"
//! out.0 = "i32 0 1 11 11 1011 1012 1022*10"
#include <metal_stdlib>
using namespace metal;

// Falls through from 1 to 2.
kernel void dense(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int r = 0;
    switch (i % 7) {
        case 0: r = 100; break;
        case 1: r += 1; [[fallthrough]];
        case 2: r += 2; break;
        case 3: r = 30; break;
        case 5: {
            int five = 5;
            r = 50 + five;
            break;
        }
        default: r = -1;
    }
    out[i] = r;
}

kernel void sparse(device int* out [[buffer(0)]], constant uint* keys [[buffer(1)]],
                   uint i [[thread_position_in_grid]]) {
    switch (keys[i % 4]) {
        case 0u: out[i] = 7; return;
        case 1000u: out[i] = 8; return;
        case 0xffffffffu: out[i] = 9; return;
    }
    out[i] = 0;
}

// `continue` inside a switch belongs to the loop, `break` to the switch.
kernel void in_loop(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int r = 0;
    for (uint j = 0; j < i; ++j) {
        if (j == 7) break;
        switch (j % 4) {
            case 0: r += 1; break;
            case 1: r += 10; break;
            case 2: continue;
            default: r += 1000;
        }
    }
    out[i] = r;
}
