"""PoCL, the portable implementation of OpenCL, on the CPU."""

import os
import pathlib

import numpy

from data import ROUNDING, excess, floats, layer_norm, product_tolerance
from protocol import serve

SOURCE = pathlib.Path(__file__).with_name("kernels.cl").read_text()


class Device:
    """PoCL's CPU device with so many threads. Their number is PoCL's own for the whole process."""

    def __init__(self, threads):
        os.environ["POCL_MAX_PTHREAD_COUNT"] = str(threads)
        import pyopencl

        self.cl = pyopencl
        platforms = [p for p in pyopencl.get_platforms() if p.name == "Portable Computing Language"]
        if not platforms:
            raise RuntimeError("there is no PoCL among OpenCL's platforms")
        device = platforms[0].get_devices()[0]
        if device.max_compute_units != threads:
            raise RuntimeError(f"PoCL runs {device.max_compute_units} threads, not {threads}")
        self.context = pyopencl.Context([device])
        self.queue = pyopencl.CommandQueue(self.context)
        # Fast math, as Metal's default is.
        self.program = pyopencl.Program(self.context, SOURCE).build(["-cl-fast-relaxed-math"])

    def buffer(self, array):
        flags = self.cl.mem_flags
        return self.cl.Buffer(self.context, flags.READ_WRITE | flags.COPY_HOST_PTR, hostbuf=array)

    def runner(self, name, grid, group, *arguments):
        kernel = self.cl.Kernel(self.program, name)
        kernel.set_args(*arguments)

        def run(kept=arguments):  # a kernel does not keep its arguments alive
            self.cl.enqueue_nd_range_kernel(self.queue, kernel, grid, group)
            self.queue.finish()

        return run

    def read(self, buffer, shape):
        out = numpy.empty(shape, numpy.float32)
        self.cl.enqueue_copy(self.queue, out, buffer)
        self.queue.finish()
        return out


def add(count, threads):
    device = Device(threads)
    a, b = floats(1, count), floats(2, count)
    x, y, out = device.buffer(a), device.buffer(b), device.buffer(numpy.zeros_like(a))
    run = device.runner("add_arrays_float32", (count,), (256,), x, y, out)
    return run, lambda: excess(device.read(out, count), a.astype(numpy.float64) + b, 2 * ROUNDING)


def matmul(n, group, threads):
    device = Device(threads)
    a, b = floats(1, n, n), floats(2, n, n)
    x, y, out = device.buffer(a), device.buffer(b), device.buffer(numpy.zeros_like(a))
    run = device.runner("matmul_float32", (n, n), group, x, y, out, *[numpy.uint32(n)] * 3)
    expected = lambda: a.astype(numpy.float64) @ b
    return run, lambda: excess(device.read(out, (n, n)), expected(), product_tolerance(n))


def layer_norm_work(rows, features, group, threads):
    device = Device(threads)
    a, g, b = floats(1, rows, features), floats(2, features), floats(3, features)
    out, mean, variance = [device.buffer(numpy.zeros(n, numpy.float32)) for n in (rows * features, rows, rows)]
    sizes = map(numpy.uint32, (rows, features))
    inputs = map(device.buffer, (a, g, b))
    run = device.runner("layer_norm_float32", (features, rows), group, *inputs, out, mean, variance, *sizes)
    tolerance = 4 * features * ROUNDING
    return run, lambda: excess(device.read(out, (rows, features)), layer_norm(a, g, b), tolerance)


WORKS = {
    "add_1024": lambda threads: add(1024, threads),
    "matmul_512_32x8": lambda threads: matmul(512, (32, 8), threads),
    "matmul_512_16x16": lambda threads: matmul(512, (16, 16), threads),
    "matmul_1024_32x8": lambda threads: matmul(1024, (32, 8), threads),
    "matmul_1024_16x16": lambda threads: matmul(1024, (16, 16), threads),
    "layer_norm_512_512": lambda threads: layer_norm_work(512, 512, (256, 1), threads),
}

if __name__ == "__main__":
    import pyopencl

    serve(f"PoCL with pyopencl {pyopencl.VERSION_TEXT}", WORKS)
