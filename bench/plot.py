"""Draws what was measured: for each operation a bar of requests a second for each server."""

from html import escape

from bench.measurements import LIMIT, OURS, Measurements, figure

_BAR, _GAP, _TITLE = 18, 6, 34
_LEFT, _BARS, _RIGHT = 110, 380, 150
_WIDTH = _LEFT + _BARS + _RIGHT
_COLOURS = {OURS: "#2563eb", LIMIT: "#94a3b8"}
_OTHER_COLOUR = "#cbd5e1"


def draw(measurements: Measurements) -> str:
    """Give an SVG with a group of bars for each operation, each group on a scale of its own."""
    parts: list[str] = []
    top = 0
    for operation in measurements.operations:
        top += _TITLE
        parts.append(_text(_LEFT, top - 10, f"{operation}: requests a second", weight="bold"))
        rates = {server: measurements.rate(operation, server) for server in measurements.servers}
        for server, rate in rates.items():
            width = max(1.0, rate / max(rates.values()) * _BARS)
            colour = _COLOURS.get(server, _OTHER_COLOUR)
            parts.append(
                f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>'
            )
            baseline = top + _BAR - 5
            ratio = measurements.ratio(operation, server, OURS)
            told = figure(rate) + ("" if ratio is None else f" ({ratio:.2f})")
            parts.append(_text(_LEFT - 8, baseline, server, anchor="end"))
            parts.append(_text(_LEFT + width + 6, baseline, told))
            top += _BAR + _GAP
    note = f"In brackets: as a ratio to {OURS}."
    parts.append(_text(_LEFT, top + 16, note))
    height = top + 28
    size = f'width="{_WIDTH}" height="{height}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, f'<rect {size} fill="white"/>', *parts, "</svg>\n"])


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" fill="#0f172a">'
        f"{escape(text)}</text>"
    )
