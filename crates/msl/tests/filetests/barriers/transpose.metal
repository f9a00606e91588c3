//! grid = [20, 20]
//! group = [8, 8]
//! in.0 = "u32 0..260"
//! bytes.2 = "u32 20 13"
//! out.1 = "u32 0 20 40 60 80 100 120 140 160 180 200 220 240 1 21 41 61 81 101 121 141 161 181 201 221 241 2 22 42 62 82 102 122 142 162 182 202 222 242 3 23 43 63 83 103 123 143 163 183 203 223 243 4 24 44 64 84 104 124 144 164 184 204 224 244 5 25 45 65 85 105 125 145 165 185 205 225 245 6 26 46 66 86 106 126 146 166 186 206 226 246 7 27 47 67 87 107 127 147 167 187 207 227 247 8 28 48 68 88 108 128 148 168 188 208 228 248 9 29 49 69 89 109 129 149 169 189 209 229 249 10 30 50 70 90 110 130 150 170 190 210 230 250 11 31 51 71 91 111 131 151 171 191 211 231 251 12 32 52 72 92 112 132 152 172 192 212 232 252 13 33 53 73 93 113 133 153 173 193 213 233 253 14 34 54 74 94 114 134 154 174 194 214 234 254 15 35 55 75 95 115 135 155 175 195 215 235 255 16 36 56 76 96 116 136 156 176 196 216 236 256 17 37 57 77 97 117 137 157 177 197 217 237 257 18 38 58 78 98 118 138 158 178 198 218 238 258 19 39 59 79 99 119 139 159 179 199 219 239 259"
// A 2-D tile in threadgroup memory. Every thread meets the barrier, also outside of the matrix.
#include <metal_stdlib>
using namespace metal;
kernel void transpose_tiles(device const uint* in [[buffer(0)]], device uint* out [[buffer(1)]],
                            constant uint2& shape [[buffer(2)]], uint2 p [[thread_position_in_grid]],
                            uint2 t [[thread_position_in_threadgroup]], uint2 g [[threadgroup_position_in_grid]]) {
    threadgroup uint tile[8][9];
    if (p.x < shape.x && p.y < shape.y) tile[t.y][t.x] = in[p.y * shape.x + p.x];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    // The element that this thread writes: row of the tile along x.
    uint2 size = uint2(min(8u, 20 - 8 * g.x), min(8u, 20 - 8 * g.y));
    uint linear = t.y * size.x + t.x;
    uint row = linear % size.y, col = linear / size.y;
    uint2 from = uint2(g.x * 8 + col, g.y * 8 + row);
    if (from.x < shape.x && from.y < shape.y) out[from.x * shape.y + from.y] = tile[row][col];
}
