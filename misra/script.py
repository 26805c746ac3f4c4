# SPDX-License-Identifier: Apache-2.0
"""Checks that no analyser makes, or that need the whole repository. Each has the name that gep.csv gives it."""
import collections
import functools
import re

from analysers import ROOT, Finding

FREESTANDING = {"float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdnoreturn.h"}
# Files that may hold assembly: accessors and nothing else.
ASSEMBLY = {"hv/x86/asm.h", "hv/x86/memory.c", "hv/x86/tsc.h", "hv/x86/vmx/insn.c", "rtvm/cpu.h"}
# Macros that no function can replace: annotations, initialisers, constant expressions, assertions.
NO_FUNCTION = {"DOMAIN_OF", "STAGE2_OF", "MSR_SAME", "ACPI_SIGNATURE", "VMCB_AT"}
# Blocks that the compiler does not see when it makes an image.
NOT_COMPILED = re.compile(r"^\s*#\s*ifdef\s+(?:__FRAMAC__|__KERNEL__)\b")
EMERGENT = re.compile(r"\b(_Atomic|_Noreturn|_Generic|_Thread_local|_Alignas|_Alignof)\b|#\s*include\s*<(stdatomic|stdnoreturn|stdalign|threads)\.h>")
LINES = (  # check, what breaks the rule in a line of code without comments and texts, what to say
    ("octal", re.compile(r"(?<![\w.])0[0-7]+[uUlL]*\b"), "octal number"),
    ("goto", re.compile(r"\bgoto\b"), "goto"),
    ("while-number", re.compile(r"\b(?:while|if)\s*\(\s*\d+[uUlL]*\s*\)"), "a number as condition; an endless loop is for (;;)"),
    ("extern-inline", re.compile(r"^(?!.*\bstatic\b).*\binline\b"), "inline function that is not static"),
    ("cast-to-enum", re.compile(r"\(enum \w+\)\s*[\w(~-]"), "cast to an enumeration"),
    ("emergent", EMERGENT, "feature of C11 that MISRA keeps out"),
    ("basic-type", re.compile(r"\b(?:unsigned|signed|short|int|long|float|double)\b"), "basic type where one of stdint.h says the size"),
    ("heap", re.compile(r"\b(?:malloc|calloc|realloc|free|alloca|__builtin_alloca)\s*\("), "dynamic memory"),
    ("variadic", re.compile(r"\bva_(?:list|arg|start|end|copy)\b|,\s*\.\.\.\s*\)"), "variable number of arguments"),
    ("function-macro", re.compile(r"^\s*#\s*define\s+(?!(?:%s)\()\w+\(" % "|".join(sorted(NO_FUNCTION))), "macro with parameters"),
    ("include-name", re.compile(r"^\s*#\s*include\s*[<\"][^<>\"]*(?:['\\]|/\*|//)"), "odd character in the name of a header"),
)
SUPPRESSION = re.compile(r"cppcheck-suppress|NOLINT|#\s*pragma\b|_Pragma|GCC diagnostic|DISABLE_WARNING")
ALIKE = str.maketrans({"O": "0", "I": "1", "l": "1", "S": "5", "Z": "2", "B": "8"})
WORD = re.compile(r"\b[A-Za-z_]\w*\b")
PIECE = re.compile(r"(?P<comment>/\*.*?(?:\*/|\Z)|//[^\n]*)|(?P<include>#\s*include\s*[<\"][^>\"\n]*[>\"])"
                   r"|(?P<text>\"(?:\\.|[^\"\\\n])*(?:[\"\n]|\Z)|'(?:\\.|[^'\\\n])*(?:['\n]|\Z))", re.S)


@functools.lru_cache(maxsize=None)   # the tags of a file are looked for, its lines and its macros
def split(text):
    """(code, comments): the text with comments and the insides of string literals blanked, and (line, comment) pairs."""
    comments, line, at = [], 1, 0

    def blank(found):
        nonlocal line, at
        piece = found.group()
        line, at = line + text.count("\n", at, found.start()), found.start()
        if found.lastgroup == "comment":
            comments.append((line, piece))
            return re.sub(r"[^\n]", " ", piece)
        return piece if found.lastgroup == "include" or "\n" in piece else piece[0] + " " * max(0, len(piece) - 2) + piece[0]

    return PIECE.sub(blank, text), tuple(comments)


def compiled(code):
    """The code with blocks blanked that no image has: proofs and other users of the header."""
    lines, depth, away = [], 0, 0
    for line in code.split("\n"):
        if re.match(r"\s*#\s*if", line):
            depth += 1
            if not away and NOT_COMPILED.match(line):
                away = depth
        elif re.match(r"\s*#\s*(?:else|elif)", line) and away == depth:
            away = 0
        elif re.match(r"\s*#\s*endif", line):
            away = 0 if away == depth else away
            depth -= 1
        lines.append("" if away and not NOT_COMPILED.match(line) else line)
    return "\n".join(lines)


def looks_like_code(comment):
    """A comment line that is a statement: ends with ; or {, and has the shape of an assignment, a call or a control statement."""
    if comment.startswith(("/*@", "//@")):
        return False
    for line in comment.splitlines():
        line = re.sub(r"^\s*(?:/\*|\*|//)?\s*|\s*\*/\s*$", "", line)
        if re.search(r"^(?:if|for|while|switch)\s*\(.*\)\s*\{|^[\w.\->\[\]*]+\s*(?:[-+|&^]?=)\s*[^=].*;$|^\w+\([\w\s,&*.>\-]*\);$", line):
            return True
    return False


def of_file(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    code, comments = split(text)
    found = []

    def say(check, line, message):
        found.append(Finding("script", check, file, line, 0, message))

    lines = compiled(code).splitlines()
    for number, line in enumerate(lines, 1):
        for check, pattern, message in LINES:
            if pattern.search(line):
                say(check, number, message)
        header = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
        if header and header.group(1) not in FREESTANDING:
            say("hosted-header", number, f"<{header.group(1)}> is not of a freestanding implementation")
        if re.search(r"\b(?:__asm__|asm)\b\s*(?:volatile\b\s*)?\(", line) and file not in ASSEMBLY:
            say("assembly", number, "assembly outside the files that hold accessors only")
    for number, line in enumerate(text.splitlines(), 1):
        if SUPPRESSION.search(line):
            say("suppression", number, "switches an analyser off: tags (DEV-nnn) are the only way")
    for number, comment in comments:
        if looks_like_code(comment):
            say("code-in-comment", number, "code in a comment")
    if file.endswith(".h"):
        directives = [(number, line.split()) for number, line in enumerate(code.splitlines(), 1) if line.strip()]
        guarded = (len(directives) > 2 and directives[0][1][0] == "#ifndef" and directives[1][1][0] == "#define"
                   and directives[0][1][1] == directives[1][1][1] and directives[-1][1][0] == "#endif")
        if not guarded:
            say("guard", directives[0][0] if directives else 1, "header without an include guard around all of it")
    alike = collections.defaultdict(dict)
    for number, line in enumerate(lines, 1):
        for word in WORD.findall(line):
            alike[word.translate(ALIKE).replace("rn", "m")].setdefault(word, number)
    for words in alike.values():
        if len(words) > 1:
            first, second = sorted(words, key=words.get)[:2]
            say("alike", words[second], f"{second} looks like {first}")
    return found


class Repository:
    """All words of the repository's sources, and where: to tell what only one component uses."""

    FOLDERS = ("abi", "hv", "rtvm", "dm", "hsm", "proofs", "tests", "tools")

    def __init__(self):
        self.files = {}
        for folder in self.FOLDERS:
            for path in sorted((ROOT / folder).rglob("*")):
                if path.suffix in (".c", ".h", ".S", ".ld") and "session" not in path.parts:
                    self.files[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8", errors="replace")
        self.words = {file: set(WORD.findall(text)) for file, text in self.files.items()}

    def used_outside(self, word, component):
        """Whether another component, assembly, a proof or a unit test names it."""
        return any(word in words for file, words in self.words.items() if not file.startswith(component) or file.endswith((".S", ".ld")))

    def uses(self, word):
        return sum(len(re.findall(rf"\b{word}\b", text)) for file, text in self.files.items() if word in self.words[file])


def unused_macros(repository, headers):
    """Macros of headers that nothing in the repository uses. ABI headers are complete lists by intent."""
    found = []
    for file in headers:
        code, _ = split(repository.files[file]) if file in repository.files else split((ROOT / file).read_text(encoding="utf-8"))
        for number, line in enumerate(code.splitlines(), 1):
            macro = re.match(r"\s*#\s*define\s+(\w+)", line)
            if macro and not macro.group(1).endswith("_H") and repository.uses(macro.group(1)) < 2:
                found.append(Finding("script", "unused-macro", file, number, 0, f"{macro.group(1)} is used nowhere in the repository"))
    return found
