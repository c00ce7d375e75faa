"""Web addresses as texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify_local.addresses import is_url, shown, without_keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x/a.tif", True), ("HTTP://x", True), (" https://x", True), ("C:/a.tif", False), ("a.tif", False),
        ("file:///a", False), ("s3://a/b", False), ("/vsicurl/http://x", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_meant_as_an_address(text: str, expected: bool) -> None:
    assert is_url(text) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x/a.tif", "https://x/a.tif"), ("https://x/a.tif?sig=1&b=?", "https://x/a.tif"),
        ("https://x/a.tif#b?c", "https://x/a.tif"), ("", ""),
    ],
)  # fmt: skip
def test_what_is_shown(url: str, expected: str) -> None:
    assert shown(url) == expected


VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.just("https://x/a.tif?sig=KEY"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
)


@given(VALUES)
def test_no_key_is_left_and_all_else_stays(value: object) -> None:
    found = without_keys(value)
    assert "KEY" not in repr(found)
    assert repr(found) == repr(value).replace("?sig=KEY", "")


def test_paths_may_hold_a_question_mark() -> None:
    assert without_keys({"path": ["a?.tif", "https://x/b.tif?k=1"]}) == {"path": ["a?.tif", "https://x/b.tif"]}
