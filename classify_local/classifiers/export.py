"""Trained trees as text that travels: to Earth Engine, to R, and back as a `decision_tree`."""

from __future__ import annotations

from classify_local.classifiers import decision_tree, forest
from classify_local.classifiers.trained import TrainedModel
from classify_local.errors import InputError
from classify_local.recipe.classifiers import Classifier


def require_tree(classifier: Classifier) -> None:
    """Refuse classifiers that have no tree to export.

    Raises
    ------
    InputError
        Naming those that have.
    """
    if classifier.type not in ("cart", "random_forest"):
        raise InputError(f"{classifier.type} has no tree to export; cart and random_forest have")


def tree_text(model: TrainedModel) -> str:
    """The text of a CART, or the JSON array of a forest's trees.

    Raises
    ------
    InputError
        If the model is of another kind, or a band's name cannot stand in the text.
    """
    require_tree(model.classifier)
    trees = forest.checked(model.fitted.arrays(), len(model.bands), len(model.classes))
    return decision_tree.to_text(trees, model.bands, model.classes)
