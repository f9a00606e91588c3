"""The networks of the works of graphs, and their parameters: what `figures/graphs.rs` makes of the same seeds."""

import numpy

from data import floats

MLP_BATCH, MLP = 256, [784, 512, 256, 10]
# Batch, side of the images, channels before and after each convolution, features and classes of the dense layers.
CNN = 32, 128, [3, 16, 32, 64], 128, 2
MNIST = 128, 28, [1, 32, 64], 128, 10
ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}

# Losses of so many steps at the first rate are compared. While it is measured, training stands nearly still.
STEPS, LEARNING_RATE, STANDSTILL = 3, 1e-4, 1e-9

CHAIN, CHAIN_LEAST = [1.5, 2.5, 3.5, 4.5], -0.25
ROWS, COLUMNS = 4096, 1024
ATTENTION = 8, 8, 256, 64


class Parameters(list):
    """Random numbers, as small as the many inputs that each output has ask for."""

    def add(self, inputs, *shape):
        self.append(floats(100 + len(self), *shape) * numpy.float32(1 / inputs**0.5))


def pairs(sizes):
    return list(zip(sizes, sizes[1:]))


def mlp():
    """Weights as [inputs, outputs] and biases."""
    parameters = Parameters()
    for inputs, outputs in pairs(MLP):
        parameters.add(inputs, inputs, outputs)
        parameters.add(inputs, outputs)
    return parameters


def mlp_inputs():
    """Images and classes."""
    return floats(1, MLP_BATCH, MLP[0]), numpy.arange(MLP_BATCH) % MLP[-1]


def cnn(sizes=CNN):
    """Weights and biases, of convolutions as OIHW. Each convolution is followed by a pooling that halves the sides."""
    _, side, channels, hidden, classes = sizes
    parameters = Parameters()
    for inputs, outputs in pairs(channels):
        parameters.add(9 * inputs, outputs, inputs, 3, 3)
        parameters.add(9 * inputs, outputs)
    features = channels[-1] * (side >> len(channels) - 1) ** 2
    for inputs, outputs in pairs([features, hidden, classes]):
        parameters.add(inputs, inputs, outputs)
        parameters.add(inputs, outputs)
    return parameters


def cnn_inputs(sizes=CNN):
    """Images as NCHW and classes."""
    batch, side, channels, _, classes = sizes
    return floats(1, batch, channels[0], side, side), numpy.arange(batch) % classes


def samples(result):
    """Numbers of a result, spread over it."""
    values = numpy.asarray(result, numpy.float64).ravel()
    return values[:: -(-values.size // 64)]


def trainings(training, mlp_of, cnn_of):
    """The works of training: losses of the first steps are what is compared. `training` gives a step of a network, its
    parameters and inputs, and what sets the learning rate."""

    def work(network, parameters, inputs):
        def run(threads):
            step, set_rate = training(network, parameters, inputs, threads)
            losses = [step() for _ in range(STEPS)]
            set_rate(STANDSTILL)
            return step, lambda: samples(losses)

        return run

    return {
        "mlp_step": work(mlp_of, mlp(), mlp_inputs()),
        "cnn_step": work(cnn_of, cnn(), cnn_inputs()),
        "mnist_step": work(cnn_of, cnn(MNIST), cnn_inputs(MNIST)),
    }
