"""The table that `compare` prints."""

HEADINGS = ["work", "ours", "peer", "its value", "ratio", "goal", "met"]


def number(value):
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def cells(row):
    unit = f" {row['unit']}" if row["unit"] else ""
    met = {True: "yes", False: "NO", None: ""}[row["met"]]
    return [row["work"], number(row["ours"]) + unit, row["peer"] or "–",
            number(row["peer_value"]) + (unit if row["peer"] else ""), number(row["ratio"]),
            row["goal"] or "", met]


def text(rows, figures):
    """Rows with goals first, then those that only inform."""
    judged = [row for row in rows if row["goal"]]
    others = [row for row in rows if not row["goal"]]
    parts = [lay_out([HEADINGS] + [cells(row) for row in judged])]
    missed = sum(row["met"] is False for row in judged)
    parts.append(f"{len(judged) - missed} of {len(judged)} goals met\n")
    parts.append("for information\n" + lay_out([HEADINGS[:5]] + [cells(r)[:5] for r in others]))
    parts.append(bulk_details(figures))
    return "\n".join(parts)


def bulk_details(figures):
    """What the insert row leaves out: the rate without closing, and settling afterwards."""
    lines = [["bulk insert", "commits only", "with close", "settling", "MB", "bytes in ÷ on disk"]]
    for engine, values in figures.items():
        if "insert.per_s" not in values or "size.mb" not in values:
            continue
        middle = {name: sorted(all)[len(all) // 2] for name, all in values.items()}
        lines.append([engine, number(middle["insert.commits_per_s"]),
                      number(middle["insert.per_s"]),
                      number(middle.get("settle.ms", 0)) + " ms",
                      number(middle["size.mb"]),
                      number(middle["corpus.mb"] / middle["size.mb"])])
    return lay_out(lines)


def lay_out(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    shown = []
    for line in lines:
        shown.append("  ".join(
            cell.ljust(width) if column in (0, 2) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths))).rstrip())
    shown.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(shown) + "\n"
