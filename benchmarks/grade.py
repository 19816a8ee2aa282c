"""How near the colour match comes to a known grade, and whether it ever makes a shot worse.

    python benchmarks/grade.py [--footage FOLDER] [--only overlap] [--sheets FOLDER] [--json]

A known grade is put on one clip of a pair (8 bits, fresh grain of 1.5 code values), the other is the
plate; the match is applied to a plate frame that the fit did not see and compared with that frame under
the known grade: PSNR and mean dE2000. `overlap`: plate and reference are other moments of one shot.
`apart`: they are different shots (of one film, of one set, or of nothing in common); there the right
answer may be to change nothing, also where the known grade is none. `real`: pairs as they were shot,
scored against the reference itself where the pixels meet. Half of the clips served for tuning; the
other half is reported apart. Baselines: no change, Reinhard (2001) in L*a*b*, Monge-Kantorovich
(Pitie and Kokaram 2007), histograms a channel.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import cv2
from grading.run import run
from grading.table import line, summary


def main() -> int:
    """Run all cases and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    here = Path(__file__).resolve().parents[2] / "shared" / "footage"
    parser.add_argument("--footage", type=Path, default=here, help="folder of the evaluation clips")
    parser.add_argument("--only", default="", help="run the cases whose kind and name hold this")
    parser.add_argument("--half", choices=("tuned", "reported"), help="run one half alone")
    parser.add_argument("--sheets", type=Path, help="write a contact sheet of every case into this folder")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    rows = []
    for row in run(arguments.footage, arguments.only, arguments.half, arguments.sheets):
        rows.append(row)
        if not arguments.json:
            print(line(row), flush=True)
    print(json.dumps([asdict(row) for row in rows], indent=1) if arguments.json else "\n".join(summary(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
