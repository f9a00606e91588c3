//! grid = 5
//! group = 5
//! out.0 = "f32 4 -1 6 4 8 11 10 20 12 31"
//! out.1 = "i32 3 1 4 2 0"
//! out.2 = "bool false*3 true false"
// Overloaded operators, as members and as functions; conversion operators; a call operator; an index operator.
#include <metal_stdlib>
using namespace metal;

struct Complex {
    float re, im;
    Complex(float re, float im = 0) : re(re), im(im) {}
    Complex operator*(Complex o) const { return {re * o.re - im * o.im, re * o.im + im * o.re}; }
    thread Complex& operator+=(Complex o) {
        re += o.re;
        im += o.im;
        return *this;
    }
    bool operator==(Complex o) const { return re == o.re && im == o.im; }
    float operator[](int i) const { return i == 0 ? re : im; }
};
Complex operator+(Complex a, Complex b) {
    a += b;
    return a;
}
Complex operator*(Complex a, float s) { return Complex(a.re * s, a.im * s); }

template <int M>
struct Modulo {
    int value;
    explicit Modulo(int v) : value(((v % M) + M) % M) {}
    operator int() const { return value; }
    Modulo operator-(Modulo o) const { return Modulo(value - o.value); }
};

struct Scale {
    int factor;
    int operator()(int x) const { return factor * x; }
};

kernel void operators(device float2* out [[buffer(0)]], device int* mod [[buffer(1)]], device bool* eq [[buffer(2)]],
                      uint i [[thread_position_in_grid]]) {
    Complex a(float(i), 1.0f);
    Complex r = (a + Complex(2, -1) * 2.0f) * Complex(1.0f, float(i));
    out[i] = float2(r[0], r[1]);
    Scale triple{3};
    mod[i] = Modulo<5>(triple(int(i))) - Modulo<5>(7);
    eq[i] = a == Complex(3, 1);
}
