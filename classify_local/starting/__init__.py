"""A first recipe: guessed from images, a legend and reference data, with the reason for each guess beside it."""

from classify_local.starting.asking import Question
from classify_local.starting.drafting import Draft, draft
from classify_local.starting.writing import Started, init, require_free

__all__ = ["Draft", "Question", "Started", "draft", "init", "require_free"]
