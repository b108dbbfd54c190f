"""Compares what came out with what a case expects, and explains differences by both packets' fields."""

from scapy.packet import NoPayload

from associations import Opens

# Characters of a dissection's line that are shown.
LINE = 120


def check(expected, came, expressions):
    """
    Texts about what differs; none when all is right. `expected`: {port, packet, times?, any?}, in order for each
    port; `any` lists fields that are not asserted, as `IP.id`, or `IP#2.id` in the second IP layer.
    """
    failures = []
    ports = {e["port"] for e in expected} | {port for port, _ in came}
    for port in sorted(ports):
        wanted = [e for e in expected if e["port"] == port for _ in range(e.get("times", 1))]
        got = [octets for at, octets in came if at == port]
        for e in wanted:
            if not got:
                failures.append(f"did not come out at {port}: {e['packet']}")
                continue
            failure = differs(e, got.pop(pick(e, got, port, expressions)), port, expressions)
            if failure is not None:
                failures.append(failure)
        for e in wanted_more(expected, port):
            if got and differs(e, got[0], port, expressions) is None:
                got.pop(0)
        for octets in got:
            failures.append(f"came out at {port} unexpected:\n{shown(expressions.dissected(port, octets))}")
    return failures


def wanted_more(expected, port):
    """Those that may come more often than they must."""
    return [e for e in expected if e["port"] == port for _ in range(e.get("atMost", 0) - e.get("times", 1))]


def pick(e, got, port, expressions):
    """The place of the frame that an expectation is about: the next, or the first that fits when in any order."""
    if e.get("unordered"):
        for i, octets in enumerate(got):
            if differs(e, octets, port, expressions) is None:
                return i
    return 0


def differs(e, octets, port, expressions):
    expected = expressions.expected(port, e["packet"])
    actual = expressions.dissected(port, octets)
    if isinstance(expected, Opens):
        return expected.differs(actual, lambda wanted, got, what: compare(wanted, got, e.get("any", []), f"{port}, {what}"))
    return compare(expected, actual, e.get("any", []), port)


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
