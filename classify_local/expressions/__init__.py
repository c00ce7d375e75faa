"""The language of row filters and class rules: parsed by a grammar, computed on arrays, never run as code."""

from classify_local.expressions.cells import StringColumn, read_cells
from classify_local.expressions.expression import Expression, parse_expression
from classify_local.expressions.values import Kind, Values

__all__ = ["Expression", "Kind", "StringColumn", "Values", "parse_expression", "read_cells"]
