"""The classifiers' parameters: SEPAL's names in snake_case, with its defaults and ranges."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

Whole = Annotated[StrictInt, Field(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[StrictInt, Field(ge=1, le=2147483647)]
Trees = Annotated[StrictInt, Field(ge=1, le=100_000)]
"""SEPAL names no largest number; beyond this a training never ends."""
LeafNodes = Annotated[StrictInt, Field(ge=2, le=2147483647)]
Seed = Annotated[StrictInt, Field(ge=0, le=4294967295)]
Real = Annotated[StrictFloat, Field(allow_inf_nan=False)]
Fraction = Annotated[StrictFloat, Field(gt=0, le=1)]
Positive = Annotated[StrictFloat, Field(gt=0, allow_inf_nan=False)]


def _from_json(key: Any) -> Any:
    """A class value from the text that JSON makes of a number that is a key."""
    return int(key) if isinstance(key, str) and re.fullmatch("-?[0-9]{1,10}", key) else key


ClassValue = Annotated[StrictInt, BeforeValidator(_from_json)]
ClassWeights = Literal["balanced"] | dict[ClassValue, Positive] | None
"""What a row of a class counts for in training: `balanced` makes all classes count the same; 1 where none is given."""


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RandomForest(_Parameters):
    """Many randomised trees that vote."""

    type: Literal["random_forest"]
    number_of_trees: Trees = 25
    variables_per_split: Count | None = None
    min_leaf_population: Count = 1
    bag_fraction: Fraction = 0.5
    max_nodes: LeafNodes | None = None
    seed: Seed = 1
    class_weights: ClassWeights = None
    tune: StrictBool = False


class GradientTreeBoost(_Parameters):
    """Small trees added one after the other, each mending the errors of those before."""

    type: Literal["gradient_tree_boost"]
    number_of_trees: Trees = 100
    shrinkage: Fraction = 0.1
    sampling_rate: Fraction = 0.7
    max_nodes: LeafNodes | None = None
    loss: Literal["least_squares", "least_absolute_deviation", "huber"] = "least_absolute_deviation"
    seed: Seed = 1
    class_weights: ClassWeights = None
    tune: StrictBool = False


class Cart(_Parameters):
    """One decision tree, grown from the training data."""

    type: Literal["cart"]
    min_leaf_population: Count = 1
    max_nodes: LeafNodes | None = None
    class_weights: ClassWeights = None
    tune: StrictBool = False


class NaiveBayes(_Parameters):
    """Bands taken as independent given the class."""

    type: Literal["naive_bayes"]
    variant: Literal["gaussian", "multinomial"] = "gaussian"
    lambda_: Positive = Field(1e-6, alias="lambda")
    class_weights: ClassWeights = None
    tune: StrictBool = False


class SupportVectorMachine(_Parameters):
    """The widest margin between classes."""

    type: Literal["svm"]
    decision_procedure: Literal["voting", "margin"] = "voting"
    svm_type: Literal["c_svc", "nu_svc", "one_class"] = "c_svc"
    kernel_type: Literal["linear", "poly", "rbf", "sigmoid"] = "rbf"
    one_class: Whole | None = None
    shrinking: StrictBool = True
    degree: Count = 3
    gamma: Literal["scale", "auto"] | Annotated[StrictFloat, Field(ge=0, allow_inf_nan=False)] = "scale"
    coef0: Real = 0.0
    cost: Positive = 100.0
    nu: Fraction = 0.5
    normalize: Literal["percentile", "min_max"] | StrictBool = "percentile"
    class_weights: ClassWeights = None
    tune: StrictBool = False


class MinimumDistance(_Parameters):
    """The class whose mean lies nearest."""

    type: Literal["minimum_distance"]
    metric: Literal["euclidean", "cosine", "mahalanobis", "manhattan"] = "euclidean"
    normalize: Literal["percentile", "min_max"] | StrictBool = "percentile"
    tune: StrictBool = False


class DecisionTree(_Parameters):
    """A tree given as text, as R's rpart and tree print it; needs no training."""

    type: Literal["decision_tree"]
    decision_tree: StrictStr


Classifier = Annotated[
    RandomForest | GradientTreeBoost | Cart | NaiveBayes | SupportVectorMachine | MinimumDistance | DecisionTree,
    Field(discriminator="type"),
]
