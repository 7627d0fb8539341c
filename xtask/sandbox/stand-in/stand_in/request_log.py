"""The log of all requests."""

import json
import threading


class RequestLog:
    def __init__(self, path):
        self._lock = threading.Lock()
        self._entries = []
        self._file = open(path, "a", encoding="utf-8") if path else None  # open for the process's whole life

    def add(self, request, status, response_bytes, milliseconds):
        """`status` is None for a dropped connection."""
        entry = {
            "service": request.service,
            "action": request.action,
            "account": request.account,
            "region": request.region,
            "program": request.program,
            "digest": request.digest,
            "status": status,
            "request_bytes": len(request.body),
            "response_bytes": response_bytes,
            "ms": round(milliseconds, 3),
        }
        with self._lock:
            self._entries.append(entry)
            if self._file:
                self._file.write(json.dumps(entry) + "\n")
                self._file.flush()

    def entries(self):
        with self._lock:
            return list(self._entries)

    def clear(self):
        with self._lock:
            self._entries.clear()
