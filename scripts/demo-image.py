#!/usr/bin/env python3
"""Draws docs/images/demo.svg from what `brunt demo` really prints on a terminal.

    scripts/demo-image.py target/release/brunt docs/images/demo.svg

Runs the demo in a pseudo-terminal, keeps its colours, and leaves out the middle of long parts
(marked by a line with dots). Only Python's own library is needed.
"""

import html
import os
import pty
import re
import subprocess
import sys

COLUMNS, LINE, CHARACTER, MARGIN = 110, 18, 7.83, 16
COLOURS = {
    "30": "#6e7681", "31": "#ff7b72", "32": "#56d364", "33": "#e3b341",
    "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea", "37": "#c9d1d9", "90": "#6e7681",
}
FAINT, PLAIN = "#8b949e", "#c9d1d9"
# From, to (both by the beginning of a line), how many lines of it are kept.
PARTS = [
    ("target ", "  █ THRESHOLDS", 5),
    ("  █ THRESHOLDS", "  █ TOTAL RESULTS", 20),
    ("  █ TOTAL RESULTS", "metric ", 19),
    ("metric ", "~ is a", 26),
    ("~ is a", "Next", 4),
]


def run(program):
    """The demo's output as a terminal gets it."""
    main, other = pty.openpty()
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    environment |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LANG": "C.UTF-8"}
    child = subprocess.Popen(
        [program, "demo", "--quiet"], stdout=other, stderr=subprocess.DEVNULL, env=environment
    )
    os.close(other)
    output = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        output += piece
    if child.wait() != 0:
        sys.exit(f"brunt demo ended with {child.returncode}:\n{output.decode(errors='replace')}")
    return output.decode().replace("\r", "").split("\n")


def plain(line):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)


def chosen(lines):
    """The lines of the picture."""
    texts = [plain(line) for line in lines]

    def find(start, after):
        return next((at for at in range(after, len(texts)) if texts[at].startswith(start)), len(texts))

    picture, at = ["$ brunt demo", ""], 0
    for begin, end, most in PARTS:
        start = find(begin, at)
        at = find(end, start + 1)
        part = lines[start:at]
        while part and not plain(part[-1]).strip():
            part.pop()
        # The line that shows the command is long: it is folded.
        part = [piece for line in part for piece in fold(line)]
        if len(part) > most:
            part = part[:most] + ["  ⋮"]
        picture += part + [""]
    return picture[:-1]


def fold(line):
    if len(plain(line)) <= COLUMNS:
        return [line]
    cut = plain(line).rfind(" ", 0, COLUMNS - 2)
    return [line[:cut] + " \\", "    " + line[cut + 1:]]


def spans(line):
    """The line's pieces with colour and weight."""
    colour, bold = PLAIN, False
    for piece in re.split(r"(\x1b\[[0-9;?]*[A-Za-z])", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", piece)
        if code:
            for number in (code[1] or "0").split(";"):
                if number in ("0", ""):
                    colour, bold = PLAIN, False
                elif number == "1":
                    bold = True
                elif number == "2":
                    colour = FAINT
                else:
                    colour = COLOURS.get(number, colour)
        elif piece and not piece.startswith("\x1b"):
            yield piece, colour, bold


def draw(lines):
    width = int(MARGIN * 2 + COLUMNS * CHARACTER)
    height = MARGIN * 2 + LINE * len(lines)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-size="13" '
        'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace">',
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
    ]
    for number, line in enumerate(lines):
        column, y = 0, MARGIN + LINE * number + 13
        for text, colour, bold in spans(line):
            if text.strip():
                weight = ' font-weight="bold"' if bold else ""
                # Every piece has its place and length, so that columns stay columns in any font.
                out.append(
                    f'<text x="{MARGIN + column * CHARACTER:.1f}" y="{y}" fill="{colour}"{weight} '
                    f'textLength="{len(text) * CHARACTER:.1f}" xml:space="preserve">'
                    f"{html.escape(text)}</text>"
                )
            column += len(text)
    return "\n".join([*out, "</svg>", ""])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    picture = draw(chosen(run(sys.argv[1])))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(picture)


if __name__ == "__main__":
    main()
