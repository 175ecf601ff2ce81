# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the hart_ros authors
"""A run as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from .tables import BEST

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>hart-evaluate</title>
<style>
body {{ font: 15px/1.5 sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
td, th {{ padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #ddd; }}
td:first-child, th:first-child {{ text-align: left; }}
td.best {{ font-weight: bold; background: #eaf5ea; }}
.plots {{ display: flex; flex-wrap: wrap; gap: 1rem; }}
figure {{ margin: 0; overflow-x: auto; }}
figcaption {{ font-weight: bold; }}
dt {{ float: left; clear: left; width: 8rem; color: #666; }}
dd {{ margin-left: 8rem; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>hart-evaluate</h1>
<p>All trackers saw the same frames and the same first boxes. Means over sequences; score AP,
calib(ration error) and ms (median time of a frame) are over all frames. The frame of the given box
never counts. The best of a column is marked.</p>
{tables}
<div class="plots">
{plots}
</div>
<h2>Protocols</h2>
<dl>
{protocols}
</dl>
<h2>Origin</h2>
<dl>
{origin}
</dl>
</body>
</html>
"""


def page(
    tables: Sequence[Sequence[Sequence[str]]],
    plots: Mapping[str, str],
    protocols: Mapping[str, str],
    origin: Mapping[str, Any],
) -> str:
    """The page as text.

    Args:
        tables: of cells; each begins with its heading row.
        plots: title -> SVG.
        protocols: name -> what it is.
        origin: what the measurement comes from.
    """
    return TEMPLATE.format(
        tables='\n'.join(_table(rows) for rows in tables),
        plots='\n'.join(
            f'<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>'
            for title, svg in plots.items()
        ),
        protocols=_list(protocols),
        origin=_list(origin),
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = ''.join(f'<th>{escape(cell)}</th>' for cell in rows[0])
    body = ''.join('<tr>' + ''.join(_cell(cell) for cell in row) + '</tr>\n' for row in rows[1:])
    return f'<table>\n<tr>{head}</tr>\n{body}</table>'


def _cell(text: str) -> str:
    kind = ' class="best"' if text.endswith(BEST) else ''
    return f'<td{kind}>{escape(text.rstrip(BEST + " "))}</td>'


def _list(entries: Mapping[str, Any]) -> str:
    return '\n'.join(
        f'<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>' for name, value in entries.items()
    )
