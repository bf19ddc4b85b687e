"""A picture of a fault run: lines over time, with a band where something was broken. SVG, for people and documents."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.template import Context, Engine

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 320, 60, 46, 16, 40
COLOURS = ("#2563eb", "#d97706", "#059669", "#7c3aed")

PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" font-family="sans-serif" \
font-size="12">
<rect width="{{ width }}" height="{{ height }}" fill="#ffffff"/>
<text x="{{ left }}" y="20" font-size="15" font-weight="bold" fill="#111827">{{ title }}</text>
{% for band in bands %}<rect x="{{ band.x }}" y="{{ top }}" width="{{ band.width }}" height="{{ inner }}" \
fill="#fee2e2"/>
<text x="{{ band.x }}" dx="6" y="{{ top }}" dy="16" fill="#b91c1c">{{ band.label }}</text>
{% endfor %}{% for line in rows %}<line x1="{{ left }}" x2="{{ end }}" y1="{{ line.y }}" y2="{{ line.y }}" \
stroke="#e5e7eb"/>
<text x="{{ left }}" dx="-8" y="{{ line.y }}" dy="4" text-anchor="end" fill="#6b7280">{{ line.label }}</text>
{% endfor %}{% for tick in ticks %}<text x="{{ tick.x }}" y="{{ foot }}" text-anchor="middle" fill="#6b7280">\
{{ tick.label }}</text>
{% endfor %}{% for line in lines %}<polyline fill="none" stroke="{{ line.colour }}" stroke-width="2" \
points="{{ line.points }}"/>
<rect x="{{ line.key }}" y="28" width="12" height="4" fill="{{ line.colour }}"/>
<text x="{{ line.key }}" dx="18" y="35" fill="#374151">{{ line.name }}</text>
{% endfor %}</svg>
"""


class Watch:
    """Takes samples of some counts while a fault run goes on, and draws them."""

    def __init__(self, counts: dict[str, Callable[[], float | None]], *, every: float = 0.5) -> None:
        self._counts = counts
        self._every = every
        self._began = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: dict[str, list[tuple[float, float]]] = {name: [] for name in counts}
        self.bands: list[tuple[float, float, str]] = []

    def __enter__(self) -> "Watch":
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self._thread.join()

    def band(self, label: str) -> "_Band":
        """Mark the time in which something is broken."""
        return _Band(self, label)

    def now(self, name: str) -> float | None:
        """Count one of them at this moment."""
        return self._counts[name]()

    def elapsed(self) -> float:
        """Return the seconds since the run began."""
        return time.monotonic() - self._began

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            for name, count in self._counts.items():
                value = count()
                if value is not None:
                    self.samples[name].append((self.elapsed(), value))

    def draw(self, path: Path, title: str) -> None:
        """Write the picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(draw(title, self.samples, self.bands))


class _Band:
    def __init__(self, watch: Watch, label: str) -> None:
        self._watch, self._label = watch, label

    def __enter__(self) -> None:
        self._from = self._watch.elapsed()

    def __exit__(self, *_: Any) -> None:
        self._watch.bands.append((self._from, self._watch.elapsed(), self._label))


def draw(title: str, samples: dict[str, list[tuple[float, float]]], bands: list[tuple[float, float, str]]) -> str:
    """Return an SVG with a line for each of `samples` (seconds, value) and a band for each (from, to, label)."""
    seconds = max((at for points in samples.values() for at, _ in points), default=1.0)
    most = max((value for points in samples.values() for _, value in points), default=1.0) or 1.0
    inner_width, inner = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(at: float) -> float:
        return round(LEFT + at / seconds * inner_width, 1)

    def y(value: float) -> float:
        return round(TOP + inner - value / most * inner, 1)

    step = next(each for each in (5, 10, 30, 60, 300, 600, 3600) if seconds / each <= 14 or each == 3600)
    return (
        Engine()
        .from_string(PICTURE)
        .render(
            Context(
                {
                    "title": title,
                    "width": WIDTH,
                    "height": HEIGHT,
                    "left": LEFT,
                    "top": TOP,
                    "inner": inner,
                    "end": WIDTH - RIGHT,
                    "foot": HEIGHT - BOTTOM + 20,
                    "rows": [{"y": y(most * part / 4), "label": f"{most * part / 4:,.0f}"} for part in range(5)],
                    "ticks": [{"x": x(at), "label": f"{at} s"} for at in range(0, int(seconds) + 1, step)],
                    "bands": [{"x": x(a), "width": round(x(b) - x(a), 1), "label": label} for a, b, label in bands],
                    "lines": [
                        {
                            "name": name,
                            "colour": COLOURS[number % len(COLOURS)],
                            "key": LEFT + 220 * number,
                            "points": " ".join(f"{x(at)},{y(value)}" for at, value in points),
                        }
                        for number, (name, points) in enumerate(samples.items())
                    ],
                },
                use_l10n=False,
            )
        )
    )
