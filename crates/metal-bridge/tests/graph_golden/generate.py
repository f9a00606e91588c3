"""Makes values.jsonl: what PyTorch computes, for tests/graph_golden.rs.

    python3 generate.py        # needs PyTorch; any version since 2.3, on any machine

Each line is one case: the operation, its parameters, inputs, outputs, a weight for each output, and the gradients
of the weighted sum of the outputs by each input of floats ("first"). "second" has the gradients of half the sum of
the squares of those. Everything is computed in double precision from inputs that are multiples of 1/32 below 4, so
that they are exact in every type of floats, and written with 10 digits.
"""

import json
import math
import os
import random

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
random.seed(2011)
cases = []


def number(value):
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    text = f"{value:.10g}"
    value = float(text)
    return int(value) if value == int(value) and abs(value) < 1e9 and not (value == 0 and text[0] == "-") else value


TYPES = {torch.float64: "f32", torch.int32: "i32", torch.int64: "i64", torch.uint8: "u8", torch.bool: "bool"}


def tensor(t):
    if t._is_zerotensor():  # what PyTorch uses where a gradient is nothing but zeros
        t = torch.zeros(t.shape, dtype=t.dtype)
    values = [number(v) for v in t.detach().reshape(-1).tolist()]
    if len(values) > 1 and all(v == values[0] for v in values):
        values = values[:1]  # all the same
    return {"type": TYPES[t.dtype], "shape": list(t.shape), "values": values}


def rand(*shape, low=-3.0, high=3.0, distinct=False):
    """Multiples of 1/32; all different if there are enough."""
    count = math.prod(shape)
    numbers = list(range(math.ceil(low * 32), math.floor(high * 32) + 1))
    if distinct and count <= len(numbers):
        chosen = random.sample(numbers, count)
    else:
        chosen = [random.choice(numbers) for _ in range(count)]
    return torch.tensor([n / 32 for n in chosen], dtype=torch.float64).reshape(shape)


def ints(*shape, low=-9, high=9, dtype=torch.int32):
    values = [random.randint(low, high) for _ in range(math.prod(shape))]
    return torch.tensor(values, dtype=dtype).reshape(shape)


def bools(*shape):
    return ints(*shape, low=0, high=1).bool()


def case(op, function, *inputs, gradient=True, second=True, **params):
    inputs = [t.clone() for t in inputs]
    floats = [t.requires_grad_() for t in inputs if t.dtype == torch.float64] if gradient else []
    outputs = function(*inputs)
    outputs = list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]
    line = {
        "op": op,
        "params": params,
        "inputs": [tensor(t) for t in inputs],
        "outputs": [tensor(t) for t in outputs],
    }
    if floats:
        weights = [rand(*t.shape, low=-1, high=1) for t in outputs]
        total = sum((w * t).sum() for w, t in zip(weights, outputs))
        first = torch.autograd.grad(total, floats, create_graph=second, allow_unused=True)
        first = [torch.zeros_like(x) if g is None else g for x, g in zip(floats, first)]
        line["weights"] = [tensor(t) for t in weights]
        line["first"] = [tensor(t) for t in first]
        if second:
            squares = sum((g**2).sum() for g in first) / 2
            if squares.requires_grad:
                grads = torch.autograd.grad(squares, floats, allow_unused=True)
            else:
                grads = [None] * len(floats)
            grads = [torch.zeros_like(x) if g is None else g for x, g in zip(floats, grads)]
            line["second"] = [tensor(t) for t in grads]
    cases.append(line)


# Element-wise, one operand.

UNARY = {
    "neg": (torch.neg, -3, 3),
    "abs": (torch.abs, -3, 3),
    "sign": (torch.sign, -3, 3),
    "reciprocal": (torch.reciprocal, 0.25, 3),
    "sqrt": (torch.sqrt, 0.25, 3),
    "rsqrt": (torch.rsqrt, 0.25, 3),
    "exp": (torch.exp, -3, 3),
    "log": (torch.log, 0.25, 3),
    "sin": (torch.sin, -3, 3),
    "cos": (torch.cos, -3, 3),
    "tan": (torch.tan, -1.25, 1.25),
    "tanh": (torch.tanh, -3, 3),
    "erf": (torch.erf, -3, 3),
    "floor": (torch.floor, -3, 3),
    "ceil": (torch.ceil, -3, 3),
    "round": (torch.round, -3, 3),
    "trunc": (torch.trunc, -3, 3),
    "square": (torch.square, -3, 3),
    "relu": (torch.relu, -3, 3),
    "sigmoid": (torch.sigmoid, -3, 3),
    "silu": (F.silu, -3, 3),
    "gelu": (F.gelu, -3, 3),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), -3, 3),
}
for name, (function, low, high) in UNARY.items():
    for shape in [(2, 3, 5), (7,), ()]:
        case(name, function, rand(*shape, low=low, high=high))

case("relu", torch.relu, torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64))
case("leaky_relu", lambda x: F.leaky_relu(x, 0.125), rand(4, 6), slope=0.125)
case("leaky_relu", lambda x: F.leaky_relu(x, 0.125), torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64), slope=0.125)
case("clamp", lambda x: torch.clamp(x, -1, 1.5), rand(5, 5), minimum=-1, maximum=1.5)
case("clamp", lambda x: torch.clamp(x, -1, 1), torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0], dtype=torch.float64), minimum=-1, maximum=1)

SPECIAL = torch.tensor(
    [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -0.5, -1.5, math.inf, -math.inf, math.nan, 80.0, -80.0, 1e-3], dtype=torch.float64
)
for name in ["neg", "abs", "reciprocal", "sqrt", "rsqrt", "exp", "log", "tanh", "erf", "floor", "ceil", "round", "trunc", "relu", "sigmoid"]:
    case(name, UNARY[name][0], SPECIAL, gradient=False)
case("is_nan", torch.isnan, SPECIAL, gradient=False)
case("is_finite", torch.isfinite, SPECIAL, gradient=False)
for name in ["neg", "abs", "sign", "square"]:
    case(name, UNARY[name][0], ints(3, 4), gradient=False)
    case(name, UNARY[name][0], ints(3, 4, dtype=torch.int64), gradient=False)
case("logical_not", torch.logical_not, bools(3, 4), gradient=False)
case("logical_not", torch.bitwise_not, ints(3, 4), gradient=False)

# Element-wise, two operands.

PAIRS = [((3, 4), (3, 4)), ((3, 4), (4,)), ((2, 1, 3), (4, 1)), ((), (3,)), ((1,), (2, 3)), ((2, 3), ())]
for a, b in PAIRS:
    case("addition", torch.add, rand(*a), rand(*b))
    case("subtraction", torch.sub, rand(*a), rand(*b))
    case("multiplication", torch.mul, rand(*a), rand(*b))
    case("division", torch.div, rand(*a), rand(*b, low=0.5))
    case("pow", torch.pow, rand(*a, low=0.25), rand(*b))
    case("maximum", torch.maximum, rand(*a), rand(*b))
    case("minimum", torch.minimum, rand(*a), rand(*b))
    case("modulo", torch.fmod, rand(*a), rand(*b, low=0.5))
    case("addition", torch.add, ints(*a), ints(*b), gradient=False)
    case("multiplication", torch.mul, ints(*a, dtype=torch.int64), ints(*b, dtype=torch.int64), gradient=False)
    divisor = ints(*b, low=1)
    case("division", lambda a, b: torch.div(a, b, rounding_mode="trunc"), ints(*a), divisor, gradient=False)
    case("modulo", torch.fmod, ints(*a), divisor, gradient=False)
    case("equal", torch.eq, ints(*a, low=0, high=2), ints(*b, low=0, high=2), gradient=False)
    case("not_equal", torch.ne, rand(*a), rand(*b), gradient=False)
    case("less_than", torch.lt, rand(*a), rand(*b), gradient=False)
    case("less_than_or_equal_to", torch.le, ints(*a), ints(*b), gradient=False)
    case("greater_than", torch.gt, rand(*a), rand(*b), gradient=False)
    case("greater_than_or_equal_to", torch.ge, rand(*a), rand(*b), gradient=False)
    case("logical_and", torch.logical_and, bools(*a), bools(*b), gradient=False)
    case("logical_or", torch.bitwise_or, ints(*a), ints(*b), gradient=False)
    case("logical_xor", torch.logical_xor, bools(*a), bools(*b), gradient=False)
    case("select", torch.where, bools(2, 3), rand(*a) if a[-1:] == (3,) else rand(3), rand(1))
ties = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64)
case("maximum", torch.maximum, *ties)
case("minimum", torch.minimum, *ties)
case("maximum", torch.maximum, SPECIAL, SPECIAL.flip(0), gradient=False)
case("minimum", torch.minimum, SPECIAL, SPECIAL.flip(0), gradient=False)
case("not_equal", torch.ne, SPECIAL, SPECIAL.flip(0), gradient=False)
case("less_than", torch.lt, SPECIAL, SPECIAL.flip(0), gradient=False)
case("addition", torch.add, ints(4, low=200, high=255, dtype=torch.uint8), ints(4, low=200, high=255, dtype=torch.uint8), gradient=False)
case("pow", torch.pow, torch.tensor([0.0, 0.0, 2.0, 0.0], dtype=torch.float64), torch.tensor([0.0, 2.0, 0.0, 1.0], dtype=torch.float64), second=False)
for power in [-2, -1, 0, 0.5, 1, 1.5, 2, 3, 4]:
    case("pow_number", lambda x: torch.pow(x, power), rand(6, low=0.25), power=power)

# Conversions.

case("cast", lambda x: x.to(torch.int32), rand(3, 5), gradient=False, to="i32")
case("cast", lambda x: x.to(torch.bool), rand(3, 5), gradient=False, to="bool")
case("cast", lambda x: x.to(torch.float64), ints(3, 5, dtype=torch.int64), gradient=False, to="f32")
case("cast", lambda x: x.to(torch.uint8), ints(3, 5, low=0, high=600), gradient=False, to="u8")
case("cast", lambda x: x.to(torch.int64), bools(3, 5), gradient=False, to="i64")

# Reductions.

AXES = [((2, 3, 4), [0]), ((2, 3, 4), [1]), ((2, 3, 4), [-1]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [0, 1, 2]), ((6,), [0]), ((3, 1, 2), [1])]
for shape, axes in AXES:
    for keepdim in [False, True]:
        options = {"axes": axes, "keepdim": keepdim}
        case("reduction_sum", lambda x: x.sum(axes, keepdim), rand(*shape), **options)
        case("reduction_mean", lambda x: x.mean(axes, keepdim), rand(*shape), **options)
        case("reduction_maximum", lambda x: x.amax(axes, keepdim), rand(*shape, distinct=True), **options)
        case("reduction_minimum", lambda x: x.amin(axes, keepdim), rand(*shape, distinct=True), **options)
    case("reduction_variance", lambda x: x.var(axes, correction=0), rand(*shape), axes=axes, keepdim=False)
    case("reduction_sum", lambda x: x.sum(axes, dtype=torch.int32), ints(*shape), axes=axes, keepdim=False, gradient=False)
    case("reduction_maximum", lambda x: x.amax(axes), ints(*shape), axes=axes, keepdim=False, gradient=False)
    case("reduction_and", lambda x: x.to(torch.int32).amin(axes).bool(), bools(*shape), axes=axes, keepdim=False, gradient=False)
    case("reduction_or", lambda x: x.to(torch.int32).amax(axes).bool(), bools(*shape), axes=axes, keepdim=False, gradient=False)


def product(x, axes):
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = x.prod(axis)
    return x


for shape, axes in AXES:
    case("reduction_product", lambda x: product(x, axes), rand(*shape, low=0.5, high=1.5), axes=axes, keepdim=False)
zeros = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0], [1.0, 2.0, 3.0]], dtype=torch.float64)
case("reduction_product", lambda x: x.prod(1), zeros, axes=[1], keepdim=False, second=False)
equal = torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], dtype=torch.float64)
case("reduction_maximum", lambda x: x.amax(1), equal, axes=[1], keepdim=False, second=False)
case("reduction_maximum", lambda x: x.amax(0), SPECIAL.reshape(5, 3), axes=[0], keepdim=False, gradient=False)
for shape, axis in [((3, 4), 0), ((3, 4), -1), ((2, 3, 4), 1), ((7,), 0)]:
    for keepdim in [False, True]:
        options = {"axes": [axis], "keepdim": keepdim, "gradient": False}
        case("reduction_arg_maximum", lambda x: x.argmax(axis, keepdim).to(torch.int32), rand(*shape, distinct=True), **options)
        case("reduction_arg_minimum", lambda x: x.argmin(axis, keepdim).to(torch.int32), ints(*shape), **options)
case("reduction_arg_maximum", lambda x: x.argmax().to(torch.int32), rand(3, 4, distinct=True), axes=[], keepdim=False, gradient=False)
case("reduction_arg_maximum", lambda x: x.argmax(0).to(torch.int32), SPECIAL, axes=[0], keepdim=False, gradient=False)

# Movement.

case("reshape", lambda x: x.reshape(4, 6), rand(2, 3, 4), shape=[4, 6])
case("reshape", lambda x: x.reshape(()), rand(1, 1), shape=[])
case("flatten", lambda x: x.flatten(1), rand(2, 3, 4), axis=1)
case("transpose", lambda x: x.transpose(0, 2), rand(2, 3, 4), a=0, b=2)
case("transpose", lambda x: x.transpose(-1, -2), rand(3, 5), a=-1, b=-2)
case("permute", lambda x: x.permute(2, 0, 1), rand(2, 3, 4), axes=[2, 0, 1])
case("permute", lambda x: x.permute(0, 3, 1, 2), ints(2, 2, 3, 2), axes=[0, 3, 1, 2], gradient=False)
case("broadcast_to", lambda x: x.expand(2, 3, 4), rand(3, 1), shape=[2, 3, 4])
case("broadcast_to", lambda x: x.expand(2, 2), rand(), shape=[2, 2])
case("squeeze", lambda x: x.squeeze(1), rand(3, 1, 2), axes=[1])
case("squeeze", lambda x: x.squeeze(), rand(1, 3, 1), axes=[])
case("expand_dims", lambda x: x.unsqueeze(0).unsqueeze(-1), rand(3, 2), axes=[0, -1])
for axis, shapes in [(0, [(2, 3), (1, 3), (4, 3)]), (1, [(2, 3), (2, 1)]), (-1, [(2, 2, 1), (2, 2, 3)])]:
    case("concat", lambda *x: torch.cat(x, axis), *[rand(*s) for s in shapes], axis=axis)
case("stack", lambda *x: torch.stack(x, 1), rand(2, 3), rand(2, 3), axis=1)
case("stack", lambda *x: torch.stack(x, -1), ints(2, 3), ints(2, 3), axis=-1, gradient=False)
case("split", lambda x: torch.split(x, [1, 3, 2], 1), rand(2, 6), sizes=[1, 3, 2], axis=1)
case("split_evenly", lambda x: torch.chunk(x, 3, 0), rand(6, 2), count=3, axis=0)
case("slice", lambda x: x[:, 1:4], rand(3, 5), axis=1, start=1, stop=4)
case("strided_slice", lambda x: x[1:3, 0:7:2], rand(3, 7), starts=[1, 0], ends=[3, 7], strides=[1, 2])
case("strided_slice", lambda x: x[0:5:3, :, 1:6:4], rand(5, 2, 6), starts=[0, 0, 1], ends=[5, 2, 6], strides=[3, 1, 4])
case("strided_slice", lambda x: x[2:9:7], rand(10), starts=[2], ends=[9], strides=[7])
case("pad", lambda x: F.pad(x, (1, 2, 0, 3), value=0.5), rand(2, 3), before=[0, 1], after=[3, 2], value=0.5)
case("reverse", lambda x: x.flip(0, 2), rand(2, 3, 2), axes=[0, 2])
case("reverse", lambda x: x.flip(0, 1), rand(2, 3), axes=[])
case("tile", lambda x: x.tile(2, 3), rand(2, 3), repeats=[2, 3])
case("tile", lambda x: x.tile(1, 2, 2), rand(2, 1, 3), repeats=[1, 2, 2])

# Indices.

case("gather", lambda x, i: x.index_select(0, i), rand(5, 3), ints(4, low=0, high=4), axis=0)
case("gather", lambda x, i: x[:, i.long()], rand(2, 6, 2), ints(2, 3, low=0, high=5), axis=1)
case("gather", lambda x, i: x[i], rand(7), ints(2, 4, low=0, high=6, dtype=torch.int64), axis=0)
case("gather", lambda x, i: x.index_select(1, i), ints(2, 4), ints(5, low=0, high=3), axis=1, gradient=False)
for axis in [0, 1, -1]:
    index = ints(3, 4, 2, low=0, high=1, dtype=torch.int64)
    case("gather_along_axis", lambda x, i: torch.gather(x, axis, i), rand(3, 4, 2), index, axis=axis)
case("gather_along_axis", lambda x, i: torch.gather(x, 1, i), rand(3, 4), ints(3, 7, low=0, high=3, dtype=torch.int64), axis=1)
case("scatter_add", lambda x, i, u: x.index_add(0, i, u), rand(5, 3), ints(6, low=0, high=4), rand(6, 3), axis=0)
case("scatter_add", lambda x, i, u: x.index_add(1, i, u), rand(2, 4), ints(3, low=0, high=3), rand(2, 3), axis=1)
case("scatter_add_along_axis", lambda x, i, u: x.scatter_add(1, i, u), rand(3, 4), ints(3, 5, low=0, high=3, dtype=torch.int64), rand(3, 5), axis=1)
case("scatter_add_along_axis", lambda x, i, u: x.scatter_add(0, i, u), rand(4, 2), ints(3, 2, low=0, high=3, dtype=torch.int64), rand(3, 2), axis=0)
case("one_hot", lambda i: F.one_hot(i, 5).double(), ints(3, 2, low=0, high=4, dtype=torch.int64), depth=5, gradient=False)

# Products and convolutions.

MATMUL = [((3, 4), (4, 5)), ((2, 3, 4), (2, 4, 2)), ((2, 3, 4), (4, 2)), ((3, 4), (2, 4, 2)), ((2, 1, 3, 2), (3, 2, 4)), ((4,), (4,)), ((4,), (4, 3)), ((3, 4), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((1, 1), (1, 1))]
for a, b in MATMUL:
    case("matrix_multiplication", torch.matmul, rand(*a, low=-1, high=1), rand(*b, low=-1, high=1))


def padded(x, padding):
    left, right, top, bottom = padding
    return F.pad(x, (left, right, top, bottom))


def conv(x, w, b=None, stride=(1, 1), dilation=(1, 1), padding=(0, 0, 0, 0), groups=1):
    return F.conv2d(padded(x, padding), w, b, stride, 0, dilation, groups)


# source, weights, and options; strides and dilations are (y, x), paddings (left, right, top, bottom)
CONV = [
    ((1, 1, 3, 3), (1, 1, 1, 1), {}),
    ((2, 3, 4, 5), (2, 3, 3, 3), {}),
    ((1, 2, 5, 5), (3, 2, 3, 3), {"padding": (1, 1, 1, 1)}),
    ((1, 2, 6, 7), (2, 2, 3, 2), {"stride": (2, 3)}),
    ((1, 2, 6, 7), (2, 2, 3, 3), {"stride": (2, 2), "padding": (1, 0, 2, 1)}),
    ((1, 1, 7, 8), (2, 1, 3, 2), {"dilation": (2, 3)}),
    ((1, 2, 7, 6), (1, 2, 2, 3), {"dilation": (3, 2), "stride": (2, 1), "padding": (2, 1, 0, 3)}),
    ((2, 4, 4, 4), (6, 2, 3, 3), {"groups": 2, "padding": (1, 1, 1, 1)}),
    ((1, 3, 5, 4), (3, 1, 3, 3), {"groups": 3, "padding": (1, 1, 1, 1)}),
    ((1, 2, 4, 4), (4, 1, 2, 2), {"groups": 2, "stride": (2, 2)}),
    ((2, 3, 1, 6), (2, 3, 1, 3), {"stride": (1, 2)}),
    ((1, 1, 5, 5), (1, 1, 5, 5), {}),
    ((1, 2, 3, 3), (2, 2, 3, 3), {"padding": (3, 3, 3, 3), "stride": (3, 3)}),
]
for source, weights, options in CONV:
    x, w = rand(*source, low=-1, high=1), rand(*weights, low=-1, high=1)
    bias = rand(weights[0], low=-1, high=1)
    named = {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
    case("convolution_2d", lambda x, w: conv(x, w, **options), x, w, **named)
    case("convolution_2d", lambda x, w, b: conv(x, w, b, **options), x, w, bias, **named, second=False)
    out = conv(x, w, **options).shape
    g = rand(*out, low=-1, high=1)

    def by_source(g, w):
        x = torch.zeros(source, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(conv(x, w, **options), x, g, create_graph=True)[0]

    def by_weights(g, x):
        w = torch.zeros(weights, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(conv(x, w, **options), w, g, create_graph=True)[0]

    case("convolution_2d_data_gradient", by_source, g, w, shape=list(source), **named)
    case("convolution_2d_weights_gradient", by_weights, g, x, shape=list(weights), **named)
for stride, padding, extra, groups in [(1, 0, 0, 1), (2, 1, 1, 1), (3, 0, 2, 2), (2, 1, 0, 2)]:
    x, w = rand(1, 4, 3, 4, low=-1, high=1), rand(4, 2, 3, 3, low=-1, high=1)

    def transposed(x, w):
        return F.conv_transpose2d(x, w, None, stride, padding, extra, groups)

    shape = list(transposed(x, w).shape)
    case("convolution_transpose_2d", transposed, x, w, shape=shape, stride=[stride] * 2, padding=[padding] * 4, groups=groups)

POOL = [
    ((2, 2, 4, 6), {"kernel": (2, 2), "stride": (2, 2)}),
    ((1, 2, 5, 5), {"kernel": (3, 3), "stride": (2, 2), "padding": 1}),
    ((1, 1, 6, 7), {"kernel": (3, 2), "stride": (1, 3)}),
    ((1, 2, 4, 4), {"kernel": (3, 3), "stride": (1, 1), "padding": 1}),
    ((1, 1, 5, 4), {"kernel": (5, 4), "stride": (1, 1)}),
]
for shape, options in POOL:
    kernel, stride, padding = options["kernel"], options["stride"], options.get("padding", 0)
    named = {"kernel": list(kernel), "stride": list(stride), "padding": [padding] * 4}
    case("max_pool_2d", lambda x: F.max_pool2d(x, kernel, stride, padding), rand(*shape, distinct=True), **named)
    for count in [False, True]:
        case("avg_pool_2d", lambda x: F.avg_pool2d(x, kernel, stride, padding, count_include_pad=count), rand(*shape), count_padding=count, **named)
case("max_pool_2d", lambda x: F.max_pool2d(x, 2, 1, 0, 2), rand(1, 2, 5, 5, distinct=True), kernel=[2, 2], stride=[1, 1], dilation=[2, 2])
case("max_pool_2d", lambda x: F.max_pool2d(x, 2, 2), ints(1, 2, 4, 4, low=0, high=1).double(), kernel=[2, 2], stride=[2, 2])
case("max_pool_2d", lambda x: F.max_pool2d(x, 3, 1, 1), ints(1, 1, 5, 5, low=0, high=2).double(), kernel=[3, 3], stride=[1, 1], padding=[1] * 4)

# Softmax, losses, normalisation, attention.

for shape, axis in [((3, 5), -1), ((3, 5), 0), ((2, 3, 4), 1), ((6,), 0), ((2, 1), 1)]:
    case("softmax", lambda x: torch.softmax(x, axis), rand(*shape), axis=axis)
    case("log_softmax", lambda x: torch.log_softmax(x, axis), rand(*shape), axis=axis)
large = torch.tensor([[1000.0, 999.0, -1000.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
case("softmax", lambda x: torch.softmax(x, -1), large, axis=-1)
case("log_softmax", lambda x: torch.log_softmax(x, -1), large, axis=-1)
for reduction in ["none", "sum", "mean"]:
    labels = ints(4, low=0, high=5, dtype=torch.int64)
    case("softmax_cross_entropy", lambda x, t: F.cross_entropy(x, t, reduction=reduction), rand(4, 6), labels, axis=-1, reduction=reduction)
    case("mean_squared_error", lambda a, b: F.mse_loss(a, b, reduction=reduction), rand(3, 4), rand(3, 4), reduction=reduction)
case("softmax_cross_entropy", lambda x, t: F.cross_entropy(x, t), rand(2, 3, 4), ints(2, 4, low=0, high=2, dtype=torch.int64), axis=1, reduction="mean")
case("softmax_cross_entropy", lambda x, t: F.cross_entropy(x, t), rand(4, 3), torch.softmax(rand(4, 3), 1).mul(32).round().div(32), axis=-1, reduction="mean")

case("layer_norm", lambda x: F.layer_norm(x, (4,), eps=1e-5), rand(2, 3, 4), axes=[-1], epsilon=1e-5)
case("layer_norm", lambda x, g: F.layer_norm(x, (5,), g, eps=1e-3), rand(3, 5), rand(5), axes=[-1], epsilon=1e-3)
case("layer_norm", lambda x, g, b: F.layer_norm(x, (3, 4), g, b, eps=1e-5), rand(2, 3, 4), rand(3, 4), rand(3, 4), axes=[1, 2], epsilon=1e-5)


def rms(x, g=None, epsilon=1e-6):
    y = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon)
    return y if g is None else y * g


case("rms_norm", lambda x: rms(x), rand(3, 5), axes=[-1], epsilon=1e-6)
case("rms_norm", lambda x, g: rms(x, g, 1e-3), rand(2, 3, 4), rand(4), axes=[-1], epsilon=1e-3)
for shape in [(4, 3), (2, 3, 2, 3)]:
    x, mean, variance, g, b = rand(*shape), rand(3), rand(3, low=0.5), rand(3), rand(3)
    def inference(x, *channels):
        m, v, g, b = (c.reshape([3] + [1] * (x.dim() - 2)) for c in channels)
        return (x - m) / torch.sqrt(v + 1e-3) * g + b  # F.batch_norm does not differentiate by the statistics

    assert torch.allclose(inference(x, mean, variance, g, b), F.batch_norm(x, mean, variance, g, b, eps=1e-3))
    case("batch_norm_inference", inference, x, mean, variance, g, b, epsilon=1e-3)

    def training(x, g, b):
        axes = [a for a in range(x.dim()) if a != 1]
        y = F.batch_norm(x, None, None, g, b, training=True, eps=1e-3)
        return y, x.mean(axes), x.var(axes, correction=1)

    case("batch_norm_training", training, x, g, b, epsilon=1e-3)

q, k, v = rand(2, 3, 4, low=-1, high=1), rand(2, 5, 4, low=-1, high=1), rand(2, 5, 3, low=-1, high=1)


def attention(*tensors, **options):
    # The only implementation that can be differentiated twice.
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return F.scaled_dot_product_attention(*tensors, **options)


case("scaled_dot_product_attention", lambda q, k, v: attention(q, k, v), q, k, v)
case("scaled_dot_product_attention", lambda q, k, v: attention(q, k, v, scale=0.25), q, k, v, scale=0.25)
mask = torch.tensor([[1, 0, 1, 1, 0], [0, 1, 1, 1, 1], [1, 1, 1, 0, 0]]).bool()
case("scaled_dot_product_attention", lambda q, k, v, m: attention(q, k, v, m), q, k, v, mask, mask="bool")
case("scaled_dot_product_attention", lambda q, k, v, m: attention(q, k, v, m), q, k, v, rand(3, 5), mask="float")
q, k, v = (rand(1, 2, 4, 4, low=-1, high=1) for _ in range(3))
case("scaled_dot_product_attention", lambda q, k, v: attention(q, k, v, is_causal=True), q, k, v, causal=True)

# Optimisers: the values after each of some steps with given gradients.

OPTIMISERS = [
    ("sgd", torch.optim.SGD, {"lr": 0.125}),
    ("sgd", torch.optim.SGD, {"lr": 0.125, "momentum": 0.875}),
    ("sgd", torch.optim.SGD, {"lr": 0.125, "momentum": 0.875, "weight_decay": 0.25}),
    ("sgd", torch.optim.SGD, {"lr": 0.125, "momentum": 0.875, "dampening": 0.5}),
    ("sgd", torch.optim.SGD, {"lr": 0.125, "momentum": 0.875, "nesterov": True, "weight_decay": 0.25}),
    ("adam", torch.optim.Adam, {"lr": 0.125}),
    ("adam", torch.optim.Adam, {"lr": 0.125, "betas": (0.75, 0.875), "eps": 1e-3, "weight_decay": 0.25}),
    ("adamw", torch.optim.AdamW, {"lr": 0.125}),
    ("adamw", torch.optim.AdamW, {"lr": 0.125, "betas": (0.75, 0.875), "weight_decay": 0.25}),
]
for name, make, options in OPTIMISERS:
    value = rand(2, 3)
    gradients = [rand(2, 3) for _ in range(4)]
    parameter = torch.nn.Parameter(value.clone())
    optimiser = make([parameter], **options)
    outputs = []
    for g in gradients:
        parameter.grad = g.clone()
        optimiser.step()
        outputs.append(tensor(parameter))
    named = {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
    cases.append({"op": name, "params": named, "inputs": [tensor(value)] + [tensor(g) for g in gradients], "outputs": outputs})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "values.jsonl")
with open(path, "w") as file:
    for line in cases:
        json.dump(line, file, separators=(",", ":"))
        file.write("\n")
print(f"{len(cases)} cases, {os.path.getsize(path)} bytes, PyTorch {torch.__version__}")
