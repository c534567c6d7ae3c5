"""The plot of growth: what single operations take at each size, beside the in-process dict."""

from pathlib import Path

from benchmarks.growth import SIZES
from benchmarks.row import Measured

FIGURES = ("median_us", "worst_us")


def points(measured: list[Measured], label: str, peer: bool, figure: str) -> tuple[list[int], list[float]]:
    """The sizes that were measured, and a figure of each."""
    found: dict[int, float] = {}
    for one in measured:
        for name, size in SIZES.items():
            if one.row.name == f"growth: {label} at {name} keys":
                found[size] = getattr(one.peers["the built-in dict"] if peer else one.subject, figure)
    return list(found), list(found.values())


def draw(measured: list[Measured], subject: str, place: Path) -> bool:
    """Draw the plot if matplotlib is installed and growth was measured; return whether it was drawn."""
    if not points(measured, "d[k]", False, FIGURES[0])[0]:
        return False
    try:
        import matplotlib.pyplot as plt  # drawn where it is installed
    except ImportError:
        return False
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    for panel, label in zip(panels, ("d[k]", "d[k] = v"), strict=True):
        for peer, name in ((False, subject), (True, "the built-in dict")):
            for kind, style in zip(FIGURES, ("-o", ":x"), strict=True):
                panel.plot(*points(measured, label, peer, kind), style, label=f"{name}, {kind.removesuffix('_us')}")
        panel.set(xscale="log", yscale="log", xlabel="keys", ylabel="µs", title=label)
        panel.legend()
    figure.tight_layout()
    figure.savefig(place)
    plt.close(figure)
    return True
