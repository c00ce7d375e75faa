"""Tables to check models on."""

from __future__ import annotations

import numpy as np
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier


def clustered(seed: int = 1, clusters: int = 100, points: int = 10):
    """Near-identical points around cluster centres; the labels of the clusters mean nothing."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), points)
    features = rng.normal(size=(clusters, 4))[cluster] + rng.normal(0, 1e-3, (len(cluster), 4))
    labels = rng.permutation(np.arange(clusters) % 4)[cluster] + 1
    xy = (rng.random((clusters, 2)) * 1e5)[cluster] + rng.normal(0, 20, (len(cluster), 2))
    return features, labels, cluster, xy


def separable(groups: int = 30, points: int = 8, noise: float = 1.0, seed: int = 2):
    """Three classes told apart by the first band; the second says the same, worse; the third is noise."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), points)
    labels = np.array([10, -2, 7])[group % 3]
    codes = group % 3
    first = 4.0 * codes + rng.normal(0, noise, len(codes))
    second = 1.0 * codes + rng.normal(0, 2 * noise, len(codes))
    return np.column_stack([first, second, rng.normal(size=len(codes))]), labels, group


def nearest_neighbour(features, codes, test):
    return KNeighborsClassifier(1).fit(features, codes).predict(test)


def bayes(features, codes, test):
    return GaussianNB().fit(features, codes).predict(test)
