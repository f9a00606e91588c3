//! grid = 40
//! group = 20
//! [[run]]
//! kernel = "atomics"
//! out.0 = "i32 190190 30034 30034 30034 30034 190190 30034 30034 30034 30034 190190 30034 30034 30034 30034 190190 30034 30034 30034 30034 190190 30034 30034 30034 30034 190190 30034 30034 30034 30034 190190 30034 30034 30034 30034 190190 30034 30034 30034 30034"
//! [[run]]
//! kernel = "sizes"
//! out.0 = "i32 16843264 33686275 50529285 67373319 84215561 101058571 16843527 134153 50529792 67372813 84215823 101058333 16843278 33686288 50533138 263716 84215554 101058585 16848405 33686827 50529818 67372828 84215346 395038 16843265 33692956 50529593 67372577 84215587 101066277 16843840 132388 50529795 67372359 84215336 101058346 16852774 33686606 50529579 263725"
//! [[run]]
//! kernel = "much"
//! out.0 = "i32 0 701 1402 2103 2804 3505 4206 4907 5608 6309 7010 7711 8412 9113 9814 10515 11216 11917 12618 13319 14020 14721 15422 16123 16824 17525 18226 18927 19628 20329 21030 21731 22432 23133 23834 24535 25236 25937 26638 27339"
//! [[run]]
//! kernel = "much_and_waits"
//! out.0 = "i32 13319 12719 12119 11519 10919 10319 9719 9119 8519 7919 7319 6719 6119 5519 4919 4319 3719 3119 2519 1919 29359 28759 28159 27559 26959 26359 25759 25159 24559 23959 23359 22759 22159 21559 20959 20359 19759 19159 18559 17959"
//! [[run]]
//! kernel = "larger"
//! zero.0 = "i32 40"
//! fault = "at program_source:32, thread (0, 0, 0) in grid: read of 8 bytes at byte offset 0 of variable `six`, which has 6 bytes"
// Private variables: atomic operations, accesses of several sizes and larger than the variable, and much memory.
#include <metal_stdlib>
using namespace metal;
kernel void atomics(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int bins[5] = {};
    for (uint k = 0; k < 20; k++) __atomic_fetch_add(&bins[(k * i) % 5], int(k), __ATOMIC_RELAXED);
    out[i] = bins[i % 5] + 1000 * bins[0];
}
kernel void sizes(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    uint words[6];
    for (uint k = 0; k < 6; k++) words[k] = (k + 1) * 0x01010101 + i;
    thread uchar* bytes = (thread uchar*)words;
    bytes[i % 24] = 0;
    out[i] = *(thread ushort*)(bytes + i % 11) + words[i % 6];
}
kernel void much(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    int own[30000];
    for (uint k = 0; k < 30000; k += 100) own[k] = k + i;
    out[i] = own[(i * 7 % 300) * 100];
}
kernel void much_and_waits(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]], uint t [[thread_position_in_threadgroup]]) {
    threadgroup int shared[20];
    int own[30000];
    for (uint k = 0; k < 30000; k += 100) own[k] = k + i;
    shared[t] = own[(i * 7 % 300) * 100];
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[i] = shared[19 - t] + own[(i % 300) * 100];
}
kernel void larger(device int* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    uchar six[6] = {1, 2, 3, 4, 5, 6};
    six[i % 6] = i;
    out[i] = int(*(thread ulong*)(six + (i >> 21)) >> 20);
}
