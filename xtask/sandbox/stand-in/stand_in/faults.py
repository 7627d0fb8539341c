"""Faults for matching requests: errors, latency, dropped connections, and bodies that are not what AWS sends."""

import threading

from stand_in.bodies import BODIES
from stand_in.invalid import Invalid, fields

FIELDS = {
    "service": str, "action": str, "account": str, "region": str, "match": str,
    "status": int, "code": str, "message": str, "retry_after": int,
    "times": int, "skip": int, "latency_ms": int, "drop": bool, "body": str,
}  # fmt: skip


class Fault:
    """One rule. Missing conditions match everything; without `times` it is unlimited; it ignores the first `skip` matches."""

    def __init__(self, body):
        values = fields(body, optional=FIELDS)
        self.conditions = {name: values[name] for name in ("service", "action", "account", "region") if name in values}
        self.match = values.get("match")
        self.status = values.get("status")
        self.code = values.get("code", "InternalFailure")
        self.message = values.get("message", "a fault of the stand-in")
        self.retry_after = values.get("retry_after")
        self.times = values.get("times")
        self.skip = values.get("skip", 0)
        self.latency_ms = values.get("latency_ms", 0)
        self.drop = values.get("drop", False)
        self.body = values.get("body")
        self.cleared = threading.Event()
        if self.status is None and not self.latency_ms and not self.drop and not self.body:
            raise Invalid("a fault needs `status`, `latency_ms`, `drop` or `body`")
        if self.body is not None and self.body not in BODIES:
            raise Invalid(f"`body` must be one of {', '.join(BODIES)}")
        if self.status is not None and not 300 <= self.status <= 599:
            raise Invalid("`status` must be from 300 to 599")

    def wait(self):
        """Waits for the latency."""
        self.cleared.wait(self.latency_ms / 1000)

    def matches(self, request):
        if any(getattr(request, name) != expected for name, expected in self.conditions.items()):
            return False
        return self.match is None or request.contains(self.match)


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._faults = []
        self._met = []
        self._cleared = threading.Event()

    def add(self, body):
        fault = Fault(body)
        with self._lock:
            fault.cleared = self._cleared
            self._faults.append(fault)

    def clear(self):
        """Removes all faults and ends their current latencies."""
        with self._lock:
            self._faults.clear()
            self._met.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def take(self, request):
        """The oldest fault that matches this request, or None; counts as used."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(request):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                self._met.append(request.digest)
                return fault
        return None

    def met(self):
        """The digests of the requests that a fault applied to since the faults were cleared, in their order."""
        with self._lock:
            return list(self._met)
