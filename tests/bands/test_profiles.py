import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.bands.indexes import INDEXES
from classify_local.bands.pairwise import Operation, pair_names
from classify_local.bands.profiles import BANDS, INDEX, PROFILES, profile

OPTICAL = ["blue", "green", "red", "nir", "swir1", "swir2"]
TASSELED_CAP = ["brightness", "greenness", "wetness"]


def listed(name, bands):
    return [(spec.kind, spec.names) for spec in profile(name, bands)]


def test_simple():
    assert listed("SIMPLE", OPTICAL) == [
        ("bands", ("red", "nir", "swir1", "swir2")),
        ("ratio", ("red", "nir", "swir1", "swir2")),
    ]


def test_rlcms():
    assert listed("RLCMS", [*OPTICAL, "thermal", *TASSELED_CAP]) == [
        ("bands", (*OPTICAL, "thermal", *TASSELED_CAP)),
        ("normalized_difference", tuple(OPTICAL)),
        ("ratio", ("nir", "swir1")),
        ("ratio", ("red", "swir1")),
        ("indexes", ("evi", "savi", "ibi")),
        ("angle", tuple(TASSELED_CAP)),
        ("distance", tuple(TASSELED_CAP)),
    ]


@pytest.mark.parametrize(
    ("name", "bands", "specs"),
    [
        ("SIMPLE", ["B1", "B2"], []),
        ("SIMPLE", ["red"], [("bands", ("red",))]),
        ("SIMPLE", ["swir1", "red"], [("bands", ("swir1", "red")), ("ratio", ("swir1", "red"))]),
        ("RLCMS", [], []),
        ("RLCMS", ["B1"], [("bands", ("B1",))]),
        (
            "RLCMS",
            ["red", "nir"],
            [
                ("bands", ("red", "nir")),
                ("normalized_difference", ("red", "nir")),
                ("indexes", ("savi",)),
            ],
        ),
    ],
)
def test_images_that_lack_bands(name, bands, specs):
    assert listed(name, bands) == specs


@given(st.sampled_from(sorted(PROFILES)), st.lists(st.sampled_from([*OPTICAL, *TASSELED_CAP, "x"]), unique=True))
def test_every_spec_gives_bands_the_image_has(name, bands):
    for spec in profile(name, bands):
        if spec.kind == INDEX:
            assert spec.names
            assert all(set(INDEXES[index].inputs) <= set(bands) for index in spec.names)
        else:
            assert [band for band in bands if band in spec.names] == list(spec.names)
            assert spec.names if spec.kind == BANDS else pair_names(spec.names, Operation(spec.kind))
