"""Stations around a gateway: sends crafted frames and says what came out, commanded by JSON lines.

Each line on stdin is a command: {"id": 1, "do": "run", …}; each on stdout its answer: {"id": 1, "ok": …} or
{"id": 1, "error": "…"}. Between commands it goes on answering ARP and neighbour discovery for its stations.
"""

import json
import sys
import traceback

from checks import check
from expressions import Expressions
from wires import Wires


class Agent:
    def __init__(self):
        self.wires = Wires()
        self.expressions = Expressions(self.wires)

    def open(self, ports, sinks):
        """Opens ports (see wires.Port) and UDP ports of the gateway's own Linux that swallow what they get."""
        for port in ports:
            self.wires.open(port)
        for sink in sinks:
            self.wires.sink(**sink)

    def names(self, values):
        """Names that expressions may use."""
        self.expressions.names.update(values)

    def sa(self, name, spec):
        """A security association under a name that expressions use; null forgets it."""
        self.expressions.associations.define(name, spec)

    def totals(self):
        """Frames sent and received by each port since it was opened, background included."""
        self.wires.pump(0)
        return {name: {"sent": p.sent, "received": p.received} for name, p in self.wires.ports.items()}

    def run(self, send, expect, watch, sentinels, rounds, deadline):
        """
        Sends frames, waits for as many as are expected (seconds at most), then delimits by rounds of sentinels. Answers
        what is wrong, a text each. `watch` lists what is otherwise background.
        """
        self.wires.begin(set(watch))
        built = [(f["port"], frame, f.get("times", 1)) for f in send for frame in self.expressions.frames(f)]
        for port, octets, times in built:
            self.wires.send(port, octets, times)
        wanted = {}
        for e in expect:
            wanted[e["port"]] = wanted.get(e["port"], 0) + e.get("times", 1)
        self.wires.pump_until(lambda: self.wires.have(wanted), deadline)
        for _ in range(rounds):
            self.delimit(sentinels, deadline)
        came = self.wires.end()
        return check(expect, came, self.expressions)

    def delimit(self, sentinels, deadline):
        """Sends each sentinel, and returns when all have come out again."""
        waiting = {}
        for sentinel in sentinels:
            token = self.wires.token()
            self.expressions.names["SENTINEL"] = token
            waiting[token] = sentinel
            self.wires.send(sentinel["from"], self.expressions.frame(sentinel["from"], self.expressions.value(sentinel["packet"])))
        came = self.wires.pump_until(lambda: self.wires.seen >= waiting.keys(), deadline)
        if not came:
            lost = [s for token, s in waiting.items() if token not in self.wires.seen]
            ways = ", ".join(f"{s['from']} to {s['to']}" for s in lost)
            raise RuntimeError(f"the sentinel from {ways} did not come out within {deadline} s")


def main():
    agent = Agent()
    commands = {name: getattr(agent, name) for name in ("open", "names", "sa", "totals", "run")}
    print(json.dumps({"id": 0, "ok": None}), flush=True)
    for line in agent.wires.lines(sys.stdin.buffer):
        command = json.loads(line)
        answer = {"id": command.pop("id")}
        try:
            answer["ok"] = commands[command.pop("do")](**command)
        except Exception:  # the command failed, not the agent: whoever gave it is told
            answer["error"] = traceback.format_exc()
        print(json.dumps(answer), flush=True)


main()
