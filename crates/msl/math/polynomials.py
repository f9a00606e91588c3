#!/usr/bin/env python3
"""Derives the polynomials of include/__msl_math_*: prints their coefficients, lowest order first, and their errors.

Each is the tail of a function behind its first, exactly representable terms, f(x) = head(x) + x^k p(x^s), and
minimises the greatest relative error of f, by Lawson's iteration of weighted least squares on a dense grid.
Coefficients are rounded to single precision one after the other, lowest order first, and the rest is fitted again
each time, so that it makes up for the rounding. (C. L. Lawson, 1961; J.-M. Muller, Elementary Functions, chapters 3
and 4; N. Brisebarre, J.-M. Muller, A. Tisserand: Computing machine-efficient polynomial approximations, 2006.)

Needs numpy and mpmath.
"""
import mpmath as mp
import numpy as np

mp.mp.prec = 160
GRID = 1500


def minimax(z, g, w, powers):
    """Coefficients of the powers that minimise max |w(z) (p(z) - g(z))| over the grid z, nearly."""
    a = np.stack([z**p for p in powers], 1)
    lawson = np.ones(len(z)) / len(z)
    best, least = None, np.inf
    for _ in range(200):
        root = np.sqrt(lawson) * w
        solution = np.linalg.lstsq(a * root[:, None], g * root, rcond=None)[0]
        error = np.abs(w * (a @ solution - g))
        if error.max() < least:
            best, least = solution, error.max()
        lawson *= error
        lawson /= lawson.sum()
    return best


def derive(name, function, head, k, step, degree, low, high):
    """Tail x^k p(x^step) of `function` behind `head`, on [low, high]."""
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / GRID) for i in range(GRID)]
    grid = [x for x in grid if abs(x) > 1e-6]
    z = np.array([float(x**step) for x in grid])
    g = np.array([float((function(x) - head(x)) / x**k) for x in grid])
    w = np.array([abs(float(x**k / function(x))) for x in grid])
    fixed, rest = [], g
    for power in range(degree + 1):
        c = np.float32(minimax(z, rest, w, list(range(power, degree + 1)))[0])
        fixed.append(c)
        rest = rest - float(c) * z**power
    text = ", ".join(float(c).hex().replace("0000000p", "p") + "f" for c in fixed)
    print(f"{name}: relative error 2^{np.log2(np.max(np.abs(w * rest))):.1f}\n    {text}")


def constant(name, value, *bits):
    """Splits a constant into parts of so many bits, and a last one of 24."""
    parts = []
    for b in (*bits, 24):
        e = mp.floor(mp.log(abs(value), 2)) + 1
        part = mp.nint(value * mp.mpf(2) ** (b - e)) * mp.mpf(2) ** (e - b)
        parts.append(float(np.float32(float(part))).hex().replace("0000000p", "p") + "f")
        value -= part
    print(f"{name} = " + " + ".join(parts))


HALF_LN2 = mp.log(2) / 2 * mp.mpf("1.0005")
derive("exp", mp.exp, lambda x: 1 + x, 2, 1, 4, -HALF_LN2, HALF_LN2)
derive("exp2", lambda x: mp.mpf(2) ** x, lambda x: 1, 1, 1, 5, -mp.mpf("0.5001"), mp.mpf("0.5001"))
HALF_LG2 = mp.log(2, 10) / 2 * mp.mpf("1.0005")
derive("exp10", lambda x: mp.mpf(10) ** x, lambda x: 1, 1, 1, 5, -HALF_LG2, HALF_LG2)
derive("log", mp.log1p, lambda x: x, 2, 1, 8, mp.sqrt("0.5") - 1, mp.sqrt(2) - 1)
S = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)
derive("log2 in s", lambda s: 2 * mp.atanh(s) / mp.log(2), lambda s: 2 * s / mp.log(2), 3, 2, 3, mp.mpf(0), S)
QUARTER = mp.pi / 4 * mp.mpf("1.0005")
derive("sin", mp.sin, lambda x: x, 3, 2, 2, mp.mpf(0), QUARTER)
derive("cos", mp.cos, lambda x: 1 - x * x / 2, 4, 2, 2, mp.mpf(0), QUARTER)
derive("atan", mp.atan, lambda x: x, 3, 2, 8, mp.mpf(0), mp.mpf(1))
derive("asin", mp.asin, lambda x: x, 3, 2, 4, mp.mpf(0), mp.mpf("0.5"))
derive("sinh", mp.sinh, lambda x: x, 3, 2, 3, mp.mpf(0), mp.mpf(1))
derive("tanh", mp.tanh, lambda x: x, 3, 2, 5, mp.mpf(0), mp.mpf("0.6"))

constant("log2(e)", 1 / mp.log(2), 24)
constant("ln 2", mp.log(2), 15)
constant("log2(10)", mp.log(10, 2), 24)
constant("log10(2)", mp.log(2, 10), 15)
constant("log10(e)", 1 / mp.log(10), 24)
constant("2 log2(e)", 2 / mp.log(2), 24)
constant("pi", mp.pi, 24)
constant("pi/2", mp.pi / 2, 24)
constant("pi/2 in three", mp.pi / 2, 24, 24)
constant("2/pi", 2 / mp.pi, 24)
mp.mp.prec = 320
words = int(mp.floor(2 / mp.pi * mp.mpf(2) ** 256))
print("2/pi in words:", ", ".join(f"0x{(words >> (224 - 32 * i)) & 0xffffffff:08x}" for i in range(8)))
