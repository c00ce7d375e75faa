import ast
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from classify_local.expressions import expression, parse_expression, read_cells
from classify_local.expressions.cells import number_text
from classify_local.expressions.nodes import AllOf, AnyOf, Binary, Column, Comparison, Conditional, Literal, Not, Unary
from tests.expressions import reference
from tests.expressions.printing import printed
from tests.expressions.trees import NAMES, tables, texts, trees

spellings = st.sampled_from(["sepal", "python"])


def exactly(values):
    """Values that differ if their types or the signs of zeros do."""
    return [(type(value), repr(value)) for value in values]


@given(trees, spellings)
@settings(max_examples=150)
def test_what_is_printed_parses_to_the_same_tree(tree, spelling):
    assert repr(parse_expression(printed(tree, spelling), "filter").root) == repr(tree)


@given(trees, tables, spellings)
@settings(max_examples=400)
def test_all_rows_at_once_give_what_each_row_gives(tree, table, spelling):
    n = len(table["a"])
    rows = [{name: reference.cell(table[name][i]) for name in NAMES} for i in range(n)]
    expected = [reference.evaluate(tree, row) for row in rows]
    found = parse_expression(printed(tree, spelling), "filter")
    assert exactly(found.values(table, n).to_list()) == exactly(expected)
    assert found.true_rows(table, n).tolist() == [reference.truth(value) for value in expected]


@given(trees, tables, st.integers(1, 5))
@settings(max_examples=80)
def test_chunks_and_forms_of_columns_do_not_matter(tree, table, chunk):
    n = len(table["a"])
    found = parse_expression(printed(tree, "sepal"), "filter")
    expected = found.values(table, n).to_list()
    arrays = {name: np.array(cells, np.dtypes.StringDType()) for name, cells in table.items()}
    read = {name: read_cells(cells) for name, cells in table.items()}
    with patch.object(expression, "CHUNK", chunk):
        for columns in (table, arrays, read):
            assert exactly(found.values(columns, n).to_list()) == exactly(expected)


@given(st.lists(texts | st.floats().map(repr) | st.integers().map(str)))
def test_cells_read_together_are_cells_read_alone(cells):
    expected = [reference.cell(cell) for cell in cells]
    assert exactly(read_cells(cells).to_list()) == exactly(expected)


@given(st.floats(allow_nan=False))
def test_numbers_are_written_by_the_shortest_digits(number):
    assert number_text(number) == reference.number_shown(number)
    if np.isfinite(number):
        assert float(number_text(number)) == number


def from_python(node):
    """Our tree of one of Python's, for what both languages share."""
    match node:
        case ast.BoolOp():
            return (AllOf if isinstance(node.op, ast.And) else AnyOf)(tuple(map(from_python, node.values)))
        case ast.UnaryOp(op=ast.Not()):
            return Not(from_python(node.operand))
        case ast.UnaryOp():
            return Unary(SIGNS[type(node.op)], from_python(node.operand))
        case ast.BinOp():
            return Binary(SIGNS[type(node.op)], from_python(node.left), from_python(node.right))
        case ast.Compare():
            operators = tuple(SIGNS[type(operator)] for operator in node.ops)
            return Comparison(from_python(node.left), operators, tuple(map(from_python, node.comparators)))
        case ast.IfExp():
            return Conditional(*map(from_python, (node.test, node.body, node.orelse)))
        case ast.Constant():
            return Literal(float(node.value))
    assert isinstance(node, ast.Name), ast.dump(node)
    return Column(node.id)


SIGNS = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
SIGNS |= {ast.Mod: "%", ast.Pow: "**", ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitAnd: "&"}
SIGNS |= {ast.BitXor: "^", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">"}

operands = st.builds("{}{}".format, st.sampled_from(["", "", "-", "+", "~", "- -"]), st.sampled_from(["a", "b", "3"]))


def runs(parts, operators):
    """Parts with operators between, and no parentheses."""
    more = st.lists(st.tuples(st.sampled_from(operators.split()), parts), max_size=2)
    return st.builds(lambda first, rest: " ".join([first, *(word for pair in rest for word in pair)]), parts, more)


arithmetic = runs(operands, "+ - * / % ** << >>")
relations = runs(arithmetic, "< <=") | runs(operands, "> >") | runs(operands, "| & ^ + *")
negations = st.builds("{}{}".format, st.sampled_from(["", "", "not ", "not not "]), relations)
booleans = runs(runs(negations, "and"), "or")
choices = booleans | st.builds("{} if {} else {} if {} else {}".format, *[booleans] * 5)


@given(choices)
@settings(max_examples=100)
def test_operators_bind_as_pythons_do(text):
    assert parse_expression(text, "filter").root == from_python(ast.parse(text, mode="eval").body)
