"""PyTorch on the CPU."""

import numpy
import torch

from data import ROUNDING, excess, floats, product_tolerance
from protocol import serve


def add(count, threads):
    torch.set_num_threads(threads)
    a, b = floats(1, count), floats(2, count)
    x, y, out = torch.from_numpy(a), torch.from_numpy(b), torch.empty(count)
    return lambda: torch.add(x, y, out=out), lambda: excess(out, a.astype(numpy.float64) + b, 2 * ROUNDING)


def sigmoid(count, threads):
    torch.set_num_threads(threads)
    a = floats(1, count)
    x, out = torch.from_numpy(a), torch.empty(count)
    expected = lambda: 1 / (1 + numpy.exp(-a.astype(numpy.float64)))
    return lambda: torch.sigmoid(x, out=out), lambda: excess(out, expected(), 16 * ROUNDING)


def matmul(n, threads):
    torch.set_num_threads(threads)
    a, b = floats(1, n, n), floats(2, n, n)
    x, y, out = torch.from_numpy(a), torch.from_numpy(b), torch.empty(n, n)
    expected = lambda: a.astype(numpy.float64) @ b
    return lambda: torch.mm(x, y, out=out), lambda: excess(out, expected(), product_tolerance(n))


def linear_relu(batch, inputs, outputs, threads):
    torch.set_num_threads(threads)
    a, w, b = floats(1, batch, inputs), floats(2, outputs, inputs), floats(3, outputs)
    x, weight, bias = map(torch.from_numpy, (a, w, b))
    out = None

    def run():
        nonlocal out
        out = torch.nn.functional.linear(x, weight, bias).relu_()

    def error():
        expected = numpy.maximum(a.astype(numpy.float64) @ w.T + b, 0)
        return excess(out, expected, product_tolerance(inputs + 1))

    return run, error


WORKS = {
    "add_2^25": lambda threads: add(1 << 25, threads),
    "sigmoid_2^25": lambda threads: sigmoid(1 << 25, threads),
    "matmul_512": lambda threads: matmul(512, threads),
    "matmul_1024": lambda threads: matmul(1024, threads),
    "linear_relu_256_784_512": lambda threads: linear_relu(256, 784, 512, threads),
}

if __name__ == "__main__":
    with torch.inference_mode():
        serve(f"PyTorch {torch.__version__}", WORKS)
