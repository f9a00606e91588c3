"""PyTorch on the CPU, with works of graphs: operations run one by one, as PyTorch does by itself."""

import sys

import torch
from torch.nn import functional

import networks
from data import floats
from networks import samples
from protocol import peak_memory, serve


def inference(compute, *arrays):
    """Runs a function on inputs."""

    def work(threads):
        torch.set_num_threads(threads)
        inputs = [torch.from_numpy(floats(seed, *shape)) for seed, shape in enumerate(arrays, 1)]
        out = None

        def run():
            nonlocal out
            with torch.inference_mode():
                out = compute(*inputs)

        return run, lambda: samples(out)

    return work


def chain(x):
    for factor in networks.CHAIN:
        x = (x * factor).clamp(min=networks.CHAIN_LEAST)
    return x


def layer_norm(x, gamma, beta):
    return functional.layer_norm(x, gamma.shape, gamma, beta, 1e-5)


def tensors(parameters):
    """Parameters as PyTorch's layers keep them: matrices as [outputs, inputs]."""
    arrays = (array.T.copy() if array.ndim == 2 else array for array in parameters)
    return [torch.from_numpy(array) for array in arrays]


def mlp(parameters, x):
    for layer in range(0, len(parameters), 2):
        x = functional.linear(x, parameters[layer], parameters[layer + 1])
        if layer + 2 < len(parameters):
            x = functional.relu(x)
    return x


def cnn(parameters, x):
    while parameters[0].ndim == 4:
        weights, bias, *parameters = parameters
        x = functional.conv2d(x, weights, bias, padding=1)
        x = functional.max_pool2d(functional.relu(x), 2)
    return mlp(parameters, x.flatten(1))


def cnn_inference(threads):
    torch.set_num_threads(threads)
    parameters, x = tensors(networks.cnn()), torch.from_numpy(networks.cnn_inputs()[0])
    out = None

    def run():
        nonlocal out
        with torch.inference_mode():
            out = cnn(parameters, x)

    return run, lambda: samples(out)


def training(network, arrays, inputs, threads):
    """Gives a step of Adam, which returns the loss before it, and what sets the learning rate."""
    torch.set_num_threads(threads)
    x, labels = map(torch.from_numpy, inputs)
    parameters = [tensor.requires_grad_() for tensor in tensors(arrays)]
    betas = networks.ADAM["beta1"], networks.ADAM["beta2"]
    optimiser = torch.optim.Adam(parameters, networks.LEARNING_RATE, betas, networks.ADAM["epsilon"])

    def step():
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(parameters, x), labels)
        loss.backward()
        optimiser.step()
        return loss.item()

    def set_rate(rate):
        for group in optimiser.param_groups:
            group["lr"] = rate

    return step, set_rate


def cnn_step(threads):
    return training(cnn, networks.cnn(), networks.cnn_inputs(), threads)


MATRICES = {f"matmul_{n}": inference(torch.mm, (n, n), (n, n)) for n in (512, 1024, 2048)}
ROWS, COLUMNS = networks.ROWS, networks.COLUMNS

WORKS = MATRICES | networks.trainings(training, mlp, cnn) | {
    "softmax": inference(lambda x: functional.softmax(x, -1), (ROWS, COLUMNS)),
    "layer_norm": inference(layer_norm, (ROWS, COLUMNS), (COLUMNS,), (COLUMNS,)),
    "chain": inference(chain, (1 << 24,)),
    "attention": inference(functional.scaled_dot_product_attention, *[networks.ATTENTION] * 3),
    "cnn_inference": cnn_inference,
}

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            serve(f"PyTorch {torch.__version__}", WORKS)
        case ["cnn_step", threads, count]:
            peak_memory(lambda: cnn_step(int(threads))[0], int(count))
