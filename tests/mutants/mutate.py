# SPDX-License-Identifier: BSD-2-Clause
"""Small changes to C source, each of which a test should notice.

A source becomes tokens; an operator looks at a token and its neighbours and
says what to write there instead.  It knows the C of this project and no more:
what does not compile is not counted.
"""

import bisect
import re

TOKEN = re.compile(r"""
    (?P<space>\s+|/\*.*?\*/|//[^\n]*)
  | (?P<hash>^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>L?"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])*')
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[uUlL]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||\.\.\.
      |[-+*/%&|^]=|[][(){};:,.?<>=!~&|^%*/+-])
""", re.X | re.S | re.M)

OPEN, CLOSE = "([{", ")]}"
RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="),
             ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
TWO_SIDED = {"&&": "||", "||": "&&", "+": "-", "-": "+", "<<": ">>",
             ">>": "<<", "|": "&", "*": "/", "/": "*", "%": "/"}
STEPS = {"+=": "-=", "-=": "+=", "++": "--", "--": "++", "|=": "&=",
         "&=": "|=", "^=": "|="}
TYPES = {"void", "char", "int", "unsigned", "long", "short", "size_t",
         "ssize_t", "bool", "float", "double", "const", "static", "struct",
         "enum", "union", "inline", "extern", "int64_t", "uint64_t",
         "uint32_t", "uint16_t", "uint8_t", "off_t", "mode_t", "time_t"}
WORDS = {"return", "case", "else", "sizeof", "goto", "do", "if", "while",
         "for", "switch", "default", "break", "continue"}


class Token:
    def __init__(self, kind, text, start):
        self.kind, self.text, self.start = kind, text, start
        self.end = start + len(text)
        self.function = ""  # whose body it is in
        self.pair = None    # of a bracket


class Mutant:
    """old at start becomes new; what tells it from others is its text."""

    def __init__(self, source, kind, start, end, new, function):
        self.source, self.kind, self.function = source, kind, function
        self.start, self.end, self.new = start, end, new

    def text(self):
        s = self.source.text
        return s[:self.start] + self.new + s[self.end:]

    def column(self):
        """Where in the line, blanks aside."""
        begin = self.source.text.rfind("\n", 0, self.start) + 1
        return len(squeeze(self.source.text[begin:self.start]))

    def line(self):
        return self.source.text.count("\n", 0, self.start) + 1

    def lines(self):
        """What stood there and what stands there now, in whole lines."""
        s = self.source.text
        begin = s.rfind("\n", 0, self.start) + 1
        stop = s.find("\n", self.end)
        after = s[begin:self.start] + self.new + s[self.end:stop]
        return squeeze(s[begin:stop]), squeeze(after)

    def key(self):
        return (self.source.path, self.function or "-", *self.lines())


def squeeze(text):
    return " ".join(text.split())


class Source:
    def __init__(self, path, text):
        self.path, self.text = path, text
        self.tokens = list(tokens(text))
        pair_up(self.tokens)
        name_functions(self.tokens)
        self.starts = [t.start for t in self.tokens]

    def mutants(self):
        """In the order of the text, each once."""
        seen = set()
        for i in range(len(self.tokens)):
            for operator in OPERATORS:
                for kind, start, end, new in operator(self.tokens, i,
                                                      self.text):
                    m = Mutant(self, kind, start, end, new,
                               self.tokens[i].function)
                    if (start, end, new) not in seen:
                        seen.add((start, end, new))
                        yield m

    def at(self, offset):
        return self.tokens[bisect.bisect_right(self.starts, offset) - 1]


def tokens(text):
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise ValueError("what is %r?" % text[at:at + 20])
        if m.lastgroup not in ("space", "hash"):
            yield Token(m.lastgroup, m[0], at)
        at = m.end()


def pair_up(all_tokens):
    stack = []
    for i, t in enumerate(all_tokens):
        if t.kind != "mark":
            continue
        if t.text in OPEN:
            stack.append(i)
        elif t.text in CLOSE:
            j = stack.pop()
            t.pair, all_tokens[j].pair = j, i


def name_functions(all_tokens):
    """The name before the argument list before the outermost brace."""
    i = 0
    while i < len(all_tokens):
        t = all_tokens[i]
        if t.text != "{" or t.kind != "mark":
            i += 1
            continue
        before = all_tokens[i - 1]
        name = ""
        if before.text == ")":
            name = all_tokens[before.pair - 1].text
        for inside in all_tokens[i:t.pair]:
            inside.function = name
        i = t.pair


# ---- operators: (tokens, i, text) -> (kind, start, end, new) ...

def is_value(t):
    """Something that ends an operand, so that what follows has two sides."""
    return t.kind in ("number", "char", "string") or t.text in (")", "]") or (
        t.kind == "name" and t.text not in WORDS | TYPES)


def after_cast(ts, i):
    """(type *) before a token is no operand."""
    if ts[i].text != ")":
        return False
    inner = ts[ts[i].pair + 1:i]
    before = ts[ts[i].pair - 1]
    return bool(inner) and (inner[0].text in TYPES or
                            inner[-1].text == "*") and not (
        before.kind == "name" and before.text not in WORDS)


def declares(ts, i):
    """Is the * at i that of a pointer's declaration?"""
    before, after = ts[i - 1], ts[i + 1]
    begin = i - 1
    while begin > 0 and (ts[begin].kind == "name" or ts[begin].text == "*"):
        begin -= 1
    words = [t.text for t in ts[begin + 1:i] if t.kind == "name"]
    return bool(words) and (words[0] in TYPES or len(words) > 1) or \
        after.text in (")", "*", ",") or before.text in ("(", ",")


def relations(ts, i, text):
    t = ts[i]
    if t.kind == "mark" and t.text in RELATIONS and t.function:
        for new in RELATIONS[t.text]:
            yield "relation", t.start, t.end, new


def two_sided(ts, i, text):
    t = ts[i]
    if t.kind != "mark" or t.text not in TWO_SIDED or not i or \
            not is_value(ts[i - 1]) or after_cast(ts, i - 1) or \
            (t.text == "*" and declares(ts, i)):
        return
    kind = "logic" if t.text in ("&&", "||") else "arithmetic"
    yield kind, t.start, t.end, TWO_SIDED[t.text]


def steps(ts, i, text):
    t = ts[i]
    if t.kind == "mark" and t.text in STEPS:
        yield "step", t.start, t.end, STEPS[t.text]


def conditions(ts, i, text):
    t = ts[i]
    if t.text in ("if", "while") and ts[i + 1].text == "(":
        a, b = ts[i + 1], ts[ts[i + 1].pair]
        yield "condition", a.start, b.end, \
            "(!" + text[a.start:b.end] + ")"
    if t.text == "?" and t.kind == "mark":
        yield "condition", t.start, t.end, "&& 0 ?"
        yield "condition", t.start, t.end, "|| 1 ?"
    if t.text == "!" and t.kind == "mark":
        yield "condition", t.start, t.end, ""


def is_array_size(ts, i):
    """Of what is declared: a name, a name and then the bracket."""
    return ts[i - 1].text == "[" and ts[i + 1].text == "]" and i > 2 and \
        ts[i - 2].kind == "name" and (
            ts[i - 3].text in ("*", ",") or (
                ts[i - 3].kind == "name" and ts[i - 3].text not in WORDS))


def constants(ts, i, text):
    t = ts[i]
    if t.kind != "number" or is_array_size(ts, i) or "." in t.text:
        return
    digits = t.text.rstrip("uUlL")
    suffix = t.text[len(digits):]
    octal = re.fullmatch(r"0\d+", digits)
    form = "0%o" if octal else "%#x" if digits[1:2] in ("x", "X") else "%d"
    value = int(digits, 8 if octal else 0)
    yield "constant", t.start, t.end, form % (value + 1) + suffix
    if value > 0:
        yield "constant", t.start, t.end, form % (value - 1) + suffix


def codes(ts, i, text):
    t = ts[i]
    if t.kind != "name" or not t.function:
        return
    if re.fullmatch(r"TOKENWARD_[A-Z_]+", t.text) and \
            ts[i + 1].text != "(":
        for new in ("TOKENWARD_OK", "TOKENWARD_FAILED",):
            if new != t.text:
                yield "code", t.start, t.end, new
    elif t.text in ("true", "false"):
        yield "code", t.start, t.end, \
            "false" if t.text == "true" else "true"


def returns(ts, i, text):
    t = ts[i]
    if t.text != "return" or ts[i + 1].text == ";":
        return
    end = statement_end(ts, i)
    value = ts[i + 1:end]
    if len(value) == 1 and value[0].kind == "number":
        return
    if len(value) == 1 and value[0].text in ("true", "false", "NULL",
                                             "TOKENWARD_OK"):
        return
    yield "return", value[0].start, value[-1].end, "0"


def statement_end(ts, i):
    while ts[i].text != ";":
        i = ts[i].pair if ts[i].text in OPEN else i
        i += 1
    return i


def begins_statement(ts, i):
    before = ts[i - 1]
    if not ts[i].function or not i:
        return False
    if before.text in (";", "{", "}", "else", "do"):
        # not within the brackets of a for, nor of an initializer
        return True
    if before.text == ")":
        return ts[before.pair - 1].text in ("if", "while", "for", "switch")
    return before.text == ":" and ends_label(ts, i - 1)


def ends_label(ts, i):
    """Is the colon at i one of case, default or a label, not of ?:"""
    begin = i - 1
    while ts[begin].text not in (";", "{", "}", ":"):
        begin -= 1
    return ts[begin + 1].text in ("case", "default") or begin == i - 2


def is_expression_statement(part):
    """No declaration, and not what reads as one."""
    if part[0].text in TYPES or part[0].text in WORDS:
        return part[0].text in ("break", "continue", "goto")
    if part[0].text == "(":
        return [t.text for t in part[:3]] == ["(", "void", ")"]
    if part[0].text in ("*", "++", "--"):
        return True
    if part[0].kind != "name" or len(part) < 2:
        return False
    return part[1].kind == "mark" and part[1].text not in ("*", ":")


def removals(ts, i, text):
    if not begins_statement(ts, i) or ts[i].text in OPEN + CLOSE + ";" and \
            ts[i].text != "(":
        return
    if ts[i].kind == "mark" and ts[i].text not in ("(", "*", "++", "--"):
        return
    end = i
    while end < len(ts) and ts[end].text != ";":
        if ts[end].text in CLOSE:
            return
        end = (ts[end].pair if ts[end].text in OPEN else end) + 1
    part = ts[i:end]
    if part and end < len(ts) and is_expression_statement(part):
        yield "removal", part[0].start, part[-1].end, ""


OPERATORS = (relations, two_sided, steps, conditions, constants, codes,
             returns, removals)
