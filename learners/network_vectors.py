"""The numbers of a network as one vector, and many such vectors at work at once."""

from typing import final

import numpy as np

from deviator.envs import DecisionProblem
from deviator.policies import Network
from deviator.policies.network import ACTIVATIONS
from deviator.validation import Bools, Floats

from .base import network_of
from .session import Session


@final
class NetworkVectors:
    """Networks of one shape that differ in some numbers, for learners that only see rewards.

    Parameters
    ----------
    network : Network
        The shape, and the numbers that stay as they are.
    free : ndarray of bool, shape (P,), optional
        Which of the network's P numbers vary, weights and biases layer by layer; all by default.
    """

    def __init__(self, network: Network, free: Bools | None = None) -> None:
        self._network = network
        self._all = _numbers(network)
        self._free = np.ones(len(self._all), dtype=bool) if free is None else free

    @property
    def start(self) -> Floats:
        """The numbers that vary, as the network has them."""
        return self._all[self._free]

    def network(self, vector: Floats) -> Network:
        """Return the network of a vector of the numbers that vary."""
        weights, biases = self._layers(vector[None])
        shape = self._network
        return Network(
            tuple(weight[0] for weight in weights),
            tuple(bias[0] for bias in biases),
            activation=shape.activation,
            squash=shape.squash,
        )

    def actions(self, vectors: Floats, observations: Floats) -> Floats:
        """Return the actions of M networks for observations (B, O), within [-1, 1], (M, B, K)."""
        between = ACTIVATIONS[self._network.activation]
        weights, biases = self._layers(vectors)
        values: Floats = np.broadcast_to(observations, (len(vectors), *observations.shape))
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            values = values if layer == 0 else between(values)
            values = values @ weight.transpose(0, 2, 1) + bias[:, None]
        return np.tanh(values) if self._network.squash else np.clip(values, -1.0, 1.0)

    def mean_rewards(self, session: Session, vectors: Floats, markets: int) -> Floats:
        """Return what M networks earn on average in the same fresh markets, and spend bids, (M,).

        Where the law allows, the mean and covariance of the profiles are the law's own.
        """
        problem, count = session.problem, len(vectors)
        matched = problem.market.distribution.matched_sample(session.rng, markets)
        types = problem.with_lots(session.rng, matched)
        action = self.actions(vectors, np.asarray(problem.observe(types)))
        reward = problem.reward(np.tile(types, (count, 1)), action.reshape(count * markets, -1))
        session.spend(len(reward), reward)
        means: Floats = np.asarray(reward).reshape(count, markets).mean(axis=1)
        return means

    def _layers(self, vectors: Floats) -> tuple[list[Floats], list[Floats]]:
        """Return weights (M, outputs, inputs) and biases (M, outputs) of each layer."""
        numbers = np.tile(self._all, (len(vectors), 1))
        numbers[:, self._free] = vectors
        weights, biases, begin = [], [], 0
        for weight, bias in zip(self._network.weights, self._network.biases, strict=True):
            weights.append(numbers[:, begin : begin + weight.size].reshape(-1, *weight.shape))
            begin += weight.size
            biases.append(numbers[:, begin : begin + bias.size])
            begin += bias.size
        return weights, biases


def best_network(session: Session) -> Network:
    """Return the network of the best deviation so far."""
    network: Network = network_of(session.checkpoint.best)
    return network


def first_coefficients(problem: DecisionProblem, network: Network) -> Bools:
    """Return which numbers of a linear policy count most: those of levels, and all constants, (P,).

    All of them where the policy is not linear, or its actions are not bids one after the other.
    """
    size, level = problem.market.bid_size, problem.market.mechanism.language.level
    numbers = sum(weight.size for weight in network.weights) + sum(map(len, network.biases))
    if len(network.weights) > 1 or problem.action_size % size:
        return np.ones(numbers, dtype=bool)
    rows = np.zeros(network.weights[0].shape, dtype=bool)
    rows[level % size :: size] = True
    return np.concatenate([rows.ravel(), np.ones(problem.action_size, dtype=bool)])


def _numbers(network: Network) -> Floats:
    layers = zip(network.weights, network.biases, strict=True)
    return np.concatenate([part.ravel() for layer in layers for part in layer])
