"""The recipe: everything a user asks for, as frozen values. Its JSON Schema comes from here.

The shape is a contract: users' files rely on it. Keys are added where needed and never renamed.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from classify_local.bands import focal, texture
from classify_local.bands.indexes import INDEXES as INDEX_SPECS
from classify_local.bands.pairwise import Operation
from classify_local.errors import nearest
from classify_local.recipe.classifiers import Classifier, Count, Positive, RandomForest, Real, Seed, Whole

MAX_PATH = 4096


def _path_text(text: str) -> str:
    if not text.strip() or "\0" in text or len(text) > MAX_PATH:
        raise PydanticCustomError(
            "path",
            "must be the path of a file or folder, in at most {limit} characters, not {text}",
            {"limit": MAX_PATH, "text": repr(text if len(text) <= 60 else text[:57] + "...")},
        )
    return text


PathText = Annotated[StrictStr, AfterValidator(_path_text)]
"""A path as a user writes it, relative to the recipe's folder."""

BandRef = Whole | StrictStr
"""A band of a file: its number from 1, its description, or an alias of it."""

PAIRWISE = tuple(operation.value for operation in Operation)
INDEXES = tuple(INDEX_SPECS)
OUTPUT_BANDS = ("class", "class_probability", "regression", "probabilities")

ClassValue = Annotated[StrictInt, Field(ge=-(2**31), le=2**31 - 1)]
ClassKey = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
"""A class value as a key: JSON has keys of text only."""

PerClass = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
Resampling = Literal["nearest", "bilinear", "average"]


class Part(BaseModel):
    """Base of all parts: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reflectance(Part):
    """How a stored value becomes reflectance: `value * scale + offset`. Used by indexes and texture only."""

    scale: Real = 1.0
    offset: Real = 0.0


class Mask(Part):
    """Pixels to keep, told by another raster (`path`) or by a band of the image (`band`)."""

    path: PathText | None = None
    band: BandRef | None = None
    keep: tuple[Whole, ...] | None = Field(
        None,
        description="Values to keep; without it what SCL, QA_PIXEL and fmask call clear, or all but 0 of another band.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Mask:
        if self.path is None and self.band is None:
            raise PydanticCustomError("mask", "needs a path or a band, for example {path: scl.tif, keep: [4, 5]}")
        return self


MEASURES = tuple(measure.value for measure in texture.Measure)
STATISTICS = tuple(statistic.value for statistic in focal.Statistic)


def _odd(side: int) -> int:
    if side % 2:
        return side
    raise PydanticCustomError("window", "must be odd, as 3, 5 and 7 are, not {side}", {"side": side})


Side = Annotated[
    StrictInt,
    Field(ge=focal.SIDES[0], le=focal.SIDES[-1], json_schema_extra={"enum": list(focal.SIDES)}),
    AfterValidator(_odd),
]
"""Rows and columns of a moving window."""


def _apart(low: float, high: float) -> bool:
    return low < high and math.isfinite(high - low) and math.isfinite(texture.LEVELS[-1] / (high - low))


class Texture(Part):
    """Texture of bands: measures of the grey-level co-occurrence matrix of a moving window."""

    bands: tuple[StrictStr, ...] = Field(min_length=1)
    measures: tuple[Literal[MEASURES], ...] = Field(  # type: ignore[valid-type]
        ("contrast", "homogeneity", "correlation"), min_length=1
    )
    window: Side = Field(7, description="Rows and columns of the window, in pixels of the image.")
    levels: Annotated[StrictInt, Field(ge=texture.LEVELS[0], le=texture.LEVELS[-1])] = Field(
        32, description="Grey levels to which values are quantised."
    )
    limits: tuple[Real, Real] | None = Field(
        None, description="Stored values between which the levels lie; without it reflectance from 0 to 0.5."
    )
    distance: Count = Field(1, description="Pixels from one to the other of a pair.")

    @model_validator(mode="after")
    def _possible(self) -> Texture:
        if self.limits is not None and not _apart(*self.limits):
            raise PydanticCustomError(
                "limits",
                "limits are the lowest and the highest value of the levels, for example [0, 5000], not [{low}, {high}]",
                {"low": f"{self.limits[0]:g}", "high": f"{self.limits[1]:g}"},
            )
        if self.distance >= self.window:
            raise PydanticCustomError(
                "distance",
                "a window of {window} holds no pixels at distance {distance}; it is at most {most}",
                {"window": self.window, "distance": self.distance, "most": self.window - 1},
            )
        return self


class Focal(Part):
    """What a square window around each pixel of bands holds."""

    bands: tuple[StrictStr, ...] = Field(min_length=1)
    statistics: tuple[Literal[STATISTICS], ...] = Field(  # type: ignore[valid-type]
        ("mean", "standard_deviation"), min_length=1
    )
    window: Side = Field(5, description="Rows and columns of the window, in pixels of the image.")


class Derived(Part):
    """One set of derived bands: a pair-wise operation over bands, indexes, texture, focal statistics, or a profile."""

    ratio: tuple[StrictStr, ...] | None = Field(None, min_length=2)
    normalized_difference: tuple[StrictStr, ...] | None = Field(None, min_length=2)
    difference: tuple[StrictStr, ...] | None = Field(None, min_length=2)
    distance: tuple[StrictStr, ...] | None = Field(None, min_length=2)
    angle: tuple[StrictStr, ...] | None = Field(None, min_length=2)
    indexes: tuple[Literal[INDEXES], ...] | None = Field(None, min_length=1)  # type: ignore[valid-type]
    texture: Texture | None = None
    focal: Focal | None = None
    profile: Literal["simple", "rlcms"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Derived:
        if len(self.model_fields_set) != 1 or getattr(self, *self.model_fields_set) is None:
            kinds = ", ".join((*PAIRWISE, "indexes", "texture", "focal", "profile"))
            raise PydanticCustomError("derived", "each entry holds one of: {kinds}", {"kinds": kinds})
        return self


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _named(value: Any) -> Any:
    return {"band": value} if isinstance(value, str | int) and not isinstance(value, bool) else value


DerivedSets = Annotated[
    tuple[Derived, ...], BeforeValidator(_listed, json_schema_input_type=tuple[Derived, ...] | Derived)
]
BandOrMask = Annotated[Mask | None, BeforeValidator(_named, json_schema_input_type=Mask | BandRef | None)]
"""A mask, also said by naming a band of the image."""


class RasterImage(Part):
    """An image in files: one raster, a list, glob or folder of tiles, or a VRT."""

    name: StrictStr | None = None
    path: PathText | Annotated[tuple[PathText, ...], Field(min_length=1)]
    bands: Annotated[tuple[BandRef, ...], Field(min_length=1)] | dict[StrictStr, BandRef] | None = None
    nodata: Whole | StrictFloat | None = None
    time: StrictStr | None = Field(None, description="The date to take of an image with a time axis.")
    mask: BandOrMask = None
    reflectance: Reflectance | None = None
    resampling: Resampling = "nearest"
    derived: DerivedSets = ()


_PROBABILITY = re.compile("probability_(0|-?[1-9][0-9]*)")


def is_output_band(name: str) -> bool:
    """True for what a map's band can be called, whatever the legend."""
    return name in OUTPUT_BANDS or _PROBABILITY.fullmatch(name) is not None


def _output_band(name: str) -> str:
    if is_output_band(name):
        return name
    raise PydanticCustomError(
        "output_band",
        "no band {name}; there are class, class_probability, regression, probability_<class value>, probabilities"
        "{hint}",
        {"name": repr(name), "hint": nearest(name, OUTPUT_BANDS)},
    )


OutputBand = Annotated[StrictStr, AfterValidator(_output_band)]


class RecipeImage(Part):
    """The output bands of another recipe, taken as an image."""

    recipe: PathText
    bands: Annotated[tuple[OutputBand, ...], Field(min_length=1)] | None = None
    resampling: Resampling = "nearest"
    derived: DerivedSets = ()


class LegendItem(Part):
    """A class of the map: value, label, colour, and the class of the upper level it belongs to."""

    value: ClassValue
    label: StrictStr
    color: StrictStr
    parent: StrictStr | None = None


class Thinning(Part):
    """Which rows of a source to keep: the same ones every time, spread evenly over the land."""

    share: Annotated[Real, Field(gt=0, le=1)] | None = Field(None, description="Share of each class's rows.")
    per_class: Count | None = Field(None, description="Most rows of a class.")
    distance: Positive | None = Field(None, description="Least distance between rows, in metres.")

    @model_validator(mode="after")
    def _some(self) -> Thinning:
        if self.share is None and self.per_class is None and self.distance is None:
            raise PydanticCustomError("thin", "needs share, per_class or distance, for example {per_class: 500}")
        return self


class Thinned(Part):
    """What all sources of points share."""

    thin: Thinning | None = None


class ClassMapping(Thinned):
    """What the sources that carry a class column share."""

    class_: StrictStr | None = Field(None, alias="class")
    classes: dict[ClassKey, tuple[StrictStr | Whole | StrictFloat | StrictBool, ...] | StrictStr] | None = Field(
        None, description="Legend value -> values of the column, or an expression."
    )
    columns: dict[ClassKey, StrictStr | tuple[StrictStr, ...]] | None = Field(
        None, description="Legend value -> the columns that say so by anything but 0, false or nothing."
    )
    default: ClassValue | None = Field(None, description="The class of rows that nothing matched.")
    filter: StrictStr | None = Field(None, description="Keep rows for which this expression is true.")
    edits: PathText | None = Field(None, description="Changes made on the map page; the file itself stays as it is.")
    group: StrictStr | None = Field(None, description="Column of what must stay together in a check of the model.")
    per_polygon: Count = Field(100, description="Most pixels taken from one polygon.")
    pure: StrictBool = Field(False, description="Leave out the pixels that a polygon's border cuts.")


class CollectedSource(Thinned):
    """Points clicked on the map page."""

    collected: PathText


class CsvSource(ClassMapping):
    """A table of points, or of polygons in a GeoJSON column: text with any separator, or xlsx."""

    csv: PathText
    sheet: StrictStr | None = None
    encoding: StrictStr | None = None
    x: StrictStr | None = None
    y: StrictStr | None = None
    geojson: StrictStr | None = None
    crs: StrictStr = "EPSG:4326"


class VectorSource(ClassMapping):
    """A layer of points or polygons."""

    vector: PathText
    layer: StrictStr | Annotated[tuple[StrictStr, ...], Field(min_length=1)] | None = None
    crs: StrictStr | None = Field(None, description="For a file that does not say its reference system.")


def _thousand_each() -> dict[int | Literal["default"], int]:
    return {"default": 1000}


class Sample(Part):
    """Points drawn from an existing classification."""

    path: PathText
    band: BandRef = 1
    per_class: dict[ClassKey | Literal["default"], PerClass] = Field(default_factory=_thousand_each)
    total: Count | None = Field(None, description="Points in all, instead of counts per class.")
    allocation: Literal["equal", "proportional"] = Field("equal", description="How `total` is shared among classes.")
    floor: PerClass = Field(0, description="Least points of a class when shared in proportion.")
    scale: Positive | None = Field(None, description="Side of a sampled cell in metres; the file's pixel by default.")
    seed: Seed = 1
    pure: StrictBool = False
    classes: dict[ClassKey, tuple[ClassValue, ...]] | None = None
    default: ClassValue | None = None


class SampleSource(Thinned):
    """Training points drawn from an existing classification."""

    sample: Sample


class RecipeSource(Part):
    """Another recipe's training table, sampled on that recipe's own images."""

    recipe: PathText


class Auxiliary(Part):
    """A raster of the user's own that joins the stack under a name."""

    name: StrictStr
    path: PathText
    band: BandRef = 1
    resampling: Resampling = "bilinear"


class Output(Part):
    """What the map holds and where its pixels lie."""

    bands: Annotated[tuple[OutputBand, ...], Field(min_length=1)] = ("class", "class_probability")
    scale: Positive | StrictStr | None = None
    crs: StrictStr | None = None
    aoi: PathText | tuple[Real, Real, Real, Real] | None = None
    tile_size: Annotated[StrictInt, Field(ge=64, le=32768)] = 2048


def _kind_of(*keys: str) -> Discriminator:
    """Tell the members of a union apart by which of `keys` a mapping holds."""

    def kind(given: Any) -> str | None:
        if isinstance(given, Part):
            return next((f"<{key}>" for key in keys if key in type(given).model_fields), None)
        held = [key for key in keys if isinstance(given, dict) and key in given]
        return f"<{held[0]}>" if len(held) == 1 else None

    return Discriminator(
        kind,
        custom_error_type="kind",
        custom_error_message="needs exactly one of the keys: " + ", ".join(keys),
    )


Image = Annotated[
    Annotated[RasterImage, Tag("<path>")] | Annotated[RecipeImage, Tag("<recipe>")],
    _kind_of("path", "recipe"),
]
TrainingSource = Annotated[
    Annotated[CollectedSource, Tag("<collected>")]
    | Annotated[CsvSource, Tag("<csv>")]
    | Annotated[VectorSource, Tag("<vector>")]
    | Annotated[SampleSource, Tag("<sample>")]
    | Annotated[RecipeSource, Tag("<recipe>")],
    _kind_of("collected", "csv", "vector", "sample", "recipe"),
]


_RESERVED = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}


_MAX_NAME_BYTES = 180
"""A file system takes 255, and the files of a map add to the name."""


def safe_name(name: str) -> str:
    """`name`, if it can be a folder's and a file's name on every system.

    Raises
    ------
    PydanticCustomError
        If it cannot.
    """
    bad = set('/\\:*?"<>|') & set(name) or not name.isprintable() or name != name.strip()
    long = len(name) > 100 or len(name.encode(errors="replace")) > _MAX_NAME_BYTES
    reserved = name.partition(".")[0].casefold() in _RESERVED
    if bad or long or reserved or not name or name.startswith((".", "-")) or name.endswith("."):
        raise PydanticCustomError(
            "name",
            "a name is used for files: up to 100 letters, digits, spaces, - and _, the first no - or ., "
            "and none that Windows keeps for itself (con, aux, nul); not {name}",
            {"name": repr(name)},
        )
    return name


class Recipe(Part):
    """The user's whole request."""

    name: Annotated[StrictStr, AfterValidator(safe_name)] | None = None
    images: Annotated[tuple[Image, ...], Field(min_length=1)]
    legend: tuple[LegendItem, ...] | PathText | None = None
    training: tuple[TrainingSource, ...] = ()
    auxiliaries: tuple[Literal["latitude", "terrain", "water"] | Auxiliary, ...] = ()
    terrain_gradient: Literal["horn", "four"] = Field(
        "horn", description="Slope and aspect from 8 neighbours, as gdaldem, or from 4, as Earth Engine."
    )
    auxiliary_data: PathText | None = None
    allowed_folders: tuple[PathText, ...] = ()
    classifier: Classifier = Field(default_factory=lambda: RandomForest(type="random_forest"))
    output: Output = Field(default_factory=Output)
