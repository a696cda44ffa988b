"""Texts that are nearly what is asked for."""

from __future__ import annotations

from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
NEARLY_ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.from_regex(r"[0-9a-f:.%/ ]{0,24}", fullmatch=True),
    st.tuples(st.ip_addresses(), st.integers(-1, 130)).map(lambda pair: f"{pair[0]}/{pair[1]}"),
)
NEARLY_SETTINGS = st.one_of(
    st.integers(0, 70_000).map("mtu={}".format),
    st.from_regex(r"mac=0[0-3](:[0-9a-fA-F]{2}){5}", fullmatch=True),
    st.from_regex(r"m(tu|ac)=?[0-9a-f:=]{0,17}", fullmatch=True),
)
NEARLY_ENDPOINTS = st.one_of(
    ANY_TEXT,
    st.tuples(ANY_TEXT, ANY_TEXT).map(":".join),
    st.tuples(st.from_regex(r"[a-z0-9-]{1,5}", fullmatch=True), NEARLY_ADDRESSES).map(":".join),
    st.lists(NEARLY_ADDRESSES | NEARLY_SETTINGS, min_size=1, max_size=3).map(lambda words: f"a:{','.join(words)}"),
)
