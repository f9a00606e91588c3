"""JAX on the CPU: functions compiled by XLA."""

import functools
import os
import sys

import networks
from data import floats
from networks import samples
from protocol import peak_memory, serve


@functools.cache
def jax(threads):
    """The module with so many threads: XLA has as many as there are processors for the process when it starts."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import jax

    if len(os.sched_getaffinity(0)) != threads:
        raise RuntimeError(f"there are no {threads} processors")
    jax.config.update("jax_platforms", "cpu")
    return jax


def inference(compute, *arrays):
    """Runs a function of the module and inputs."""

    def work(threads):
        module = jax(threads)
        inputs = [module.device_put(floats(seed, *shape)) for seed, shape in enumerate(arrays, 1)]
        compiled = module.jit(functools.partial(compute, module))
        out = None

        def run():
            nonlocal out
            out = compiled(*inputs).block_until_ready()

        return run, lambda: samples(out)

    return work


def matmul(jax, a, b):
    return a @ b


def softmax(jax, x):
    return jax.nn.softmax(x, -1)


def layer_norm(jax, x, gamma, beta):
    mean = x.mean(-1, keepdims=True)
    variance = x.var(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * gamma + beta


def chain(jax, x):
    for factor in networks.CHAIN:
        x = jax.numpy.maximum(x * factor, networks.CHAIN_LEAST)
    return x


def attention(jax, query, key, value):
    scores = jax.numpy.einsum("bhqd,bhkd->bhqk", query, key) / query.shape[-1] ** 0.5
    return jax.numpy.einsum("bhqk,bhkd->bhqd", jax.nn.softmax(scores, -1), value)


def mlp(jax, parameters, x):
    for layer in range(0, len(parameters), 2):
        x = x @ parameters[layer] + parameters[layer + 1]
        if layer + 2 < len(parameters):
            x = jax.nn.relu(x)
    return x


def cnn(jax, parameters, x):
    while parameters[0].ndim == 4:
        weights, bias, *parameters = parameters
        x = jax.lax.conv_general_dilated(x, weights, (1, 1), "SAME")
        x = jax.nn.relu(x + bias[:, None, None])
        x = jax.lax.reduce_window(x, -jax.numpy.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
    return mlp(jax, parameters, x.reshape(x.shape[0], -1))


def cnn_inference(threads):
    module = jax(threads)
    parameters, x = module.device_put((list(networks.cnn()), networks.cnn_inputs()[0]))
    compiled = module.jit(functools.partial(cnn, module))
    out = None

    def run():
        nonlocal out
        out = compiled(parameters, x).block_until_ready()

    return run, lambda: samples(out)


def training(network, arrays, inputs, threads):
    """Gives a step of Adam, which returns the loss before it, and what sets the learning rate."""
    module = jax(threads)
    numpy = module.numpy
    beta1, beta2, epsilon = networks.ADAM["beta1"], networks.ADAM["beta2"], networks.ADAM["epsilon"]

    def loss_of(parameters, x, labels):
        logits = module.nn.log_softmax(network(module, parameters, x))
        return -numpy.take_along_axis(logits, labels[:, None], 1).mean()

    def update(state, rate, x, labels):
        count, parameters, means, squares = state
        loss, gradients = module.value_and_grad(loss_of)(parameters, x, labels)
        count += 1
        means = [beta1 * mean + (1 - beta1) * g for mean, g in zip(means, gradients)]
        squares = [beta2 * square + (1 - beta2) * g * g for square, g in zip(squares, gradients)]
        corrected = [
            (mean / (1 - beta1**count)) / (numpy.sqrt(square / (1 - beta2**count)) + epsilon)
            for mean, square in zip(means, squares)
        ]
        parameters = [parameter - rate * change for parameter, change in zip(parameters, corrected)]
        return loss, (count, parameters, means, squares)

    compiled = module.jit(update, donate_argnums=0)
    x, labels = module.device_put(inputs)
    zeros = lambda: [numpy.zeros(array.shape, numpy.float32) for array in arrays]
    state = module.device_put((numpy.float32(0), list(arrays), zeros(), zeros()))
    rate = networks.LEARNING_RATE

    def step():
        nonlocal state
        loss, state = compiled(state, rate, x, labels)
        module.block_until_ready(state)
        return loss.item()

    def set_rate(new):
        nonlocal rate
        rate = new

    return step, set_rate


def cnn_step(threads):
    return training(cnn, networks.cnn(), networks.cnn_inputs(), threads)


MATRICES = {f"matmul_{n}": inference(matmul, (n, n), (n, n)) for n in (512, 1024, 2048)}
ROWS, COLUMNS = networks.ROWS, networks.COLUMNS

WORKS = MATRICES | networks.trainings(training, mlp, cnn) | {
    "softmax": inference(softmax, (ROWS, COLUMNS)),
    "layer_norm": inference(layer_norm, (ROWS, COLUMNS), (COLUMNS,), (COLUMNS,)),
    "chain": inference(chain, (1 << 24,)),
    "attention": inference(attention, *[networks.ATTENTION] * 3),
    "cnn_inference": cnn_inference,
}

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            from importlib.metadata import version

            serve(f"JAX {version('jax')}", WORKS)
        case ["cnn_step", threads, count]:
            jax(int(threads))
            peak_memory(lambda: cnn_step(int(threads))[0], int(count))
