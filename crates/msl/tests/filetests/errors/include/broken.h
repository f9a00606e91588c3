#pragma once
// The error is on line 4 of this file.
inline int broken(int x) {
    return x + oops;
}
