"""Data that peers work on, and the largest error of a result relative to what is tolerated."""

import numpy

ROUNDING = 2.0**-24


def floats(seed, *shape):
    """Single-precision numbers from -1 to 1."""
    generator = numpy.random.default_rng(seed)
    return generator.random(shape, numpy.float32) * numpy.float32(2) - numpy.float32(1)


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
