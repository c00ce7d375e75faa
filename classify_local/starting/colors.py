"""Colours that a reader expects of a class, by its name in English, French, Spanish and Portuguese. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from classify_local.palettes.defaults import next_color

_WORDS = {
    "mangrove": "mangrove mangroves manglar mangue manguezal mangal",
    "snow": "snow ice glacier neige glace nieve hielo glaciar neve gelo geleira",
    "burnt": "burn burned burnt fire brule brulis feu quemad incendi queimad fogo",
    "cloud": "cloud clouds nuage nube nuvem",
    "shadow": "shadow shadows ombre sombra",
    "wetland": (
        "wetland marsh swamp bog peat flooded zone-humide marais tourb humedal pantano turbera inundad "
        "brejo varzea area-umida alagad turfeira"
    ),
    "water": (
        "water river lake sea ocean pond reservoir eau riviere fleuve lac mer etang agua rio lago laguna mar "
        "embalse oceano lagoa represa acude"
    ),
    "road": "road roads route carretera estrada rodovia",
    "urban": (
        "urban built builtup building settlement developed city town village impervious artificial urbain bati ville "
        "zone-batie habitation urbano urbana edificad construid ciudad asentamiento cidade edificac area-construida"
    ),
    "plantation": (
        "plantation oil-palm palm rubber plantacion plantacao palmier palma eucalypt silvicultur orchard verger "
        "perennial"
    ),
    "crop": (
        "crop crops cropland agri agricultur agriculture cultivated farm farmland arable rice paddy maize culture "
        "cultures champ cultivo cultiv agricol arroz maiz lavoura plantio milho soja soy"
    ),
    "shrub": "shrub shrubs shrubland bush scrub thicket brousse arbust maquis fourre matorral mato",
    "savanna": "savanna savannah savane sabana cerrado woodland",
    "grass": (
        "grass grassland grasses herb herbaceous pasture meadow rangeland prairie paturage herbe herbace pastizal "
        "pradera pasto herbacea hierba pastagem campo gramin"
    ),
    "forest": "forest tree trees foret arbre bois boise bosque arbol floresta selva mata arvore arbore",
    "sand": "sediment sand beach dune sable plage arena playa areia praia duna",
    "bare": (
        "bare barren soil rock rocky open-land desert sol-nu nu roche sol suelo desnud roca desierto solo exposto "
        "rocha deserto cleared clearing deforest desmat defrich mine mining minera"
    ),
}
"""Beginnings of words without capitals and accents. The first that fits counts: a mangrove forest is mangrove."""
_COLORS = {
    "mangrove": ("#00A884", "#3CD3A8"),
    "snow": ("#D6F3FF", "#A8D8EA"),
    "burnt": ("#5B1A0A", "#8A3A1E"),
    "cloud": ("#D0D0D0", "#BDBDBD"),
    "shadow": ("#3A3A3A", "#505050"),
    "wetland": ("#00CED1", "#7FDBDA", "#1D6F66"),
    "water": ("#0064C8", "#4FA3E3", "#003B80"),
    "road": ("#6E6E6E",),
    "urban": ("#D7191C", "#F0585A", "#8E0F12"),
    "plantation": ("#7A8B1E", "#A3B83A"),
    "crop": ("#FFD24D", "#E8A838", "#FFE999"),
    "shrub": ("#A87000", "#C49A5A"),
    "savanna": ("#B5B35C", "#D0CE8A"),
    "grass": ("#A6D96A", "#CBE8A0", "#7FB347"),
    "forest": ("#006400", "#38A800", "#1E7F4F"),
    "sand": ("#F5E6C4", "#D9C48A"),
    "bare": ("#C8A98B", "#DDC4AE", "#8C7357"),
}
"""For the first, second and third class of a kind."""
_NEGATIONS = {
    "no", "non", "not", "nao", "sin", "sem", "sans", "other", "otro", "otros", "autre", "autres", "outro", "outros",
}  # fmt: skip
_SHORT = 4
"""Words of so few letters must stand alone: `mar` is no `margin`."""


def natural_colors(label: str) -> tuple[str, ...]:
    """Colours that fit a label, the best first; none if it has no known word, or says what it is not."""
    folded = unicodedata.normalize("NFKD", label.casefold())
    words = re.findall(r"[a-z]+", "".join(mark for mark in folded if not unicodedata.combining(mark)))
    if set(words[:1]) & _NEGATIONS:
        return ()
    kinds = (kind for kind, known in _WORDS.items() if any(_fits(word, words) for word in known.split()))
    return _COLORS.get(next(kinds, ""), ())


def color_classes(labels: Sequence[str]) -> tuple[str, ...]:
    """A colour for each class: a natural one if its name is known and the colour is free, else the next default."""
    wished = [natural_colors(label) for label in labels]
    first = {colors[0] for colors in wished if colors}
    taken: list[str] = []
    for number, colors in enumerate(wished):
        free = next((color for color in colors if color not in taken), None)
        taken.append(free or next_color(number, {*taken, *first}))
    return tuple(taken)


def _fits(known: str, words: Sequence[str]) -> bool:
    if "-" in known:
        return known in "-".join(words)
    return known in words if len(known) <= _SHORT else any(word.startswith(known) for word in words)
