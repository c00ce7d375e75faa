from itertools import combinations

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import nnls

from classify_local.bands import unmixing
from classify_local.bands.unmixing import BANDS, ENDMEMBERS, ndfi, unmix

SPECTRA = np.array(list(ENDMEMBERS.values())).T  # (6 bands, 5 endmembers)

# Pixels whose walk over the faces goes in a circle.
CIRCLING = [
    [-0.2176, 0.5471, 0.0396, -0.4101, 0.9348, 1.3654],
    [0.2648, -0.1551, 0.1865, -0.0183, 0.9169, 1.1425],
    [-0.5866, 0.3108, 0.9116, 0.0533, 0.8987, 0.706],
    [0.1546, -0.279, 0.5279, 0.056, 0.9029, 0.9908],
    [-0.4218, 2.3167, -1.9335, -1.6177, 1.2322, 2.5898],
]


def brute_force(pixel):
    """The best fractions over every choice of endmembers, each with the sum held at one."""
    best, least = None, np.inf
    for count in range(1, 6):
        for chosen in combinations(range(5), count):
            spectra = SPECTRA[:, chosen]
            system = np.ones((count + 1, count + 1))
            system[:count, :count] = spectra.T @ spectra
            system[count, count] = 0
            solution = np.linalg.lstsq(system, np.append(spectra.T @ pixel, 1), rcond=None)[0][:count]
            error = np.sum((spectra @ solution - pixel) ** 2)
            if (solution >= 0).all() and error < least:
                best, least = np.zeros(5), error
                best[list(chosen)] = solution
    return best


def heavy_row(pixel, weight=1e4):
    """Scipy's non-negative least squares, with the sum as one more, heavy equation."""
    return nnls(np.vstack([SPECTRA, np.full(5, weight)]), np.append(pixel, weight))[0]


def sample(real_data, scene, scale):
    with rasterio.open(real_data / scene / "image.tif") as file:
        values = file.read(range(1, 7))[:, ::23, ::23].reshape(6, -1)
    return values * scale


def plain_ndfi(fractions):
    gv, shade, npv, soil, _ = fractions
    gvs = gv / (1 - shade) if shade < 1 else 0
    return (gvs - (npv + soil)) / (gvs + npv + soil) if gvs + npv + soil else 0


@pytest.mark.parametrize(("endmember", "index"), [("gv", 1), ("shade", 0), ("npv", -1), ("soil", -1), ("cloud", 0)])
def test_pure_pixels(endmember, index):
    pixel = np.array(ENDMEMBERS[endmember])
    fractions = dict(zip(ENDMEMBERS, unmix(pixel), strict=True))
    assert fractions.pop(endmember) == pytest.approx(1, abs=1e-12)
    assert list(fractions.values()) == pytest.approx([0] * 4, abs=1e-12)
    if endmember != "cloud":  # whose vegetation is 0 but for rounding, and a ratio of that anything
        assert ndfi(pixel) == pytest.approx(index, abs=1e-9)


def test_half_vegetation_half_shade():
    pixel = np.array(ENDMEMBERS["gv"]) / 2
    assert unmix(pixel) == pytest.approx([0.5, 0.5, 0, 0, 0], abs=1e-12)
    assert ndfi(pixel) == pytest.approx(1)


def test_a_mixture_by_hand():
    """30 % vegetation, 40 % shade, 20 % dead vegetation, 10 % soil."""
    pixel = SPECTRA @ [0.3, 0.4, 0.2, 0.1, 0]
    assert ndfi(pixel) == pytest.approx((0.5 - 0.3) / (0.5 + 0.3))


@pytest.mark.parametrize("dark", [[0.0] * 6, [-0.02] * 6, [-1.0] * 6])
def test_nothing_reflected_is_all_shade(dark):
    assert unmix(np.array(dark)).tolist() == [0, 1, 0, 0, 0]
    assert ndfi(np.array(dark)) == 0


def test_missing_values_stay_missing():
    pixels = np.full((6, 2), 0.1)
    pixels[3, 0] = np.nan
    assert np.isnan(unmix(pixels)).all(axis=0).tolist() == [True, False]


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (0, 4)])
def test_shapes(shape):
    reflectance = np.full((6, *shape), 0.2)
    assert unmix(reflectance).shape == (5, *shape)
    assert ndfi(reflectance).shape == shape


def test_needs_six_bands():
    with pytest.raises(ValueError, match="6 bands, not 4"):
        ndfi(np.zeros((4, 3)))


@pytest.mark.parametrize("pixel", CIRCLING)
def test_pixels_that_walk_in_a_circle(pixel):
    assert unmix(np.array(pixel)) == pytest.approx(brute_force(np.array(pixel)), abs=1e-9)


fractions_of_one = hnp.arrays(np.float64, 5, elements=st.floats(0, 1)).filter(lambda f: f.sum() > 1e-3)


@settings(deadline=None)
@given(fractions_of_one)
def test_finds_the_fractions_of_a_mixture(parts):
    fractions = parts / parts.sum()
    assert unmix(SPECTRA @ fractions) == pytest.approx(fractions, abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.float64, 6, elements=st.floats(-2, 3)))
def test_is_the_best_of_all_fractions(pixel):
    fractions = unmix(pixel)
    assert (fractions >= 0).all()
    assert fractions.sum() == pytest.approx(1, abs=1e-12)
    wanted = brute_force(pixel)
    assert fractions == pytest.approx(wanted, abs=1e-6)
    assert -1 <= ndfi(pixel) <= 1


@settings(deadline=None, max_examples=50)
@given(hnp.arrays(np.float64, 6, elements=st.floats(-2, 3)))
def test_either_search_finds_the_same(pixel):
    endmembers, *tables = unmixing._faces()
    g, conditions = endmembers @ pixel, np.empty(5)
    face = unmixing._best_of_all(g, *tables, conditions)
    unmixing._evaluate(face, g, *tables, conditions)
    lit = [conditions[k] if face & 1 << k else 0 for k in range(4)]
    assert np.delete(unmix(pixel), unmixing.SHADE) == pytest.approx(lit, abs=1e-9)


@pytest.mark.parametrize(("scene", "scale"), [("chiapas_landsat7", 1e-4), ("nc_landsat7", 1 / 255)])
def test_real_scenes(real_data, scene, scale):
    reflectance = sample(real_data, scene, scale)
    fractions, index = unmix(reflectance), ndfi(reflectance)
    for i, pixel in enumerate(reflectance.T):
        assert fractions[:, i] == pytest.approx(brute_force(pixel), abs=1e-9)
        assert index[i] == pytest.approx(plain_ndfi(fractions[:, i]), abs=1e-6)
    for i, pixel in enumerate(reflectance.T[:100]):
        assert fractions[:, i] == pytest.approx(heavy_row(pixel), abs=1e-6)


def test_bands_are_those_of_the_spectra():
    assert len(BANDS) == len(SPECTRA)
