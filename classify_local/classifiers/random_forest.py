"""Random Forest on scikit-learn, with SEPAL's parameters.

=====================  ==========================================
SEPAL                  scikit-learn's RandomForestClassifier
=====================  ==========================================
number_of_trees        n_estimators
variables_per_split    max_features; square root of the bands if empty
min_leaf_population    min_samples_leaf
bag_fraction           max_samples, drawn with replacement
max_nodes              max_leaf_nodes
seed                   random_state
=====================  ==========================================

Earth Engine's forest (Smile) draws each tree's share without replacement and class by class, and its
class is the plain majority of the trees; here, as in scikit-learn, it is the class with the greatest
mean of the trees' leaf shares, which with pure leaves is the same vote. Ties go to the smallest class value.
"""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from classify_local.errors import InputError
from classify_local.recipe.classifiers import RandomForest
from classify_local.types import FeatureArray, LabelArray


def fit(parameters: RandomForest, features: FeatureArray, codes: LabelArray) -> RandomForestClassifier:
    """A forest fitted to a training table.

    Parameters
    ----------
    parameters
        SEPAL's parameters.
    features
        Shape (n, bands).
    codes
        Classes as 0, 1, ..., shape (n,).

    Raises
    ------
    InputError
        If a parameter does not fit the table.
    """
    bands = features.shape[1]
    per_split = parameters.variables_per_split
    if per_split is not None and per_split > bands:
        raise InputError(f"classifier.variables_per_split: {per_split} of {bands} bands; give at most {bands}")
    forest = RandomForestClassifier(
        n_estimators=parameters.number_of_trees,
        max_features="sqrt" if per_split is None else per_split,
        min_samples_leaf=parameters.min_leaf_population,
        max_leaf_nodes=parameters.max_nodes,
        bootstrap=True,
        max_samples=None if parameters.bag_fraction == 1 else float(parameters.bag_fraction),
        random_state=parameters.seed,
        n_jobs=1,
    )
    return forest.fit(np.ascontiguousarray(features, dtype=np.float32), codes)
