"""Where and when a run was made, for its title."""

import datetime
import os
import pathlib
import re
import subprocess


def processor():
    found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(),
                      re.MULTILINE)
    return found[1].strip() if found else "unknown processor"


def compiler():
    done = subprocess.run(["swift", "--version"], capture_output=True, text=True)
    found = re.search(r"Swift version ([0-9.]+)", done.stdout + done.stderr)
    return f"Swift {found[1]}" if found else "Swift"


def title(records, rounds, figures):
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    cores = len(os.sched_getaffinity(0))
    megabytes = figures["ours"]["corpus.mb"][0]
    return (f"{day}, {processor()}, {cores} cores, Linux {os.uname().release}, {compiler()}; "
            f"{records:,} records of {megabytes * 1e6 / records:,.0f} bytes, "
            f"medians of {rounds} rounds")
