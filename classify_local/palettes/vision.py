"""Whether readers can tell the colours of a legend apart, those among them with a colour blindness too.

The colours are turned into what a reader sees who lacks one kind of cones (Machado, Oliveira and
Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE Trans. Vis.
Comput. Graph. 15(6), 2009), and compared by CIEDE2000 (Sharma, Wu and Dalal, Color Res. Appl. 30(1),
2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classify_local.legend import Legend, LegendEntry

Colors = NDArray[np.float64]

APART = 10.0
"""Colours that differ by so much (CIEDE2000) count as told apart on a map.

A rule of thumb: the eight colours of Okabe and Ito, chosen for readers with any colour blindness,
keep 10.9 in all of these kinds of vision; ColorBrewer's Set1, with its red and green, falls to 4.
"""
MOST_CLASSES = 256
EVERY_READER, RED_GREEN, BLUE_YELLOW = "every reader", "red-green blindness", "blue-yellow blindness"

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""Linear sRGB to XYZ for D65 (IEC 61966-2-1)."""
_WHITE = _TO_XYZ.sum(axis=1)
_CONES = {
    EVERY_READER: (np.eye(3),),
    RED_GREEN: (
        np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
        np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    ),
    BLUE_YELLOW: (
        np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
    ),
}
"""What readers see, on linear RGB: protanopia and deuteranopia, then tritanopia (Machado et al., severity 1.0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """Two classes whose colours some readers cannot tell apart.

    Parameters
    ----------
    first, second
        The classes.
    readers
        `EVERY_READER`, or the colour blindness of those who cannot.
    difference
        Of their colours as these readers see them, by CIEDE2000; 0 is the same.
    """

    first: LegendEntry
    second: LegendEntry
    readers: str
    difference: float


def look_alikes(legend: Legend, apart: float = APART) -> tuple[LookAlike, ...]:
    """Pairs of classes that look alike, the most alike first; for each the readers with the best eyes.

    Of more than `MOST_CLASSES` classes none are compared: so many cannot be told apart by colour.
    """
    if len(legend) > MOST_CLASSES:
        return ()
    rgb = np.array([entry.rgb for entry in legend]) / 255
    entries, found = legend.entries, {}
    for readers in (BLUE_YELLOW, RED_GREEN, EVERY_READER):
        differences = np.min([_all_differences(seen(rgb, cones)) for cones in _CONES[readers]], axis=0)
        for i, j in np.argwhere(np.triu(differences < apart, 1)).tolist():
            found[i, j, readers] = LookAlike(
                first=entries[i], second=entries[j], readers=readers, difference=float(differences[i, j])
            )
    kept = [
        pair for (i, j, readers), pair in found.items() if readers == EVERY_READER or (i, j, EVERY_READER) not in found
    ]
    return tuple(sorted(kept, key=lambda pair: (pair.difference, pair.first.value, pair.second.value)))


def seen(rgb: Colors, cones: Colors) -> Colors:
    """Colours as CIE Lab (D65), after what a reader's cones make of them.

    Parameters
    ----------
    rgb
        sRGB from 0 to 1, shape (n, 3).
    cones
        On linear RGB, shape (3, 3).

    Returns
    -------
    ndarray
        L, a and b, shape (n, 3).
    """
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.clip(linear @ cones.T, 0, 1) @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def _all_differences(lab: Colors) -> Colors:
    return ciede2000(lab[:, None, :], lab[None, :, :])


def ciede2000(first: Colors, second: Colors) -> Colors:
    """Differences of colours by CIEDE2000, numbered as in Sharma et al. (2005).

    Parameters
    ----------
    first, second
        L, a and b on the last axis; the others broadcast.

    Returns
    -------
    ndarray
        Without the last axis; about 1 can just be seen side by side.
    """
    chroma = (np.hypot(first[..., 1], first[..., 2]) + np.hypot(second[..., 1], second[..., 2])) / 2
    g = 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25.0**7)))  # 4
    c1, h1 = _polar(first, g)
    c2, h2 = _polar(second, g)
    lightness = (first[..., 0] + second[..., 0]) / 2
    c = (c1 + c2) / 2
    turn, h = _hues(c1, h1, c2, h2)
    t = 1 - 0.17 * _cos(h - 30) + 0.24 * _cos(2 * h) + 0.32 * _cos(3 * h + 6) - 0.20 * _cos(4 * h - 63)  # 15
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)  # 18
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * t  # 19, 20
    twist = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * np.sin(np.radians(60 * np.exp(-(((h - 275) / 25) ** 2))))  # 21
    d_l, d_c, d_h = (second[..., 0] - first[..., 0]) / s_l, (c2 - c1) / s_c, turn / s_h
    difference: Colors = np.sqrt(np.maximum(d_l**2 + d_c**2 + d_h**2 + twist * d_c * d_h, 0))  # 22
    return difference


def _polar(lab: Colors, g: Colors) -> tuple[Colors, Colors]:
    """Chroma, and hue in degrees from 0 to 360 (5 to 7)."""
    a = (1 + g) * lab[..., 1]
    return np.hypot(a, lab[..., 2]), np.degrees(np.arctan2(lab[..., 2], a)) % 360


def _hues(c1: Colors, h1: Colors, c2: Colors, h2: Colors) -> tuple[Colors, Colors]:
    """The difference of hue as a length, and the mean hue in degrees (10, 11, 14)."""
    grey = c1 * c2 == 0
    difference = h2 - h1
    turn = np.where(grey, 0, (difference + 180) % 360 - 180)
    turn = np.where(difference == 180, 180, turn)
    mean = (h1 + h2) / 2
    mean = np.where(np.abs(difference) > 180, np.where(h1 + h2 < 360, mean + 180, mean - 180), mean)
    mean = np.where(grey, h1 + h2, mean)
    return 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)), mean


def _cos(degrees: Colors) -> Colors:
    cosines: Colors = np.cos(np.radians(degrees))
    return cosines
