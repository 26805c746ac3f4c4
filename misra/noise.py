# SPDX-License-Identifier: Apache-2.0
"""Findings of the MISRA addon that are none by the guideline's own words. Each filter looks at the code of the place; what it
cannot tell stays a finding. misra/README.md explains them; tests/gates/test_misra.py shows that the real cases stay."""
import re

OPERATOR = re.compile(r"[*/%+\-&|^<>~?]")


def left_of(text, at):
    """The text before the bracket that is open at this position, or None."""
    depth = 0
    for i in range(at - 1, -1, -1):
        if text[i] in ")]":
            depth += 1
        elif text[i] in "([":
            if depth == 0:
                return text[:i]
            depth -= 1
    return None


def shift_count(text, column):
    """10.7 is about operands that take part in the usual conversions; the right operand of a shift does not."""
    before = left_of(text, column - 1)
    while before is not None and not before.rstrip().endswith(("<<", ">>")):
        if not before.rstrip().endswith("("):
            return False
        before = left_of(before, len(before))
    return before is not None


def parts(expression):
    """The operands of a conditional at the outermost level: (condition, second, third), or None."""
    depth, marks = 0, []
    for i, char in enumerate(expression):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char in "?:":
            marks.append(i)
    if len(marks) != 2:
        return None
    return expression[:marks[0]], expression[marks[0] + 1:marks[1]], expression[marks[1] + 1:]


def simple(operand):
    """No composite expression: a name, a constant, a member, an element, a call, or one of these with a sign."""
    operand = operand.strip()
    while operand.startswith("(") and operand.endswith(")"):
        operand = operand[1:-1].strip()
    return not OPERATOR.search(re.sub(r"->", ".", re.sub(r"^-", "", operand)))


def conditional_of_simple(text, column):
    """10.6: a conditional is a composite expression only when its second or third operand is one."""
    found = parts(text[column:].split(";")[0]) if text[column - 1:column] == "=" else None
    return found is not None and simple(found[1]) and simple(found[2])


def bracketed_conditional(text, column):
    """12.1 at the colon of a conditional whose second operand is in parentheses and whose third is simple or in them too."""
    if text[column - 1:column] != ":" or not text[:column - 1].rstrip().endswith(")"):
        return False
    third = text[column:].split(";")[0].strip()
    return simple(third) or (third.startswith("(") and third.endswith(")"))


def anonymous(text, _column):
    """2.4 and 5.7 are about tags; the addon takes enumerations without one for tags of one name."""
    return re.search(r"\b(?:enum|struct|union)\s*\{", text) is not None


FILTERS = {"10.7": shift_count, "10.6": conditional_of_simple, "12.1": bracketed_conditional, "2.4": anonymous, "5.7": anonymous}
DECLARED = {"2.3": re.compile(r"(\w+)\s*;"), "2.4": re.compile(r"\b(?:struct|union|enum)\s+(\w+)"), "8.7": re.compile(r"(\w+)\s*(?:\(|\[|=|;)")}


def is_noise(finding, text, component, repository):
    """text: the finding's line. component: the folder of the program, as in hv/."""
    if finding.tool != "addon":
        return False
    if finding.id in FILTERS and FILTERS[finding.id](text, finding.column):
        return True
    if finding.id in DECLARED:
        # The addon sees one program; a unit test, a proof, assembly or another component may be the user.
        word = DECLARED[finding.id].search(text[finding.column - 1:] if finding.id == "8.7" else text)
        return word is not None and repository.used_outside(word.group(1), component)
    return False
