"""Handles requests: faults, then invocations or moto, then the log. Control routes below /stand-in are not logged."""

import socket
import threading
import time

from moto import settings
from moto.core.responses import ActionAuthenticatorMixin
from moto.moto_api._internal import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.organizations.models import organizations_backends
from werkzeug.serving import WSGIRequestHandler, make_server

from stand_in import answers, bodies, control, endpoints, invocations, reachable, stack_set_operations
from stand_in.faults import Faults
from stand_in.patches import api_constraints, apply
from stand_in.request import Request
from stand_in.request_log import RequestLog

# Requests with this header come from a test's set-up or assertions. They bypass the log, faults and
# identity checks.
TEST_CALL = "HTTP_X_STAND_IN_TEST_CALL"


class Application:
    """The WSGI application."""

    def __init__(self, patches, model_server=None, log_file=None, enforce_iam=False):
        self.patches = patches
        self.log = RequestLog(log_file)
        self.faults = Faults()
        self.model_servers = invocations.ModelServers(model_server)
        # moto's state consists of plain dictionaries, so it handles one request at a time. Latency
        # of faults and model servers is outside this lock.
        self.state = threading.RLock()
        self.moto = DomainDispatcherApplication(create_backend_app)
        apply(patches)
        self._enforced_first = enforce_iam
        self.enforce_iam(enforce_iam)

    def reset(self):
        """Resets state, faults, scripts and log."""
        with self.state:
            moto_api_backend.reset()
            organizations_backends.master_accounts.clear()
            endpoints.reset()
            stack_set_operations.reset()
            reachable.reset()
            self.model_servers.reset()
            self.faults.clear()
            self.log.clear()
            self.enforce_iam(self._enforced_first)

    def enforce_iam(self, enabled):
        with self.state:
            self.enforcing = enabled
            settings.INITIAL_NO_AUTH_ACTION_COUNT = 0 if enabled else float("inf")
            ActionAuthenticatorMixin.request_count = 0

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "/")
        if path.startswith("/stand-in/"):
            return control.answer(self, environ).start(start_response)
        if path.startswith("/moto-api"):
            return self.moto(environ, start_response)
        started = time.monotonic()
        request = Request(environ)
        if TEST_CALL in environ:
            return self.ask_moto(request).start(start_response)
        fault = self.faults.take(request)
        answer = self.answer(request, fault)
        milliseconds = (time.monotonic() - started) * 1000
        if answer is None:
            self.log.add(request, None, 0, milliseconds)
            drop_connection(environ)
        self.log.add(request, answer.status, len(answer.body), milliseconds)
        if fault and fault.body:
            return bodies.start(fault.body, answer, start_response, lambda: drop_connection(environ))
        return answer.start(start_response)

    def answer(self, request, fault):
        """The complete response, or None to drop the connection."""
        if fault:
            fault.wait()
            if fault.drop:
                return None
            if fault.status is not None:
                headers = [("Retry-After", str(fault.retry_after))] if fault.retry_after is not None else []
                return answers.error(request, fault.status, fault.code, fault.message, headers=headers)
        if "reachable" in self.patches and (request.service, request.action) in reachable.HANDLERS:
            if self.enforcing:
                refusal = self.refusal_of_moto(request)
                if refusal is not None:
                    return refusal
            known = reachable.answer(request, self.state)
            if known is not None:
                return known
        if request.endpoint is None or "invocations" not in self.patches:
            return self.ask_moto(request)
        if self.enforcing:
            refusal = self.ask_moto(request)
            if refusal.status >= 400:
                return refusal
        return invocations.answer(request, self.model_servers, self.state)

    def refusal_of_moto(self, request):
        """moto's denial of a request; None if the caller is allowed."""
        try:
            answer = self.ask_moto(request)
        except NotImplementedError:
            # moto authorizes an action before it finds out that it does not have it.
            return None
        return answer if answer.status in (401, 403) or b"AccessDenied" in answer.body else None

    def ask_moto(self, request):
        refusal = api_constraints.refusal(request) if "api-constraints" in self.patches else None
        if refusal is not None:
            return refusal
        started = {}

        def start_response(status, headers, _error=None):
            started["status"], started["headers"] = int(status.split()[0]), headers

        with self.state:
            unchecked = self.enforcing and TEST_CALL in request.environ
            if unchecked:
                settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
            try:
                chunks = self.moto(request.environ_to_read_again(), start_response)
                try:
                    body = b"".join(chunks)
                finally:
                    if hasattr(chunks, "close"):
                        chunks.close()
            finally:
                if unchecked:
                    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        answer = answers.Answer(started["status"], started["headers"], body)
        return answers.refusal_in_json(request, answer) if "json-refusals" in self.patches else answer


def drop_connection(environ):
    """Closes the connection without a response. Werkzeug treats the error as a closed client connection."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped by a fault")


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type, message, *args):
        """Prints only errors on standard error; the request log has the requests."""

    def setup(self):
        super().setup()
        # Head and body are written separately: without this, responses on a kept connection can
        # wait 40 ms for the client's ACK.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def listen(application, port):
    server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
    server.daemon_threads = True
    return server
