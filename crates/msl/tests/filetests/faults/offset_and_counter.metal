//! group = 64
//! threadgroups = 2
//! zero.1 = "u32 128"
//!
//! [[run]]
//! in.0 = "u32 0..256"
//! bytes.2 = "u64 0; u32 0 256"
//! out.1 = "u32 384 388 392 396 400 404 408 412 416 420 424 428 432 436 440 444 448 452 456 460 464 468 472 476 480 484 488 492 496 500 504 508 512 516 520 524 528 532 536 540 544 548 552 556 560 564 568 572 576 580 584 588 592 596 600 604 608 612 616 620 624 628 632 636 384 388 392 396 400 404 408 412 416 420 424 428 432 436 440 444 448 452 456 460 464 468 472 476 480 484 488 492 496 500 504 508 512 516 520 524 528 532 536 540 544 548 552 556 560 564 568 572 576 580 584 588 592 596 600 604 608 612 616 620 624 628 632 636"
//!
//! [[run]]
//! in.0 = "u32 0..256"
//! bytes.2 = "i64 -2; u32 2 258"
//! out.1 = "u32 384 388 392 396 400 404 408 412 416 420 424 428 432 436 440 444 448 452 456 460 464 468 472 476 480 484 488 492 496 500 504 508 512 516 520 524 528 532 536 540 544 548 552 556 560 564 568 572 576 580 584 588 592 596 600 604 608 612 616 620 624 628 632 636 384 388 392 396 400 404 408 412 416 420 424 428 432 436 440 444 448 452 456 460 464 468 472 476 480 484 488 492 496 500 504 508 512 516 520 524 528 532 536 540 544 548 552 556 560 564 568 572 576 580 584 588 592 596 600 604 608 612 616 620 624 628 632 636"
//!
//! [[run]]
//! in.0 = "u32 0..256"
//! bytes.2 = "i64 -2; u32 1 258"
//! threadgroups = 1
//! fault = "thread (0, 0, 0) in grid: read of 4 bytes at byte offset -4 of buffer 0 (`in`), which has 1024 bytes"
//!
//! [[run]]
//! in.0 = "u32 0..256"
//! bytes.2 = "u64 0; u32 0 257"
//! threadgroups = 1
//! fault = "thread (0, 0, 0) in grid: read of 4 bytes at byte offset 1024 of buffer 0 (`in`), which has 1024 bytes"
//!
//! [[run]]
//! in.0 = "u32 0..256"
//! bytes.2 = "u64 0x1ffffffffffffff0; u32 0 257"
//! threadgroups = 1
//! fault = "thread (0, 0, 0) in grid: read of 4 bytes at byte offset 9223372036854775744 of buffer 0 (`in`)"
//!
//! [[run]]
//! in.0 = "u32 0..256"
//! bytes.2 = "u64 0x1fffffffffffffff; u32 0 257"
//! threadgroups = 1
//! fault = "thread (0, 0, 0) in grid: read of 4 bytes at byte offset 9223372036854775804 of buffer 0 (`in`)"
// An offset, of which nothing is known, plus a counter, of which much is.
#include <metal_stdlib>
using namespace metal;
struct Where { ulong offset; uint first; uint end; };
kernel void sums(device const uint* in [[buffer(0)]], device uint* out [[buffer(1)]], constant Where& where [[buffer(2)]],
                 uint3 i [[thread_position_in_threadgroup]], uint3 size [[threads_per_threadgroup]],
                 uint g [[thread_position_in_grid]]) {
    threadgroup uint shared[64];
    uint sum = 0;
    for (uint k = where.first + i.x; k < where.end; k += size.x) sum += in[where.offset + k];
    shared[i.x] = sum;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[g] = shared[i.x];
}
