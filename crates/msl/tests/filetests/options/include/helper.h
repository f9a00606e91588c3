#pragma once
#include "near.h"
// `kernel`, `device` and attributes are rewritten in headers too.
struct Pair {
    int a, b;
};
inline int helper(uint i) {
    thread Pair p = {int(i), int(i)};
    return p.a + p.b;
}
