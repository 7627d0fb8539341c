"""The stand-in's own responses, in the format of the caller's protocol."""

import json
import re
import uuid
from http import HTTPStatus
from xml.sax.saxutils import escape


class Answer:
    """A complete HTTP response."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @classmethod
    def of_json(cls, value, status=200):
        return cls(status, [("Content-Type", "application/json")], json.dumps(value).encode())

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def reason(self):
        return HTTPStatus(self.status).phrase if self.status in HTTPStatus._value2member_map_ else "Unknown"

    def start(self, start_response):
        # The response to HEAD has the length of a body that is not sent.
        length = self.header("Content-Length") if not self.body else ""
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        start_response(f"{self.status} {self.reason}", headers + [("Content-Length", length or str(len(self.body)))])
        return [self.body]


def error(request, status, code, message, extra=None, headers=()):
    """An error in the format of the request's service. `extra` has further members of the error's shape."""
    request_id = str(uuid.uuid4())
    headers = list(headers)
    if request.protocol == "json":
        body = {"__type": code, "message": message, **(extra or {})}
        return Answer(status, headers + [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", request_id)], dump(body))
    if request.protocol == "rest-json":
        headers += [("Content-Type", "application/json"), ("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", code)]
        return Answer(status, headers, dump({"Message": message, **(extra or {})}))
    if request.protocol == "query":
        side = "Sender" if status < 500 else "Receiver"
        body = (
            f'<ErrorResponse xmlns="https://{request.service}.amazonaws.com/doc/"><Error><Type>{side}</Type><Code>{escape(code)}</Code>'
            f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(status, headers + [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)], body.encode())
    body = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message><RequestId>{request_id}</RequestId></Error>"
    body = b"" if request.method == "HEAD" else ('<?xml version="1.0" encoding="UTF-8"?>\n' + body).encode()
    return Answer(status, headers + [("Content-Type", "application/xml"), ("x-amz-request-id", request_id)], body)


def dump(value):
    return json.dumps(value).encode()


# moto's denials are XML for every protocol, with the codes of the Query services.
JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}


def refusal_in_json(request, answer):
    """Converts moto's denial (401 or 403) for a JSON service to JSON; returns other responses unchanged."""
    if request.protocol not in ("json", "rest-json") or answer.status not in (401, 403) or not answer.body.lstrip().startswith(b"<"):
        return answer
    text = answer.body.decode("utf-8", "replace")
    code, message = (re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL) for tag in ("Code", "Message"))
    if not code or not message:
        return answer
    status = 400 if request.protocol == "json" else answer.status
    return error(request, status, JSON_CODES.get(code.group(1), code.group(1)), message.group(1))
