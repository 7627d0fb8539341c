#!/usr/bin/env python3
"""Draws the pipeline from its template: stages, actions, their inputs and targets.

    python3 docs/tools/draw_pipeline.py pipeline/model-deploy-pipeline.yml docs/images/pipeline.svg

Needs PyYAML. A test draws it again and compares.
"""

import sys
from xml.sax.saxutils import escape

import yaml

STYLE = """
    .ground { fill: #ffffff; }
    .group { fill: none; stroke: #b6bec9; stroke-width: 1.25; stroke-dasharray: 5 4; }
    .stage { fill: #f4f6f8; stroke: #c9d0d8; }
    .box { fill: #ffffff; stroke: #8a94a3; stroke-width: 1.25; }
    .ours { fill: #e8f1ff; stroke: #2f6fd0; }
    .person { fill: #fff4dd; stroke: #c08412; }
    .live { fill: #e6f6ec; stroke: #2b8a4b; }
    .optional { stroke-dasharray: 4 3; }
    .arrow { fill: none; stroke: #57606a; stroke-width: 1.5; marker-end: url(#head); }
    .tests { fill: none; stroke: #2f6fd0; stroke-width: 1.5; marker-start: url(#tests); marker-end: url(#tests); }
    #head path { fill: #57606a; }
    #tests path { fill: #2f6fd0; }
    text { fill: #1f2328; font-size: 13px; }
    .name { font-weight: 600; }
    .small { font-size: 11.5px; fill: #57606a; }
    .caption { font-size: 12px; fill: #57606a; font-weight: 600; letter-spacing: 0.02em; }
    .middle { text-anchor: middle; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; }
      .group { stroke: #4a535f; }
      .stage { fill: #161b22; stroke: #30363d; }
      .box { fill: #1b222b; stroke: #6e7884; }
      .ours { fill: #12243f; stroke: #5c9bf5; }
      .person { fill: #33270d; stroke: #d9a036; }
      .live { fill: #10291a; stroke: #4bb874; }
      .arrow { stroke: #9aa4b0; }
      .tests { stroke: #5c9bf5; }
      #head path { fill: #9aa4b0; }
      #tests path { fill: #5c9bf5; }
      text { fill: #e6edf3; }
      .small, .caption { fill: #9aa4b0; }
    }
"""
WIDTH, TOP, STAGE_WIDTH, GAP, BOX_HEIGHT = 1080, 52, 168, 16, 62
LEFT = 24
WORDS = {
    "CodeStarSourceConnection": ("box", ["the team's repository"]),
    "CodeBuild": ("ours", []),
    "CloudFormationStackSet": ("box", ["stack set"]),
    "Manual": ("person", ["an approver reviews the", "test report"]),
}


# What the buildspecs run that are always the template's own.
OWN = {"CheckRelease": "cargo xtask check-release", "PlanProd": "cargo xtask report"}


class Loader(yaml.SafeLoader):
    """Converts short functions to their long form."""


def function(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix: value}


Loader.add_multi_constructor("!", function)


def first(value):
    """The first value of a condition: for the source the connection, for a buildspec the repository's."""
    while isinstance(value, dict) and "If" in value:
        value = value["If"][1]
    return value


def main(template, output):
    resources = yaml.load(open(template, encoding="utf-8"), Loader)["Resources"]
    stages = resources["Pipeline"]["Properties"]["Stages"]
    drawing = []

    def text(x, y, words, kind="", anchor="middle"):
        drawing.append(f'<text class="{kind} {anchor}" x="{x:g}" y="{y:g}">{escape(words)}</text>'.replace(" start", ""))

    def box(x, y, width, height, kind):
        drawing.append(f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="7"/>')

    def path(kind, data):
        drawing.append(f'<path class="{kind}" d="{data}"/>')

    # An action with a condition is optional.
    for stage in stages:
        stage["Actions"] = [dict(first(action), optional="If" in action) for action in stage["Actions"]]
    rows = max(len(stage["Actions"]) for stage in stages)
    height = 34 + rows * (BOX_HEIGHT + 14) + 18
    bottom = TOP + height + 44
    box(LEFT - 10, 14, WIDTH - 2 * (LEFT - 10), TOP + height - 2, "group")
    text(LEFT + 4, 38, "data science account", "caption", "start")
    total = len(stages) * STAGE_WIDTH + (len(stages) - 1) * GAP
    # The triggers, left of the first stage.
    start = LEFT + 4
    x = WIDTH - LEFT - total
    starts = x - start - GAP
    for row, (name, what) in enumerate((("commit", "on the branch"), ("approval", "in the registry"))):
        y = TOP + 34 + row * (BOX_HEIGHT + 14)
        box(start, y, starts, BOX_HEIGHT, "box")
        text(start + starts / 2, y + 26, name, "name")
        text(start + starts / 2, y + 45, what, "small")
        path("arrow", f"M{start + starts:g} {y + BOX_HEIGHT / 2:g}H{x - 2:g}")
    names = []
    for stage in stages:
        box(x, TOP, STAGE_WIDTH, height, "stage")
        text(x + STAGE_WIDTH / 2, TOP + 22, stage["Name"], "caption")
        if "BeforeEntry" in stage:
            text(x + STAGE_WIDTH / 2, TOP + height - 7, "skipped without a release", "small")
        middle = {}
        for row, action in enumerate(stage["Actions"]):
            provider = first(action["ActionTypeId"]["Provider"])
            configuration = first(action.get("Configuration", {}))
            kind, words = WORDS[provider]
            if provider == "CodeBuild":
                project = resources[configuration["ProjectName"]["Ref"]]["Properties"]
                buildspec = first(project["Source"]["BuildSpec"])
                own = not isinstance(buildspec, str)
                words = [OWN[buildspec["FindInMap"][1]] if own else buildspec]
            elif provider == "CloudFormationStackSet":
                words = words + [configuration["Parameters"].split("::")[1]]
            y = TOP + 34 + row * (BOX_HEIGHT + 14)
            if action["optional"]:
                words = ["first accounts, if set"]
            box(x + 8, y, STAGE_WIDTH - 16, BOX_HEIGHT, kind + " optional" * action["optional"])
            center = x + STAGE_WIDTH / 2
            text(center, y + 22, action["Name"], "name")
            for line, word in enumerate(words):
                text(center, y + 39 + 15 * line, word, "small")
            names.append(f"{action['Name']}")
            # Only the tests reach the targets.
            if provider != "CodeBuild" or not own:
                middle[provider] = y
        if "CloudFormationStackSet" in middle:
            target(drawing, box, text, path, x, bottom, stage["Name"].lower(), middle)
        if stage is not stages[-1]:
            path("arrow", f"M{x + STAGE_WIDTH:g} {TOP + height / 2:g}h{GAP - 2}")
        x += STAGE_WIDTH + GAP

    whole = bottom + 112
    summary = f"A commit or a change of approval in the model registry starts the pipeline: {', '.join(names)}. Staging and production have their own accounts."
    with open(output, "w", encoding="utf-8") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {whole:g}" role="img" aria-labelledby="title summary" '
            "font-family=\"ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif\">\n"
            '  <title id="title">From an approved model package to tested endpoints</title>\n'
            f'  <desc id="summary">{escape(summary)}</desc>\n  <style>{STYLE}  </style>\n  <defs>\n'
            + "".join(
                f'    <marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
                '<path d="M0 0 8 4 0 8z"/></marker>\n'
                for name in ("head", "tests")
            )
            + f'  </defs>\n  <rect class="ground" width="{WIDTH}" height="{whole:g}" rx="10"/>\n'
            + "".join(f"  {line}\n" for line in drawing)
            + "</svg>\n"
        )


def target(drawing, box, text, path, x, y, stage, middle):
    """The accounts of a stage: the stack set creates the endpoint, and the tests invoke it."""
    box(x - 10, y, STAGE_WIDTH + 20, 98, "group")
    text(x + STAGE_WIDTH / 2 - 6, y + 22, f"{stage} accounts", "small")
    box(x + 20, y + 36, STAGE_WIDTH - 28, 48, "live")
    text(x + STAGE_WIDTH / 2 + 6, y + 56, "endpoint", "name")
    text(x + STAGE_WIDTH / 2 + 6, y + 73, "the approved package", "small")
    # The deployment's arrow is on the left, the test's on the right.
    path("arrow", f"M{x + 8:g} {middle['CloudFormationStackSet'] + BOX_HEIGHT / 2:g}H{x + 3.5:g}V{y + 60:g}H{x + 18:g}")
    path("tests", f"M{x + STAGE_WIDTH - 20:g} {middle['CodeBuild'] + BOX_HEIGHT + 2:g}V{y + 34:g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
