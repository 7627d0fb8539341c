#!/usr/bin/env python3
"""Records a command as an animated SVG, from its real output.

    python3 docs/tools/record_terminal.py OUTPUT.svg COMMAND [ARGUMENT ...]

Each line appears at the time of its output; long pauses are shortened. With reduced motion, the last
lines are static.
"""

import re
import subprocess
import sys
import time
from xml.sax.saxutils import escape

COLUMNS, ROWS = 118, 32
CHARACTER, LINE, MARGIN, TITLE = 7.83, 18, 14, 34
SHORTEST, LONGEST, LAST = 0.06, 1.6, 6.0
COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "36": "#56d4dd"}


def record(command):
    """The output lines of the command with their times in seconds."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    start, lines = time.monotonic(), []
    for line in process.stdout:
        lines.append((time.monotonic() - start, line.rstrip("\n")))
    if process.wait() != 0:
        sys.exit(f"{' '.join(command)} ended with exit code {process.returncode}")
    return lines


def wrap(line):
    """Splits a line at the terminal's width."""
    parts, width, current, styles = [], 0, "", ""
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b"):
            styles = "" if piece in ("\x1b[0m", "\x1b[m") else styles + piece
            current += piece
            continue
        for character in piece:
            if width == COLUMNS:
                parts.append(current)
                current, width = styles, 0
            current += character
            width += 1
    return [*parts, current]


def spans(line):
    """The line as SVG text, with colours as spans."""
    colour, bold, out = None, False, []
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b"):
            for code in piece[2:-1].split(";"):
                if code in ("", "0"):
                    colour, bold = None, False
                elif code == "1":
                    bold = True
                elif code in COLOURS:
                    colour = COLOURS[code]
        elif piece:
            style = (f' fill="{colour}"' if colour else "") + (' font-weight="bold"' if bold else "")
            out.append(f"<tspan{style}>{escape(piece)}</tspan>" if style else escape(piece))
    return "".join(out)


def draw(title, lines):
    clock, shown, last = 0.0, [], 0.0
    for at, line in lines:
        clock += min(max(at - last, SHORTEST), LONGEST)
        last = at
        shown.extend((clock, part) for part in wrap(line))
    total = clock + LAST
    width, height = MARGIN * 2 + COLUMNS * CHARACTER, TITLE + MARGIN * 2 + ROWS * LINE
    steps, at = [], {}
    for index, (when, _) in enumerate(shown):
        at[f"{when / total * 100:.3f}"] = (ROWS - 1 - index) * LINE
    for percent, offset in at.items():
        steps.append(f"{percent}%{{transform:translateY({offset}px)}}")
    end = (ROWS - len(shown)) * LINE
    text = [
        f'<text y="{index * LINE + LINE - 5}" xml:space="preserve">{spans(line)}</text>' for index, (_, line) in enumerate(shown) if line
    ]
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">
<style>
text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#e6edf3}}
.lines{{transform:translateY({end}px);animation:scroll {total:.1f}s step-end infinite}}
@keyframes scroll{{0%{{transform:translateY({ROWS * LINE}px)}}{"".join(steps)}100%{{transform:translateY({end}px)}}}}
@media (prefers-reduced-motion:reduce){{.lines{{animation:none}}}}
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<circle cx="20" cy="17" r="5" fill="#ff5f57"/><circle cx="38" cy="17" r="5" fill="#febc2e"/><circle cx="56" cy="17" r="5" fill="#28c840"/>
<text x="50%" y="21" text-anchor="middle" opacity="0.7">{escape(title)}</text>
<clipPath id="screen"><rect x="0" y="{TITLE}" width="100%" height="{ROWS * LINE + MARGIN}"/></clipPath>
<g clip-path="url(#screen)"><g transform="translate({MARGIN} {TITLE + 4})"><g class="lines">
{chr(10).join(text)}
</g></g></g>
</svg>
"""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    output, command = sys.argv[1], sys.argv[2:]
    lines = record(command)
    title = "cargo xtask " + " ".join(argument for argument in command[1:] if argument not in ("--color", "always"))
    with open(output, "w", encoding="utf-8") as file:
        file.write(draw(title, [(0.0, f"\x1b[1m$ {title}\x1b[0m"), *lines]))


main()
