"""Spectral unmixing and the normalized difference fraction index (NDFI).

The reflectance r of a pixel, six bands, is taken as a mixture of five endmembers, with fractions that are
not negative and sum to one. Shade reflects nothing, so it just takes up what the other four leave, and the
fractions f of those four are the one solution of

    minimize |E'f - r|^2  subject to  f >= 0 and sum(f) <= 1.

Which of the five conditions hold as equations is a *face* of the problem, one bit each: 32 of them, of which
one is impossible. On a given face the solution and everything needed to prove it optimal are linear in
g = E r, so a table of small matrices, computed once, answers all of them. A pixel starts at the face where
nothing is bound, and goes on to where its violated conditions point; the few that this leads in a circle get
the best of all faces. Both ends are exact: the problem is strictly convex, and a face without violations is
its solution (Karush-Kuhn-Tucker).

Formulas: Souza, Roberts and Cochrane (2005), Remote Sensing of Environment 98, 329-343; endmembers as in
SEPAL; the walk over faces is block principal pivoting, Portugal, Judice and Vicente (1994), Mathematics of
Computation 63, 625-643.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from classify_local.bands.pairwise import Float64Array, quotient
from classify_local.jit import jit

__all__ = ["BANDS", "ENDMEMBERS", "ndfi", "unmix"]

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")

ENDMEMBERS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "gv": (0.05, 0.09, 0.04, 0.61, 0.30, 0.10),
        "shade": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        "npv": (0.14, 0.17, 0.22, 0.30, 0.55, 0.30),
        "soil": (0.20, 0.30, 0.34, 0.58, 0.60, 0.58),
        "cloud": (0.90, 0.96, 0.80, 0.78, 0.72, 0.65),
    }
)
"""Reflectance in the order of `BANDS`: green vegetation, shade, dead vegetation, bare soil, cloud."""

SHADE = tuple(ENDMEMBERS).index("shade")

STEPS = 8
"""Faces a pixel walks over before all of them are tried; on real and random pixels nearly all need fewer."""


def ndfi(reflectance: Float64Array) -> Float64Array:
    """Compute the normalized difference fraction index, from -1 (bare, dead) to 1 (green).

    ``(gvs - (npv + soil)) / (gvs + npv + soil)`` with ``gvs = gv / (1 - shade)``; divisions by zero give 0.

    Parameters
    ----------
    reflectance
        float64, shape (6, ...), bands as in `BANDS`.

    Returns
    -------
    ndarray
        float64, shape (...).
    """
    gv, npv, soil, cloud = _fractions(reflectance)
    gvs = quotient(gv, gv + npv + soil + cloud)
    return quotient(gvs - (npv + soil), gvs + npv + soil)


def unmix(reflectance: Float64Array) -> Float64Array:
    """Find the fractions of the endmembers: not negative, summing to one, nearest to the reflectance.

    Parameters
    ----------
    reflectance
        float64, shape (6, ...), bands as in `BANDS`.

    Returns
    -------
    ndarray
        float64, shape (5, ...), in the order of `ENDMEMBERS`; NaN where a band is NaN.
    """
    lit = _fractions(reflectance)
    shade = np.maximum(1 - lit.sum(axis=0), 0)
    return np.insert(lit, SHADE, shade, axis=0)


def _fractions(reflectance: Float64Array) -> Float64Array:
    """Find the fractions of the four endmembers that are not shade, shape (4, ...)."""
    r = np.asarray(reflectance, dtype=np.float64)
    if r.shape[0] != len(BANDS):
        raise ValueError(f"unmixing needs {len(BANDS)} bands, not {r.shape[0]}")
    out = np.empty((4, r[0].size))
    _solve(r.reshape(len(BANDS), r[0].size), *_faces(), out)
    return out.reshape(4, *r.shape[1:])


class Faces(NamedTuple):
    """What is linear about every face, numbered by its bits: 1 << k when f[k] is free, 16 when shade is gone.

    ``slopes[face] @ g + constants[face]`` are five numbers of which none is negative at the solution: for a
    free k the fraction f[k] itself, for another k the slope of the error along f[k]; last, while there is
    shade, its fraction, and without shade the multiplier of the sum.
    """

    endmembers: Float64Array  # (4, 6)
    slopes: Float64Array  # (32, 5, 4)
    constants: Float64Array  # (32, 5)


@functools.cache
def _faces() -> Faces:
    endmembers = np.array([value for name, value in ENDMEMBERS.items() if name != "shade"])
    gram = endmembers @ endmembers.T
    faces = [_face(gram, number) for number in range(32)]
    return Faces(endmembers, np.stack([slope for slope, _ in faces]), np.stack([c for _, c in faces]))


def _face(gram: Float64Array, number: int) -> tuple[Float64Array, Float64Array]:
    """Derive the slopes (5, 4) and constants (5,) of one face.

    With the sum free, gram f = g on the free fractions. With the sum held at one, gram f = g - multiplier,
    and the multiplier is what makes the sum one.
    """
    free = np.array([bool(number & 1 << k) for k in range(4)])
    full = bool(number & 16)
    slopes, constants = np.zeros((5, 4)), np.zeros(5)
    if full and not free.any():
        constants[:] = -np.inf  # nothing cannot sum to one: never the solution
        return slopes, constants
    inverse = np.zeros((4, 4))
    inverse[np.ix_(free, free)] = np.linalg.inv(gram[np.ix_(free, free)])
    weights = inverse.sum(axis=0)
    multiplier, multiplier_at_zero = np.zeros(4), 0.0
    if full:
        multiplier, multiplier_at_zero = weights / weights.sum(), -1 / weights.sum()
    fractions = inverse - np.outer(weights, multiplier)
    fractions_at_zero = -weights * multiplier_at_zero
    slopes[:4] = np.where(free[:, None], fractions, gram @ fractions - np.eye(4) + multiplier)
    constants[:4] = np.where(free, fractions_at_zero, gram @ fractions_at_zero + multiplier_at_zero)
    slopes[4] = multiplier if full else -fractions.sum(axis=0)
    constants[4] = multiplier_at_zero if full else 1 - fractions_at_zero.sum()
    return slopes, constants


@jit
def _solve(
    reflectance: Float64Array,
    endmembers: Float64Array,
    slopes: Float64Array,
    constants: Float64Array,
    out: Float64Array,
) -> None:
    """Unmix `reflectance` (6, n) into `out` (4, n); the rest is as in `Faces`."""
    g = np.empty(4)
    conditions = np.empty(5)
    for i in range(out.shape[1]):
        for k in range(4):
            g[k] = 0.0
            for band in range(6):
                g[k] += endmembers[k, band] * reflectance[band, i]
        face = _walk(g, slopes, constants, conditions)
        if face < 0:
            face = _best_of_all(g, slopes, constants, conditions)
            _evaluate(face, g, slopes, constants, conditions)
        for k in range(4):
            out[k, i] = conditions[k] if face & 1 << k else 0.0
            if out[k, i] < 0.0:
                out[k, i] = 0.0


@jit
def _evaluate(
    face: int, g: Float64Array, slopes: Float64Array, constants: Float64Array, conditions: Float64Array
) -> None:
    """Compute the five numbers of a face that must not be negative into `conditions`."""
    for k in range(5):
        conditions[k] = constants[face, k]
        for j in range(4):
            conditions[k] += slopes[face, k, j] * g[j]


@jit
def _walk(g: Float64Array, slopes: Float64Array, constants: Float64Array, conditions: Float64Array) -> int:
    """Find the face without violated conditions, leaving them in `conditions`; -1 if `STEPS` are too few."""
    face = 15
    for _ in range(STEPS):
        _evaluate(face, g, slopes, constants, conditions)
        violated = 0
        for k in range(5):
            if conditions[k] < 0.0:
                violated |= 1 << k
        if violated == 0:
            return face
        face ^= violated
    return -1


@jit
def _best_of_all(g: Float64Array, slopes: Float64Array, constants: Float64Array, conditions: Float64Array) -> int:
    """Find the face whose worst violation is least: none, but for rounding."""
    best, least = 0, -np.inf
    for face in range(32):
        _evaluate(face, g, slopes, constants, conditions)
        worst = conditions.min()
        if worst > least:
            best, least = face, worst
    return best
