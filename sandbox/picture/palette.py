"""The colours of all that is drawn, each for a light ground and for a dark one, and how a style sheet says so."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    # A selector of CSS, a property, and the name of a shade.
    Paint = tuple[str, str, str]

SHADES = {
    "paper": ("#ffffff", "#0d1117"),
    "ground": ("#f6f8fa", "#11161d"),
    "card": ("#ffffff", "#161b22"),
    "edge": ("#8c959f", "#6e7681"),
    "hairline": ("#d5dae0", "#30363d"),
    "head": ("#eef1f4", "#21262d"),
    "router": ("#fbe5c8", "#4d3314"),
    "router-edge": ("#bc7a24", "#c98a3a"),
    "switch": ("#d8e8fd", "#14315c"),
    "switch-edge": ("#4279c4", "#5c95e0"),
    "ink": ("#1f2328", "#f0f6fc"),
    "muted": ("#57606a", "#9ea7b3"),
    "address": ("#1f2328", "#e6edf3"),
    "wire": ("#7d8894", "#7d8590"),
    "up": ("#1a7f37", "#3fb950"),
    "down": ("#cf222e", "#f85149"),
    "no-carrier": ("#9a6700", "#d29922"),
    "new": ("#fff3b8", "#453a10"),
    "link": ("#0a5cc4", "#6cb0ff"),
}


def rules(paints: Iterable[Paint], *, dark: bool) -> list[str]:
    """Rules of CSS. No variables of CSS: few programs but browsers know them."""
    return [f"{selector} {{ {what}: {SHADES[shade][dark]} }}" for selector, what, shade in paints]


def in_both(paints: Iterable[Paint], *, medium: str = "") -> str:
    """The rules for light and for dark, as the reader prefers; dark only on this medium, if one is named."""
    paints = list(paints)
    query = f"{medium} and (prefers-color-scheme: dark)" if medium else "(prefers-color-scheme: dark)"
    light, dark = ("\n".join(rules(paints, dark=shade)) for shade in (False, True))
    return f"{light}\n@media {query} {{\n{dark}\n}}"
