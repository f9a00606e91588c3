"""Data that peers work on, and the largest error of a result relative to what is tolerated."""

import math

import numpy

ROUNDING = 2.0**-24


def floats(seed, *shape):
    """Single-precision numbers from -1 to 1, the same as the benchmark's own: SplitMix64's upper halves."""
    bits = numpy.arange(1, math.prod(shape) + 1, dtype=numpy.uint64)
    bits *= numpy.uint64(0x9E3779B97F4A7C15)
    bits += numpy.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        bits ^= bits >> numpy.uint64(shift)
        bits *= numpy.uint64(factor)
    upper = (bits >> numpy.uint64(32)).astype(numpy.uint32).view(numpy.int32)
    return (upper.astype(numpy.float32) / numpy.float32(2**31)).reshape(shape)


def excess(result, expected, tolerance):
    """How often the tolerance goes into the largest difference; infinite for a result that is no number."""
    error = numpy.max(numpy.abs(numpy.asarray(result, numpy.float64) - expected))
    return error / tolerance if numpy.isfinite(error) else float("inf")


def product_tolerance(inner):
    """A sum of so many products of numbers up to 1."""
    return inner * inner * ROUNDING


def layer_norm(x, gamma, beta):
    """Layer normalisation of the rows in double precision."""
    x = x.astype(numpy.float64)
    deviation = x - x.mean(axis=1, keepdims=True)
    variance = (deviation**2).mean(axis=1, keepdims=True)
    return gamma * deviation / numpy.sqrt(variance + 1e-5) + beta
