# SPDX-License-Identifier: Apache-2.0
"""JUnit XML: the claims of a report; and the tests of a run of ./bulkhead test as one file."""
import re
import xml.etree.ElementTree as tree

# What XML 1.0 cannot say, not even escaped.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text):
    return FORBIDDEN.sub("?", str(text))


def seconds(claim):
    return claim["seconds"] if isinstance(claim["seconds"], (int, float)) else 0


def claim_case(claim):
    case = tree.Element("testcase", name=clean(claim["claim"]), classname=clean(claim["name"]), time=f"{seconds(claim):.3f}")
    if claim["state"] == "failed":
        places = [f"{item.get('file', '')}:{item.get('line', 0)}: {item.get('rule', '')}: {item.get('message', '')}" for item in claim["findings"]]
        tree.SubElement(case, "failure", type="failed", message=clean(f"does not hold, {len(places)} findings")).text = clean("\n".join(places))
    elif claim["state"] != "passed":
        tree.SubElement(case, "error", type=claim["state"], message=clean(claim["reason"])).text = clean(f"run: {claim['command']}")
    return case


def claims_xml(report):
    counts = report["counts"]
    suite = tree.Element("testsuite", name="claims", tests=str(len(report["claims"])), failures=str(counts["failed"]),
                         errors=str(counts["stale"] + counts["missing"]), skipped="0",
                         time=f"{sum(map(seconds, report['claims'])):.3f}", timestamp=report["made"].rstrip("Z"))
    properties = tree.SubElement(suite, "properties")
    for name in ("version", "commit", "dirty"):
        tree.SubElement(properties, "property", name=name, value=clean(report[name]))
    suite.extend(claim_case(claim) for claim in report["claims"])
    suites = tree.Element("testsuites")
    suites.append(suite)
    return packed(suites)


def packed(root):
    tree.indent(root, " ")
    return tree.tostring(root, encoding="unicode", xml_declaration=False).join(('<?xml version="1.0" encoding="UTF-8"?>\n', "\n"))
