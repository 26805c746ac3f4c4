# SPDX-License-Identifier: Apache-2.0
"""The pages of docs/safety that are made of YAML data: readable where the code is read, and never out of step with the data."""
from tools.evidence import requirements
from tools.evidence.generated import is_kept, markdown
from tools.evidence.report.documents import TECHNIQUES

NOTE = "<!-- SPDX-License-Identifier: Apache-2.0. Made of docs/safety/*.yaml by python3 -m tools.evidence.trace --write; change the data, not this page. -->"


def joined(entry, *fields):
    found = []
    for field in fields:
        value = entry.get(field, [])
        found += value if isinstance(value, list) else [value]
    return ", ".join(found)


def page(title, intro, *parts):
    lines = [NOTE, f"# {title}", "", intro, ""]
    for part in parts:
        lines += part
    return "\n".join(lines)


def requirements_page(known):
    parts = []
    for path in sorted({one["file"] for one in known.values()}):
        mine = {name: one for name, one in known.items() if one["file"] == path}
        built = {name: one for name, one in mine.items() if requirements.status_of(one) == "built"}
        parts.append([f"## {path.stem.replace('-', ' ').capitalize()}", ""] + markdown(
            ["id", "requirement", "why", "verified by"],
            [[name, one["text"], one["rationale"], ", ".join(one["verification"])] for name, one in built.items()]))
    planned = [[name, one["text"], one["missing"]] for name, one in known.items() if requirements.status_of(one) == "planned"]
    parts.append(["## Planned: promised and not built", ""] + markdown(["id", "requirement", "what is missing"], planned))
    return page("Requirements", "Which code, test and proof names each requirement: `scons trace`, then `build/evidence/trace/matrix.html`.", *parts)


def hazards_page(data):
    hazards = markdown(["id", "hazard", "leads to"], [[name, one["text"], joined(one, "losses")] for name, one in data["hazards"].items()])
    constraints = markdown(["id", "safety constraint", "against", "fulfilled by"],
                           [[name, one["text"], joined(one, "hazards"), joined(one, "requirements", "assumptions")] for name, one in data["constraints"].items()])
    actions = markdown(["id", "controller", "controlled process", "control action"],
                       [[name, one["controller"], one["process"], one["action"]] for name, one in data["actions"].items()])
    unsafe = markdown(["id", "control action", "how", "unsafe control action", "hazards", "constraints"],
                      [[name, one["action"], one["how"], one["text"], joined(one, "hazards"), joined(one, "constraints")] for name, one in data["unsafe"].items()])
    scenarios = markdown(["id", "explains", "loss scenario", "held off by"],
                         [[name, joined(one, "unsafe"), one["text"], joined(one, "requirements", "assumptions")] for name, one in data["scenarios"].items()])
    return page("Hazard analysis (STPA)",
                "The item is the hypervisor with its partition table. What a controlled machine does is the integrator's: losses and hazards are stated at the "
                "item's boundary, and the integrator continues the analysis from there.",
                ["## Losses", ""] + markdown(["id", "loss"], [[name, one["text"]] for name, one in data["losses"].items()]),
                ["## Hazards", ""] + hazards, ["## Control structure", "", "![Who controls whom, and what comes back](../images/control-structure.svg)", ""],
                ["## Safety constraints", ""] + constraints, ["## Control actions", ""] + actions,
                ["## Unsafe control actions", ""] + unsafe, ["## Loss scenarios", ""] + scenarios)


def fmea_page(data):
    rows = [[name, one["interface"], one["mode"], one["effect"], one["detection"], one["mitigation"], joined(one, "requirements", "assumptions")]
            for name, one in data["fmea"].items()]
    return page("FMEA of the hypervisor's interfaces",
                "Failure modes of what crosses the hypervisor's boundary. Effect: without the mitigation. There are no rates: software failures are systematic.",
                markdown(["id", "interface", "failure mode", "effect", "detection", "mitigation", "requirements and assumptions"], rows))


def assumptions_page(data):
    rows = [[name, one["text"], one["why"], one["check"]] for name, one in data["assumptions"].items()]
    return page("Assumptions of use", "What the integrator has to make true. A claim of SAFETY.md holds only together with these.",
                markdown(["id", "the integrator shall", "why", "how to check"], rows))


def techniques_page(data):
    parts, order = [], dict.fromkeys(one["table"] for one in data["techniques"].values())
    for name in order:
        rows = [[key, one["technique"], one["grade"], one["met"], one["how"], "<br>".join(f"`{link}`" for link in one.get("links", []))]
                for key, one in data["techniques"].items() if one["table"] == name]
        parts.append([f"## {name}", ""] + markdown(["id", "technique or measure", "grade", "here", "how", "evidence"], rows))
    count = {word: sum(one["met"] == word for one in data["techniques"].values()) for word in ("met", "partly", "not met", "not applicable")}
    return page("Tables of IEC 61508-3 for SIL 3, and differences of ISO 26262-6 for ASIL D",
                f"{TECHNIQUES} Of {len(data['techniques'])}: " + ", ".join(f"{word}: {number}" for word, number in count.items()) + ".", *parts)


def check(report, known, data, write):
    """Each page is what the data make of it; write: make it so."""
    for name, text in (("requirements.md", requirements_page(known)), ("hazards.md", hazards_page(data)), ("fmea.md", fmea_page(data)),
                       ("assumptions.md", assumptions_page(data)), ("techniques.md", techniques_page(data))):
        path = report.root / "docs/safety" / name
        if not is_kept(path, text, write):
            report("stale-page", "is not what the data make of it: run python3 -m tools.evidence.trace --write", path, 1)
