#!/usr/bin/env python3
"""Draws the rows of a run as SVG: `chart.py TITLE < rows.jsonl > chart.svg`."""

import html
import json
import sys

# The works that are drawn, how they are called here, and whether more or less is better.
PANELS = [
    ("bulk insert, 1,000 a synced commit", "Bulk insert, each 1,000 synced", "more"),
    ("one record a synced commit, p50", "One record a synced commit, median", "less"),
    ("point read, warm", "Point reads, random, warm, one thread", "more"),
    ("absent name", "Look-ups of absent names", "more"),
    ("full verified scan", "Scan of all records", "more"),
    ("range of 100 in name order", "Ranges of 100 in the order of names", "more"),
    ("size on disk", "Size on disk, with all indexes", "less"),
    ("peak memory, bulk insert", "Peak memory of the bulk insert", "less"),
]
OURS = "Strongroom"
PLAIN = "Plain: that store encrypts nothing. Every commit is synced before the next begins."
SHORT = {"LMDB, zstd + GCM by the application": "LMDB + zstd + GCM",
         "RocksDB, zstd dictionary (plaintext)": "RocksDB zstd (plain)",
         "RocksDB (plaintext)": "RocksDB (plain)", "SQLite (plaintext)": "SQLite (plain)",
         "bare append + fdatasync": "bare append + sync",
         "libraries alone, in C": "libraries alone"}
WIDTH, COLUMN, LABEL, BAR, LINE, MARGIN = 960, 475, 142, 220, 22, 20
TOP = 10
STYLE = """
  svg { color-scheme: light dark; background: var(--page);
    --page: #ffffff; --text: #1f2933; --soft: #5b6774; --ours: #0b6e4f; --peer: #a9b4c0; }
  @media (prefers-color-scheme: dark) { svg {
    --page: #14181d; --text: #e6eaee; --soft: #9aa7b4; --ours: #3fc08f; --peer: #55616e; } }
  text { font: 13px system-ui, sans-serif; fill: var(--text); }
  .title { font-size: 15px; font-weight: 600; }
  .soft { font-size: 12px; font-weight: 400; fill: var(--soft); }
  .strong { font-weight: 600; }
  .ours { fill: var(--ours); } .peer { fill: var(--peer); } .page { fill: var(--page); }
"""


def bars_of(rows, work):
    """Ours first, then the peers, with their values and the unit."""
    found = [row for row in rows if row["work"] == work and row["peer"]]
    if not found:
        return [], ""
    peers = {SHORT.get(row["peer"], row["peer"]): row["peer_value"] for row in found}
    # A work's rows of two tables may come in another order than its stores.
    order = sorted(peers, key=lambda name: name == "bare append + sync")
    return [(OURS, found[0]["ours"])] + [(name, peers[name]) for name in order], found[0]["unit"]


def shown(value, unit):
    text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{text}{'/s' if unit.endswith('/s') else ' ' + unit}"


def panel(bars, unit, name, better, x, y):
    parts = [f'<text class="title" x="{x}" y="{y}">{html.escape(name)}'
             f'<tspan class="soft" dx="6">{better} is better</tspan></text>']
    top = max(value for _, value in bars)
    for index, (engine, value) in enumerate(bars):
        line = y + TOP + index * LINE
        kind = "ours" if engine == OURS else "peer"
        weight = ' class="strong"' if engine == OURS else ""
        width = max(1.5, BAR * value / top)
        parts.append(f'<text{weight} x="{x}" y="{line + 13}">{html.escape(engine)}</text>')
        parts.append(f'<rect class="{kind}" x="{x + LABEL}" y="{line + 2}" '
                     f'width="{width:.1f}" height="14" rx="2"/>')
        parts.append(f'<text class="soft" x="{x + LABEL + width + 6:.1f}" y="{line + 13}">'
                     f'{html.escape(shown(value, unit))}</text>')
    return parts, TOP + len(bars) * LINE


def wrapped(text, limit):
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > limit and lines[-1]:
            lines.append("")
        lines[-1] = (lines[-1] + " " + word).strip()
    return lines


def draw(rows, title):
    """The whole picture; it follows the reader's light or dark setting."""
    parts, y, column, tallest = [], MARGIN + 46, 0, 0
    notes = wrapped(title, 125) + [PLAIN]
    y += 16 * len(notes)
    for work, name, better in PANELS:
        bars, unit = bars_of(rows, work)
        if not bars:
            continue
        drawn, height = panel(bars, unit, name, better, MARGIN + column * COLUMN, y)
        parts += drawn
        tallest = max(tallest, height)
        column += 1
        if column == 2:
            y, column, tallest = y + tallest + 36, 0, 0
    height = y + (tallest + 36 if column else 0)
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" '
            f'aria-label="Strongroom beside other stores">',
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{height}"/>',
            f'<text class="title" x="{MARGIN}" y="{MARGIN + 8}">Strongroom beside other stores'
            f"</text>"]
    for index, note in enumerate(notes):
        head.append(f'<text class="soft" x="{MARGIN}" y="{MARGIN + 28 + 16 * index}">'
                    f"{html.escape(note)}</text>")
    return "\n".join(head + parts + ["</svg>"]) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(draw([json.loads(line) for line in sys.stdin], sys.argv[1]), end="")
