# SPDX-License-Identifier: Apache-2.0
"""What SARIF 2.1.0 and JUnit XML ask of the files of the report: the constraints on what we write, in our own words.

No copy of a schema. SARIF: objects, types and required properties that we use, as in the JSON schema of the standard (sarif-schema-2.1.0.json), with
its numbers in the prose; narrower than that schema, so that a property that is new here has to be looked up there. JUnit: elements and attributes of the
schema of Jenkins' xUnit plugin (junit-10.xsd), and the types of failures and the times that Ant's has besides.
"""
import re
import xml.etree.ElementTree as tree

import jsonschema


def record(required, **properties):
    """An object with these properties and no others."""
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


def array(items, **more):
    return {"type": "array", "items": items, **more}


TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
MESSAGE = record("text", text=NAME)                                                # 3.11
LEVEL = {"enum": ["note", "warning", "error"]}                                     # 3.27.10; "none" only with a kind that is no failure
RELATIVE = {"type": "string", "pattern": r"^(?!/)(?![^/]*:)[-A-Za-z0-9._~%/]+$"}   # 3.4.3: a URI reference, relative with uriBaseId (3.4.4)
DATE = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}  # 3.9
ARTIFACT = record("uri uriBaseId", uri=RELATIVE, uriBaseId=NAME)                   # 3.4
REGION = record("startLine", startLine={"type": "integer", "minimum": 1})          # 3.30.5
PHYSICAL = record("artifactLocation", artifactLocation=ARTIFACT, region=REGION)    # 3.29
RESULT = record("message", message=MESSAGE, ruleId=TEXT, ruleIndex={"type": "integer", "minimum": 0}, level=LEVEL,      # 3.27
                locations=array(record("", physicalLocation=PHYSICAL)))
RULE = record("id", id=NAME, shortDescription=MESSAGE)                             # 3.49
DRIVER = record("name", name=NAME, version=NAME, rules=array(RULE, uniqueItems=True))           # 3.19
INVOCATION = record("executionSuccessful", executionSuccessful={"type": "boolean"}, commandLine=TEXT, endTimeUtc=DATE,  # 3.20
                    toolExecutionNotifications=array(record("message", message=MESSAGE, level=LEVEL)))                  # 3.58
RUN = record("tool results", tool=record("driver", driver=DRIVER), automationDetails=record("", id=NAME), invocations=array(INVOCATION),    # 3.14
             results=array(RESULT), columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]}, properties={"type": "object"})
SARIF = record("version runs", **{"$schema": {"type": "string", "pattern": r"^https://"}, "version": {"const": "2.1.0"}, "runs": array(RUN)})   # 3.13


def sarif_faults(data):
    """What is against the schema, and against the prose that no schema can say; empty when nothing is."""
    faults = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in jsonschema.Draft202012Validator(SARIF).iter_errors(data)]
    for run in [] if faults else data["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"].get("rules", [])]
        faults += [f"rule {rule} is listed twice" for rule in set(rules) if rules.count(rule) > 1]
        faults += [f"result of {result.get('ruleId')} names another rule" for result in run["results"]             # 3.27.6
                   if rules[result["ruleIndex"]:result["ruleIndex"] + 1] != [result["ruleId"]]]
    names = [] if faults else [run["automationDetails"]["id"] for run in data["runs"]]
    return faults + [f"run {name} is there twice" for name in set(names) if names.count(name) > 1]                   # 3.17.2


# element: (attributes that it must have, attributes that it may have, elements that it may hold)
JUNIT = {
    "testsuites": ("", "name time tests failures errors", "testsuite"),
    "testsuite": ("name tests failures errors time", "skipped timestamp hostname id package file", "properties testcase system-out system-err"),
    "properties": ("", "", "property"),
    "property": ("name value", "", ""),
    "testcase": ("name classname time", "", "skipped error failure system-out system-err"),
    "failure": ("type", "message", ""), "error": ("type", "message", ""), "skipped": ("", "type message", ""),
}
FORMS = {"time": re.compile(r"\d+(\.\d+)?"), "timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")}      # seconds; ISO 8601 without zone


def element_faults(element):
    if element.tag not in JUNIT:
        return [f"no element of JUnit: {element.tag}"]
    must, may, holds = (words.split() for words in JUNIT[element.tag])
    faults = [f"{element.tag} has no {name}" for name in must if name not in element.attrib]
    faults += [f"{element.tag} must not have {name}" for name in element.attrib if name not in must + may]
    faults += [f"{element.tag} must not hold {child.tag}" for child in element if child.tag not in holds]
    return faults + [f"{name} cannot be read: {element.get(name)}" for name, form in FORMS.items()
                     if name in element.attrib and not form.fullmatch(element.get(name))]


def junit_faults(text):
    """What is against the schema, and counts that are not those of the cases; empty when nothing is."""
    root = tree.fromstring(text)
    faults = [fault for element in root.iter() for fault in element_faults(element)]
    if root.tag != "testsuites":
        faults.append(f"the root is {root.tag}")
    for suite in root.iter("testsuite"):
        told = {"tests": suite.findall("testcase"), "failures": suite.findall("testcase/failure"), "errors": suite.findall("testcase/error"),
                "skipped": suite.findall("testcase/skipped")}
        faults += [f"{suite.get('name')}: {name} is {suite.get(name)}, there are {len(found)}" for name, found in told.items()
                   if suite.get(name, "0") != str(len(found))]
    return faults
