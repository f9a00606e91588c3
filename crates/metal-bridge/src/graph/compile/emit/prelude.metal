// Remainders and quotients of integers that are defined for all operands.
static inline int graph_div(int a, int b) {
    return b == 0 ? 0 : (b == -1 ? int(0u - uint(a)) : a / b);
}
static inline long graph_div(long a, long b) {
    return b == 0 ? 0 : (b == -1 ? long(0ul - ulong(a)) : a / b);
}
static inline int graph_rem(int a, int b) {
    return b == 0 || b == -1 ? 0 : a % b;
}
static inline long graph_rem(long a, long b) {
    return b == 0 || b == -1 ? 0 : a % b;
}

// Floats cut to integers: NaN is 0, and what is out of range the nearest end.
static inline int graph_to_int(float x) {
    return x != x ? 0 : (x >= 2147483648.0f ? 2147483647 : (x < -2147483648.0f ? -2147483647 - 1 : int(x)));
}
static inline long graph_to_long(float x) {
    return x != x ? 0l
                  : (x >= 9223372036854775808.0f ? 9223372036854775807l
                                                 : (x < -9223372036854775808.0f ? -9223372036854775807l - 1l : long(x)));
}
static inline uchar graph_to_uchar(float x) {
    return x > 0.0f ? (x >= 255.0f ? uchar(255) : uchar(uint(x))) : uchar(0);
}

// The error function, by a rational approximation between the points where it is 1 to the last bit.
static inline float graph_erf(float x) {
    const float c = x < -4.0f ? -4.0f : (x > 4.0f ? 4.0f : x);
    const float s = c * c;
    float p = -2.72614225801306e-10f;
    p = fma(p, s, 2.77068142495902e-08f);
    p = fma(p, s, -2.10102402082508e-06f);
    p = fma(p, s, -5.69250639462346e-05f);
    p = fma(p, s, -7.34990630326855e-04f);
    p = fma(p, s, -2.95459980854025e-03f);
    p = fma(p, s, -1.60960333262415e-02f);
    float q = -1.45660718464996e-05f;
    q = fma(q, s, -2.13374055278905e-04f);
    q = fma(q, s, -1.68282697438203e-03f);
    q = fma(q, s, -7.37332916720468e-03f);
    q = fma(q, s, -1.42647390514189e-02f);
    const float y = c * p / q;
    return y < -1.0f ? -1.0f : (y > 1.0f ? 1.0f : y);
}

// Philox4x32-10: word i % 4 of block i / 4.
static inline int graph_philox(long seed, long counter, ulong i) {
    uint4 c = uint4(uint(i / 4), uint((i / 4) >> 32), uint(counter), uint(ulong(counter) >> 32));
    uint2 k = uint2(uint(seed), uint(ulong(seed) >> 32));
    for (uint round = 0; round < 10; round++) {
        const ulong a = ulong(0xD2511F53u) * c.x;
        const ulong b = ulong(0xCD9E8D57u) * c.z;
        c = uint4(uint(b >> 32) ^ c.y ^ k.x, uint(b), uint(a >> 32) ^ c.w ^ k.y, uint(a));
        k += uint2(0x9E3779B9u, 0xBB67AE85u);
    }
    const uint word = uint(i % 4);
    return int(word == 0 ? c.x : (word == 1 ? c.y : (word == 2 ? c.z : c.w)));
}
