"""Walking trees with the processor's vectors, by LLVM code that numba does not make by itself.

The crown is compared as a whole: for each of its nodes sixteen pixels at once, and from its ends up to the root each
node takes what its left or its right child gave. That needs loads, comparisons and selections only, which every
vector unit has. Below the crown pixels go on eight at a time as in `walk_portable`, or, in `walk_gathering`, 64 at a
time by gather instructions. On an Intel Xeon gathering was 1.5 times as fast as eight scalar walks, on an AMD EPYC
(Zen 4), which takes gathers apart into single loads, half as fast (spec/speed.md and benchmarks/inference.py).

Importing this module imports numba; `walks` does so when a forest is first used, and does without if that fails.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from classify_local.classifiers.inference import keys as layout
from classify_local.classifiers.inference.forest_layout import PackedTrees
from classify_local.classifiers.inference.keys import KeyArray
from classify_local.classifiers.inference.walk_portable import StateArray, walk_from
from classify_local.jit import jit

__all__ = ["crown_ends", "walk_gathering", "walk_vector"]

LANES = 16
"""Pixels in a tile; written here again, since numba's disk cache would not notice a change in another file."""

if LANES != layout.LANES:
    raise ImportError(f"tiles have {layout.LANES} pixels, these walks take {LANES}")

GROUPS = 4
"""Tiles that gather side by side; one group waits, eight are no faster."""

BIT, BYTE, WORD, LONG = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
WORDS, LONGS = ir.VectorType(WORD, LANES), ir.VectorType(LONG, LANES)


def walk_vector(tiles: KeyArray, packed: PackedTrees, first: int, state: StateArray) -> None:
    """Do what `walk_portable` does, the crown by vectors."""
    crown_ends(tiles, packed, first, state)
    if not packed.crown.complete:
        walk_from(tiles, packed, first, state, packed.sure_steps)


def walk_gathering(tiles: KeyArray, packed: PackedTrees, first: int, state: StateArray) -> None:
    """Do what `walk_portable` does, the crown by vectors and the rest by gathers where nodes are narrow."""
    crown_ends(tiles, packed, first, state)
    if packed.crown.complete:
        return
    if packed.narrow:
        offsets = packed.offsets[first : first + len(state) + 1]
        _gather(tiles.reshape(-1), packed.words, offsets, packed.bands * LANES, state)
    else:
        walk_from(tiles, packed, first, state, packed.sure_steps)


def crown_ends(tiles: KeyArray, packed: PackedTrees, first: int, state: StateArray) -> None:
    """Write where each pixel leaves the crown; what the leaf holds if the crown is the whole tree."""
    crown = packed.crown
    part = slice(first, first + len(state))
    compare = _compare_four_levels if crown.levels == 4 else _compare_six_levels
    keys, tile_size = tiles.reshape(-1), packed.bands * LANES
    compare(keys, tile_size, crown.thresholds[part], crown.places[part], crown.ends[part], state)


class _Code:
    """Writes LLVM code on vectors of `LANES` numbers."""

    def __init__(self, builder: Any):
        self.builder = builder

    def spread(self, value: Any, vector: Any) -> Any:
        """One number in all lanes."""
        nothing = ir.Constant(vector, ir.Undefined)
        one = self.builder.insert_element(nothing, value, ir.Constant(WORD, 0))
        return self.builder.shuffle_vector(one, nothing, ir.Constant(WORDS, [0] * LANES))

    def pointer(self, address: Any, kind: Any) -> Any:
        """A pointer to `kind` from an address."""
        return self.builder.inttoptr(address, kind.as_pointer())

    def load_word(self, address: Any, number: int) -> Any:
        """The word at a fixed place of an array of words."""
        return self.builder.load(self.builder.gep(self.pointer(address, WORD), [ir.Constant(LONG, number)]))

    def load_words(self, address: Any) -> Any:
        """`LANES` words that follow each other."""
        return self.builder.load(self.pointer(address, WORDS), align=4)

    def store_words(self, words: Any, address: Any) -> None:
        """Write `LANES` words that follow each other."""
        self.builder.store(words, self.pointer(address, WORDS), align=4)

    def gather(self, base: Any, index: Any, element: Any) -> Any:
        """The elements at `index` of an array, one for each lane."""
        vector = ir.VectorType(element, LANES)
        pointers = ir.VectorType(element.as_pointer(), LANES)
        mask = ir.VectorType(BIT, LANES)
        size = element.width // 8
        name = f"llvm.masked.gather.v{LANES}i{element.width}.v{LANES}p0"
        function = self.builder.module.globals.get(name) or ir.Function(
            self.builder.module, ir.FunctionType(vector, [pointers, WORD, mask, vector]), name
        )
        scaled = self.builder.mul(self.builder.zext(index, LONGS), ir.Constant(LONGS, [size] * LANES))
        at = self.builder.inttoptr(self.builder.add(self.spread(base, LONGS), scaled), pointers)
        every = ir.Constant(mask, [1] * LANES)
        return self.builder.call(function, [at, ir.Constant(WORD, size), every, ir.Constant(vector, ir.Undefined)])


def _select_crown(code: _Code, levels: int, keys: Any, thresholds: Any, places: Any, ends: Any) -> Any:
    """Ends of `LANES` pixels: each node chooses between what its children chose."""
    build = code.builder

    def choice(node: int) -> Any:
        if node >= 1 << levels:
            return code.spread(code.load_word(ends, node - (1 << levels)), WORDS)
        place = build.mul(build.zext(code.load_word(places, node), LONG), ir.Constant(LONG, 4))
        key = code.load_words(build.add(keys, place))
        right = build.icmp_unsigned(">", key, code.spread(code.load_word(thresholds, node), WORDS))
        left_choice, right_choice = choice(2 * node), choice(2 * node + 1)
        return build.select(right, right_choice, left_choice)

    return choice(1)


def _crown_code(levels: int) -> Any:
    """Code of the crown for one tile; its arguments are addresses."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        keys, thresholds, places, ends, out = arguments
        code = _Code(builder)
        code.store_words(_select_crown(code, levels, keys, thresholds, places, ends), out)
        return context.get_dummy_value()

    return generate


def _four_levels_typed(_context: Any, keys: Any, thresholds: Any, places: Any, ends: Any, out: Any) -> Any:  # noqa: ARG001
    return types.void(*[types.uintp] * 5), _crown_code(4)


def _six_levels_typed(_context: Any, keys: Any, thresholds: Any, places: Any, ends: Any, out: Any) -> Any:  # noqa: ARG001
    return types.void(*[types.uintp] * 5), _crown_code(6)


_four_levels: Any = intrinsic(_four_levels_typed)
_six_levels: Any = intrinsic(_six_levels_typed)


@jit
def _compare_four_levels(
    keys: KeyArray, tile_size: int, thresholds: KeyArray, places: KeyArray, ends: KeyArray, state: StateArray
) -> None:
    for tree in range(state.shape[0]):
        t, p, e = thresholds[tree].ctypes.data, places[tree].ctypes.data, ends[tree].ctypes.data
        for tile in range(state.shape[1] // LANES):
            _four_levels(keys.ctypes.data + 4 * tile * tile_size, t, p, e, state[tree, tile * LANES :].ctypes.data)


@jit
def _compare_six_levels(
    keys: KeyArray, tile_size: int, thresholds: KeyArray, places: KeyArray, ends: KeyArray, state: StateArray
) -> None:
    for tree in range(state.shape[0]):
        t, p, e = thresholds[tree].ctypes.data, places[tree].ctypes.data, ends[tree].ctypes.data
        for tile in range(state.shape[1] // LANES):
            _six_levels(keys.ctypes.data + 4 * tile * tile_size, t, p, e, state[tree, tile * LANES :].ctypes.data)


def _gather_walk_typed(_context: Any, words: Any, keys: Any, tile_bytes: Any, state: Any) -> Any:  # noqa: ARG001
    """Walk `GROUPS` tiles of pixels on from their nodes in `state`; arguments are addresses and a distance."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        words, keys, tile_bytes, state = arguments
        code = _Code(builder)
        places = [builder.add(state, ir.Constant(LONG, 4 * LANES * group)) for group in range(GROUPS)]
        tiles = [builder.add(keys, builder.mul(tile_bytes, ir.Constant(LONG, group))) for group in range(GROUPS)]
        starts = [code.load_words(place) for place in places]
        before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
        builder.branch(loop)
        builder.position_at_end(loop)
        nodes = [builder.phi(WORDS) for _ in range(GROUPS)]
        moves = [_gather_step(code, words, tile, node) for tile, node in zip(tiles, nodes, strict=True)]
        for node, start, (reached, _) in zip(nodes, starts, moves, strict=True):
            node.add_incoming(start, before)
            node.add_incoming(reached, loop)
        builder.cbranch(_any_moved(code, nodes, [reached for reached, _ in moves]), loop, after)
        builder.position_at_end(after)
        for place, (_, threshold) in zip(places, moves, strict=True):
            code.store_words(builder.not_(threshold), place)
        return context.get_dummy_value()

    return types.void(*[types.uintp] * 4), generate


def _gather_step(code: _Code, words: Any, tile: Any, node: Any) -> tuple[Any, Any]:
    """The nodes one step on, and the thresholds they passed."""
    build = code.builder
    word = code.gather(words, node, LONG)
    threshold = build.trunc(word, WORDS)
    upper = build.trunc(build.lshr(word, ir.Constant(LONGS, [32] * LANES)), WORDS)
    place = build.and_(upper, ir.Constant(WORDS, [0xFFFF] * LANES))
    key = code.gather(tile, build.add(place, ir.Constant(WORDS, list(range(LANES)))), WORD)
    right = build.zext(build.icmp_unsigned(">", key, threshold), WORDS)
    return build.add(build.lshr(upper, ir.Constant(WORDS, [16] * LANES)), right), threshold


def _any_moved(code: _Code, before: list[Any], after: list[Any]) -> Any:
    build = code.builder
    moved = ir.Constant(WORDS, [0] * LANES)
    for old, new in zip(before, after, strict=True):
        moved = build.or_(moved, build.xor(old, new))
    bits = build.bitcast(build.icmp_unsigned("!=", moved, ir.Constant(WORDS, [0] * LANES)), ir.IntType(LANES))
    return build.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))


_gather_walk: Any = intrinsic(_gather_walk_typed)


@jit
def _gather(
    keys: KeyArray, words: NDArray[np.uint64], offsets: NDArray[np.int64], tile_size: int, state: StateArray
) -> None:
    for tree in range(state.shape[0]):
        nodes = words.ctypes.data + 8 * offsets[tree]
        for pixel in range(0, state.shape[1], GROUPS * LANES):
            tile = keys.ctypes.data + 4 * (pixel // LANES) * tile_size
            _gather_walk(nodes, tile, 4 * tile_size, state[tree, pixel:].ctypes.data)
