"""Bad documents and variables for the toy schema.

`MARK` stands for what a client sent as a value: no answer may repeat it.
"""

import json

MARK = "s3cr3t"


def _fragments(count: int, selection: str) -> str:
    spread = "".join(
        f"fragment F{number} on Query {{ {selection} }}\n".replace("NEXT", f"...F{number + 1}")
        for number in range(count)
    )
    return f"{{ ...F0 }}\n{spread}fragment F{count} on Query {{ hello }}"


def _nested(count: int, opening: str, core: str) -> str:
    return "{" + opening * count + core + "}" * count + "}"


DOCUMENTS = {
    "empty": "",
    "only spaces": " \n\t",
    "only a comment": "# hello",
    "a brace": "{",
    "two braces": "{}",
    "an empty field": "{ things {} }",
    "a string": f'"{MARK}"',
    "a string as a field": f'{{ "{MARK}" }}',
    "an unterminated string": f'{{ hello(name: "{MARK}) }}',
    "an unterminated block string": f'{{ hello(name: """{MARK}) }}',
    "a bad escape": '{ hello(name: "\\q") }',
    "a NUL": "{ hello\x00 }",
    "an emoji": "{ 🍓 }",
    "a right-to-left override": "{ hel\u202elo }",
    "SQL": "SELECT * FROM sessions; --",
    "JSON": '{"query": "x"}',
    "a schema": "type Query { hello: String }",
    "a schema beside": "{ hello } type Query { hello: String }",
    "an unknown field": "{ helo }",
    "an unknown argument": f'{{ hello(nane: "{MARK}") }}',
    "an unknown directive": "{ hello @nope }",
    "an unknown fragment": "{ ...Nope }",
    "an unknown type": "{ ... on Nope { hello } }",
    "an unused fragment": "{ hello } fragment F on Query { hello }",
    "a fragment on a scalar": "{ ...F } fragment F on String { length }",
    "a leaf with fields": "{ hello { length } }",
    "an object without fields": "{ things }",
    "a wrong number": f'{{ integer(value: "{MARK}") }}',
    "a float for an integer": "{ integer(value: 1.5) }",
    "an integer of 33 bits": "{ integer(value: 4294967296) }",
    "an integer of 5,000 digits": f"{{ integer(value: {'9' * 5000}) }}",
    "a float of 5,000 digits": f"{{ integer(value: 0.{'9' * 5000}) }}",
    "an object for an integer": f'{{ integer(value: {{a: "{MARK}"}}) }}',
    "null for an integer": "{ integer(value: null) }",
    "no value": "{ integer }",
    "an odd number": "{ even(value: 3) }",
    "a scalar that fails": f'{{ even(value: "{MARK}") }}',
    "an unknown enum value": f"{{ colour(value: {MARK}) }}",
    "an enum as a string": f'{{ colour(value: "{MARK}") }}',
    "an unknown input field": f'mutation {{ write(input: {{text: "a", other: "{MARK}"}}) }}',
    "a missing input field": f"mutation {{ write(input: {{nested: [{{colours: {MARK}}}]}}) }}",
    "a string for an input": f'mutation {{ write(input: "{MARK}") }}',
    "an input field twice": 'mutation { write(input: {text: "a", text: "b"}) }',
    "an argument twice": '{ hello(name: "a", name: "b") }',
    "conflicting fields": '{ hello(name: "a") hello(name: "b") }',
    "two operations without a name": "query A { hello } query B { hello }",
    "an anonymous operation among others": "{ hello } query B { hello }",
    "the same operation twice": "query A { hello } query A { hello }",
    "the same fragment twice": "{ ...F }" + " fragment F on Query { hello }" * 2,
    "an undefined variable": "{ hello(name: $name) }",
    "an unused variable": "query ($name: String) { hello }",
    "a variable of an output type": "query ($thing: Thing) { hello }",
    "a variable of the wrong type": "query ($name: Int) { hello(name: $name) }",
    "a variable's bad default": f'query ($value: Int! = "{MARK}") {{ integer(value: $value) }}',
    "a subscription": "subscription { ticks }",
    "@defer": "{ ... @defer { hello } }",
    "@stream": "{ things { nodes @stream { id } } }",
    "introspection": "{ __schema { types { name } } }",
    "introspection of a type": '{ __type(name: "Query") { name } }',
    "introspection in a fragment": "{ ...F } fragment F on Query { __schema { types { name } } }",
    "introspection of introspection": _nested(9, '__type(name: "A") { fields { type ', "name"),
    "a cycle": "{ ...F } fragment F on Query { ...F }",
    "a cycle of two": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "a cycle nobody uses": "{ hello } fragment F on Query { hello ...F }",
    "2^18 aliased fragments": _fragments(18, "a: hello NEXT NEXT"),
    "2^90 fragments": _fragments(90, "NEXT NEXT"),
    "fragments in a long chain": _fragments(95, "... { ... { ... { ... { NEXT } } } }"),
    "1,500 equal objects": "{" + " things { nodes { id } }" * 1500 + "}",
    "900 equal objects in one": "{ things {" + " nodes { id }" * 900 + "} }",
    "1,500 equal leaves": "{ things { nodes {" + " id" * 1500 + "} } }",
    "600 inline fragments": "{" + " ... on Query { things { nodes { id } } }" * 600 + "}",
    "10,000 operations": " ".join(f"query Q{number} {{ hello }}" for number in range(10_000)),
    "200 operations": " ".join(f"query Q{number} {{ hello }}" for number in range(200)),
    "1 MB of comments": "#" + "c" * 1_000_000 + "\n{ hello }",
    "40,000 comments": "#\n" * 40_000 + "{ hello }",
    "90,000 commas": "{ hello " + "," * 99_990 + "}x",
    "1,000 aliases": "{" + " ".join(f"a{number}: hello" for number in range(1000)) + "}",
    "200 aliases": "{ things { nodes {" + " ".join(f"a{n}: id" for n in range(200)) + "} } }",
    "500 directives": "{ hello" + " @include(if: true)" * 500 + "}",
    "2,000 variables": "query (" + " ".join(f"$v{n}: Int" for n in range(2000)) + ") { hello }",
    "100 levels": "{" + " things { nodes {" * 50 + " id" + " } }" * 50 + "}",
    "190 levels": _nested(190, "a { ", "b"),
    "10,000 levels": "{a" * 10_000,
    "10,000 lists": "{ hello(name: " + "[" * 10_000 + ") }",
    "150 objects": "{ raw(value: " + "{a: " * 250 + "1" + "}" * 250 + ") }",
    "200^4 objects": "{" + " things(first: 200) { nodes {" * 4 + " id" + " } }" * 4 + "}",
    "200^4 objects from the end": "{"
    + " things(last: 200) { nodes {" * 4
    + " id"
    + " } }" * 4
    + "}",
    "200 ids with 200^2 objects": "{ nodes(ids: ["
    + '"a" ' * 200
    + "]) { things(first: 200) { nodes { things(first: 200) { nodes { id } } } } } }",
}

VARIABLES = {
    "a string for an integer": ("query ($v: Int!) { integer(value: $v) }", MARK),
    "a float for an integer": ("query ($v: Int!) { integer(value: $v) }", 1.5),
    "33 bits for an integer": ("query ($v: Int!) { integer(value: $v) }", 2**33),
    "100 digits for an integer": ("query ($v: Int!) { integer(value: $v) }", 10**100),
    "null for an integer": ("query ($v: Int!) { integer(value: $v) }", None),
    "true for an integer": ("query ($v: Int!) { integer(value: $v) }", True),
    "an object for an integer": ("query ($v: Int!) { integer(value: $v) }", {"a": MARK}),
    "a list for an integer": ("query ($v: Int!) { integer(value: $v) }", [MARK]),
    "an object for a string": ("query ($v: String!) { hello(name: $v) }", {"a": MARK}),
    "an odd number": ("query ($v: Even!) { even(value: $v) }", 3),
    "a scalar that fails": ("query ($v: Even!) { even(value: $v) }", MARK),
    "an unknown enum value": ("query ($v: Colour!) { colour(value: $v) }", MARK),
    "a number as enum": ("query ($v: Colour!) { colour(value: $v) }", 1),
    "a string for an input": ("mutation ($v: WriteInput!) { write(input: $v) }", MARK),
    "a list for an input": ("mutation ($v: WriteInput!) { write(input: $v) }", [MARK]),
    "a missing field": ("mutation ($v: WriteInput!) { write(input: $v) }", {"even": 2}),
    "an unknown field": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": MARK, "txet": MARK},
    ),
    "a wrong field": ("mutation ($v: WriteInput!) { write(input: $v) }", {"text": [MARK]}),
    "a wrong field far below": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": MARK, "nested": [{"count": 1}, {"count": 1, "colours": ["RED", MARK]}]},
    ),
    "500 wrong fields": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": MARK, "nested": [{"count": MARK}] * 500},
    ),
    "900 levels": (
        "mutation ($v: WriteInput!) { write(input: $v) }",
        {"text": json.loads("[" * 900 + "]" * 900)},
    ),
    "pages in variables": (
        "query ($v: Int!) {" + " things(first: $v) { nodes {" * 3 + " id" + " } }" * 3 + " }",
        150,
    ),
    "ids in variables": (
        "query ($v: [ID!]!) { nodes(ids: $v) { things { nodes { id } } } }",
        ["a"] * 20_000,
    ),
}
