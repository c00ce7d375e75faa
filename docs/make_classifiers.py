"""Make the page of classifiers and their parameters from the recipe's models.

`python docs/make_classifiers.py > docs/classifiers.md`; the tests compare the page with what this prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from classify_local.classifiers.registry import CAPABILITIES
from classify_local.recipe.classifiers import Classifier

COMMON = {
    "class_weights": (
        "what a row counts for: `balanced`, or `{value: weight}`; empty: all rows alike",
        "sample_weight",
    ),
    "tune": ("search for better parameters on the folds of the check first", "HalvingGridSearchCV"),
    "seed": ("start of the random choices; the same seed gives the same model", "random_state"),
    "max_nodes": ("most leaves of a tree; empty: no limit", "max_leaf_nodes"),
    "min_leaf_population": ("fewest training rows in a leaf", "min_samples_leaf"),
    "normalize": (
        "features to a common scale first: `percentile` (1st to 99th of the image), `min_max` as SEPAL, or `false`",
        "-",
    ),
}
PARAMETERS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "random_forest": {
        "number_of_trees": ("trees that vote", "n_estimators"),
        "variables_per_split": ("bands looked at for a split; empty: square root of all", "max_features"),
        "bag_fraction": ("share of the rows each tree sees", "max_samples"),
    },
    "gradient_tree_boost": {
        "number_of_trees": ("rounds; each adds a tree for every class", "n_estimators"),
        "shrinkage": ("how much of each tree is added", "learning_rate"),
        "sampling_rate": ("share of the rows each round sees", "subsample"),
        "max_nodes": ("most leaves of a tree; empty: 64", "max_leaves"),
        "loss": ("of the regression only", "objective"),
    },
    "cart": {},
    "naive_bayes": {
        "variant": ("`gaussian`, or `multinomial` on whole numbers as Earth Engine", "GaussianNB, MultinomialNB"),
        "lambda": ("smoothing of `multinomial`", "alpha"),
    },
    "svm": {
        "decision_procedure": ("`voting` of pairs of classes, or the greatest sum of `margin`s", "-"),
        "svm_type": ("`c_svc`, `nu_svc`, or `one_class` against all else", "SVC, NuSVC, OneClassSVM"),
        "kernel_type": ("shape of the margin", "kernel"),
        "one_class": ("the class value `one_class` learns", "-"),
        "shrinking": ("libsvm's shortcut", "shrinking"),
        "degree": ("of `poly`", "degree"),
        "gamma": ("of `poly`, `rbf` and `sigmoid`: a number, `scale` or `auto`", "gamma"),
        "coef0": ("of `poly` and `sigmoid`", "coef0"),
        "cost": ("price of a row on the wrong side, of `c_svc`", "C"),
        "nu": ("share of rows on the wrong side, of `nu_svc`", "nu"),
    },
    "minimum_distance": {"metric": ("distance to the class means; `cosine` is the spectral angle", "-")},
    "decision_tree": {"decision_tree": ("the tree's text, or a JSON array of texts", "-")},
}
HEAD = """# Classifiers and their parameters

Made from the recipe's models by `python docs/make_classifiers.py > docs/classifiers.md`. Names and defaults are SEPAL's
in snake_case, but for those that [the changelog](../CHANGELOG.md) names. In a recipe:

```yaml
classifier: {type: random_forest, number_of_trees: 100, seed: 1}
```

All give `class`. Asking for a band that a classifier cannot give is an error that names those that can.

| type | probabilities | regression | needs training | scales features |
|---|---|---|---|---|"""


def yes(value: bool) -> str:
    """A mark in the table of abilities."""
    return "yes" if value else "-"


def models() -> dict[str, Any]:
    """The recipe's model of each type."""
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in get_args(get_args(Classifier)[0])}


def allowed(schema: Mapping[str, Any]) -> str:
    """The range of a parameter in words."""
    options = schema.get("anyOf", [schema])
    return " or ".join(word for word in map(_allowed, options) if word)


def _allowed(option: Mapping[str, Any]) -> str:
    if "enum" in option or "const" in option:
        return ", ".join(f"`{value}`" for value in option.get("enum", [option.get("const")]))
    words = {"null": "empty", "boolean": "true, false", "object": "a mapping", "string": "text"}
    kind = option.get("type", "")
    if kind in words:
        return words[kind]
    limits = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    said = [f"{sign} {option[key]:g}" for key, sign in limits.items() if key in option and abs(option[key]) < 1e6]
    return " ".join(["whole number" if kind == "integer" else "number", *([", ".join(said)] if said else [])])


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield HEAD
    for name, can in CAPABILITIES.items():
        marks = (can.probability, can.regression, can.training, can.scaled)
        yield f"| [{name}](#{name}) | {' | '.join(map(yes, marks))} |"
    for name, model in models().items():
        schema = model.model_json_schema(by_alias=True)
        yield f"\n## {name}\n\n{(model.__doc__ or '').strip()}\n"
        yield "| parameter | meaning | default | allowed | library |\n|---|---|---|---|---|"
        for field, facts in schema["properties"].items():
            if field != "type":
                meaning, library = (COMMON | dict(PARAMETERS[name]))[field]
                default = facts.get("default", "required")
                shown = "empty" if default is None else str(default).lower() if isinstance(default, bool) else default
                yield f"| `{field}` | {meaning} | {shown} | {allowed(facts)} | {library} |"


if __name__ == "__main__":
    print("\n".join(lines()))
