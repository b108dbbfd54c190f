"""Compares what came out with what a case expects, and explains differences by both packets' fields."""

from scapy.packet import NoPayload

from associations import Opens, OpensPiece

# Characters of a dissection's line that are shown.
LINE = 120


def check(expected, came, expressions):
    """
    Texts about what differs; none when all is right. `expected`: {port, packet, times?, free?}, in order for each
    port; `free` lists fields that are not asserted, as `IP.id`, or `IP#2.id` in the second IP layer. A port `a|b` is
    either of them: what is expected there may come in any order, all `times` of it at the same one.
    """
    failures = []
    left = {}
    for port, octets in came:
        left.setdefault(port, []).append(octets)
    either = [e for e in expected if "|" in e["port"]]
    for port in sorted({e["port"] for e in expected if e not in either}):
        got = left.setdefault(port, [])
        for e in [e for e in expected if e["port"] == port for _ in range(e.get("times", 1))]:
            if not got:
                failures.append(f"did not come out at {port}: {e['packet']}")
                continue
            failure = differs(e, got.pop(pick(e, got, port, expressions)), port, expressions)
            if failure is not None:
                failures.append(failure)
        for e in wanted_more(expected, port):
            if got and differs(e, got[0], port, expressions) is None:
                got.pop(0)
    for e in either:
        if not take_at_one(e, left, expressions):
            failures.append(f"did not come out at either of {e['port']}: {e['packet']}")
    for port, got in sorted(left.items()):
        for octets in got:
            failures.append(f"came out at {port} unexpected:\n{shown(expressions.dissected(port, octets))}")
    return failures


def take_at_one(e, left, expressions):
    """Takes what is expected at one of several ports out of what is left; false when none has it `times`."""
    for port in e["port"].split("|"):
        fits = fitting(e, left.get(port, []), port, expressions)
        if len(fits) >= e.get("times", 1):
            for octets in fits[: e.get("times", 1)]:
                left[port].remove(octets)
            return True
    return False


def fitting(e, got, port, expressions):
    """Those frames that are what is expected."""
    expected = expressions.expected(port, e["packet"])
    if isinstance(expected, (Opens, OpensPiece)) or e.get("free"):
        return [octets for octets in got if differs(e, octets, port, expressions) is None]
    wanted = bytes(expected)
    return [octets for octets in got if octets == wanted]


def wanted_more(expected, port):
    """Those that may come more often than they must."""
    return [e for e in expected if e["port"] == port for _ in range(e.get("atMost", 0) - e.get("times", 1))]


def pick(e, got, port, expressions):
    """The place of the frame that an expectation is about: the next, or the first that fits when in any order."""
    if e.get("unordered"):
        fits = fitting(e, got, port, expressions)
        if fits:
            return got.index(fits[0])
    return 0


def differs(e, octets, port, expressions):
    expected = expressions.expected(port, e["packet"])
    if not isinstance(expected, (Opens, OpensPiece)) and bytes(expected) == octets:
        return None
    actual = expressions.dissected(port, octets)
    if isinstance(expected, (Opens, OpensPiece)):
        return expected.differs(actual, lambda wanted, got, what: compare(wanted, got, e.get("free", []), f"{port}, {what}"))
    return compare(expected, actual, e.get("free", []), port)


def compare(expected, actual, free, what):
    """Null when the octets are the same but for free fields, which the expected packet takes from the actual."""
    if isinstance(expected, bytes):
        if expected == bytes(actual.original):
            return None
        expected = actual.__class__(expected)
    expected = expected.copy()
    for field in free:
        adopt(expected, actual, field)
    octets = bytes(expected)
    if octets == bytes(actual.original):
        return None
    expected = actual.__class__(octets)
    lines = fields_that_differ(expected, actual)
    return "\n".join(
        [f"{what}: {'; '.join(lines) or 'octets differ'}", "expected:", shown(expected), "actual:", shown(actual)]
    )


def adopt(expected, actual, field):
    layer, name = field.rsplit(".", 1)
    kind, _, number = layer.partition("#")
    target = layer_of(expected, kind, int(number or 1))
    source = layer_of(actual, kind, int(number or 1))
    if target is not None and source is not None:
        target.setfieldval(name, source.getfieldval(name))


def layer_of(packet, kind, number):
    while packet and not isinstance(packet, NoPayload):
        if packet.__class__.__name__ == kind:
            number -= 1
            if number == 0:
                return packet
        packet = packet.payload
    return None


def fields_that_differ(expected, actual):
    lines = []
    while not isinstance(expected, NoPayload) or not isinstance(actual, NoPayload):
        if expected.__class__ is not actual.__class__:
            return [*lines, f"layer {expected.name} expected, {actual.name} came"]
        for field in expected.fields_desc:
            wanted, got = expected.getfieldval(field.name), actual.getfieldval(field.name)
            if wanted != got:
                lines.append(f"{expected.__class__.__name__}.{field.name} expected {wanted!r}, got {got!r}")
        expected, actual = expected.payload, actual.payload
    return lines


def shown(packet):
    fields = [line if len(line) < LINE else f"{line[:LINE]}…" for line in packet.show(dump=True).rstrip().split("\n")]
    return "\n".join([*fields, bytes(packet.original or packet).hex()])
