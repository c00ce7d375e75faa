"""What a search for better parameters tries.

=====================  ===================================================================================
classifier             what is tried
=====================  ===================================================================================
random_forest          variables_per_split: square root, a third and two thirds of the bands;
                       min_leaf_population 1, 3, 10; bag_fraction 0.5, 1
gradient_tree_boost    shrinkage 0.03, 0.1, 0.3; number_of_trees 50, 200; max_nodes 4, 16
cart                   min_leaf_population 1, 2, 5, 10, 20; max_nodes none, 10, 30, 100
svm                    cost 1, 10, 100, 1000, or nu 0.05, 0.1, 0.2, 0.4; with a kernel other than linear
                       gamma `scale`, 0.1, 1, 10
naive_bayes            gaussian, and multinomial with lambda 1e-6, 0.01, 1
minimum_distance       metric euclidean, cosine, mahalanobis, manhattan
=====================  ===================================================================================

More trees never make a forest worse, so their number is the user's. What the recipe gives is tried too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from classify_local.errors import InputError

Parameters: TypeAlias = Mapping[str, Any]
"""Parameters by SEPAL's names in snake_case, as in a recipe."""


def search_space(classifier: str, given: Parameters, bands: int) -> list[dict[str, Any]]:
    """The candidates for a classifier, what the recipe gives first.

    Parameters
    ----------
    classifier
        Its type.
    given
        The recipe's parameters with their defaults.
    bands
        Number of bands.

    Raises
    ------
    InputError
        If there is nothing to search.
    """
    options = _options(classifier, given, bands)
    if not options:
        raise InputError(f"classifier.tune: {_described(classifier, given)} has no parameters to search; leave it out")
    names = list(dict.fromkeys(itertools.chain.from_iterable(options)))
    found = [{name: given[name] for name in names}]
    for option in options:
        for values in itertools.product(*option.values()):
            candidate = found[0] | dict(zip(option, values, strict=True))
            found += [] if candidate in found else [candidate]
    return found


def _options(classifier: str, given: Parameters, bands: int) -> list[dict[str, tuple[Any, ...]]]:
    """The grids of a classifier by name of parameter; none where there is nothing to search."""
    if classifier == "svm":
        return _svm_options(given)
    third = max(1, round(bands / 3))
    per_split = [None, *(n for n in dict.fromkeys((third, min(2 * third, bands))) if n != math.isqrt(bands))]
    grids: dict[str, list[dict[str, tuple[Any, ...]]]] = {
        "random_forest": [
            {
                "variables_per_split": tuple(per_split),
                "min_leaf_population": (1, 3, 10),
                "bag_fraction": (0.5, 1),
            }
        ],
        "gradient_tree_boost": [
            {"shrinkage": (0.03, 0.1, 0.3), "number_of_trees": (50, 200), "max_nodes": (4, 16)},
        ],
        "cart": [{"min_leaf_population": (1, 2, 5, 10, 20), "max_nodes": (None, 10, 30, 100)}],
        "naive_bayes": [{"variant": ("gaussian",)}, {"variant": ("multinomial",), "lambda": (1e-6, 0.01, 1)}],
        "minimum_distance": [{"metric": ("euclidean", "cosine", "mahalanobis", "manhattan")}],
    }
    return grids.get(classifier, [])


def _svm_options(given: Parameters) -> list[dict[str, tuple[Any, ...]]]:
    widths: dict[str, tuple[Any, ...]] = {} if given["kernel_type"] == "linear" else {"gamma": ("scale", 0.1, 1, 10)}
    if given["svm_type"] == "one_class":
        return []
    if given["svm_type"] == "nu_svc":
        return [{"nu": (0.05, 0.1, 0.2, 0.4)} | widths]
    return [{"cost": (1, 10, 100, 1000)} | widths]


def _described(classifier: str, given: Parameters) -> str:
    return "an svm of the type one_class" if given.get("svm_type") == "one_class" else classifier
