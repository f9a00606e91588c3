//! grid = 3
//! group = 2
//! in.0 = "f32 1 2; i32 3; f32 4 5; i32 6; f32 7 8; i32 9; f32 10 11; i32 12; f32 13 14; i32 15; f32 16 17; i32 18"
//! out.0 = "f32 1 5; i32 3; f32 4 8; i32 107; f32 7 11; i32 9; f32 10 14; i32 113; f32 13 17; i32 15; f32 16 20; i32 119"
// Arrays of structs in structs, copied to thread memory, changed, and written back in parts.
#include <metal_stdlib>
using namespace metal;
struct Point {
    packed_float2 at;
    int id;
};
struct Line {
    Point ends[2];
};
void move(thread Line& line, float dy) {
    for (thread Point& p : line.ends) p.at[1] += dy;
}
kernel void nested(device Line* lines [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    Line line = lines[i];
    move(line, 3);
    line.ends[1].id += 1;
    lines[i] = line;
    device Point& last = lines[i].ends[1];
    last.id += 100;
}
