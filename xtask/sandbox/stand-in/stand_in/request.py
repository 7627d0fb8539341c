"""Reads a request's service, action, account and region."""

import re
from hashlib import sha256
from urllib.parse import parse_qs, unquote_plus

from moto.iam.models import get_account_id_from

from stand_in import bodies

INVOCATION = re.compile(r"^/endpoints/([^/]+)/(async-)?invocations$")
PROGRAM = re.compile(r"\bapp/([^\s]+)")
CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/]*)/([^/]*)/aws4_request")


class Request:
    """One request to AWS with its whole body. `protocol` is json, query, rest-xml or rest-json."""

    def __init__(self, environ):
        self.environ = environ
        self.method = environ["REQUEST_METHOD"]
        self.path = environ.get("PATH_INFO", "/")
        self.body = bodies.without_token(read_body(environ))
        credential = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
        self.access_key, self.region, scope = credential.groups() if credential else ("", "us-east-1", "")
        invocation = INVOCATION.match(self.path)
        self.endpoint = invocation.group(1) if invocation else None
        self.asynchronous = bool(invocation and invocation.group(2))
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        content_type = environ.get("CONTENT_TYPE", "")
        if self.endpoint is not None:
            action = "InvokeEndpointAsync" if self.asynchronous else "InvokeEndpoint"
            self.service, self.action, self.protocol = "sagemaker-runtime", action, "rest-json"
        elif target:
            self.service, self.action, self.protocol = scope, target.rpartition(".")[2], "json"
        elif content_type.startswith("application/x-www-form-urlencoded") or "Action=" in environ.get("QUERY_STRING", ""):
            self.service, self.action, self.protocol = scope, self._query_action(), "query"
        else:
            self.service, self.protocol = scope or "s3", "rest-xml"
            self.action = s3_action(self.method, self.path, environ.get("QUERY_STRING", ""))
        # The program's name (AWS_SDK_UA_APP_ID), as the SDKs send it.
        program = PROGRAM.search(environ.get("HTTP_X_AMZ_USER_AGENT", "")) or PROGRAM.search(environ.get("HTTP_USER_AGENT", ""))
        self.program = program.group(1) if program else None
        content = (self.method, self.path, environ.get("QUERY_STRING", ""), self.body.decode("utf-8", "replace"))
        self.digest = sha256("\n".join(content).encode()).hexdigest()[:16]
        self.account = environ.get("HTTP_X_MOTO_ACCOUNT_ID") or get_account_id_from(self.access_key)

    def _query_action(self):
        for text in (self.body.decode("utf-8", "replace"), self.environ.get("QUERY_STRING", "")):
            action = parse_qs(text).get("Action")
            if action:
                return action[0]
        return ""

    def contains(self, text):
        """Whether the body, path or query contains this text, as sent or percent-decoded."""
        body = self.body.decode("utf-8", "replace")
        whole = "\n".join((self.path, self.environ.get("QUERY_STRING", ""), body))
        return text in whole or text in unquote_plus(whole)

    def environ_to_read_again(self):
        """The WSGI environment with the body restored."""
        from io import BytesIO

        return {**self.environ, "wsgi.input": BytesIO(self.body), "CONTENT_LENGTH": str(len(self.body)), "wsgi.input_terminated": True}


def read_body(environ):
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return source.read()
    length = environ.get("CONTENT_LENGTH") or "0"
    return source.read(int(length)) if length.isdigit() else b""


def s3_action(method, path, query):
    """The name of the S3 operation, approximately, for the log and faults."""
    is_object = path.strip("/").find("/") > 0
    keys = parse_qs(query, keep_blank_values=True)
    if "uploads" in keys:
        return "CreateMultipartUpload" if method == "POST" else "ListMultipartUploads"
    if "uploadId" in keys:
        return {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}.get(method, "ListParts")
    verb = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}.get(method, method.title())
    if is_object:
        return verb + "Object"
    if not path.strip("/"):
        return "ListBuckets"
    return {"GET": "ListObjects", "PUT": "CreateBucket"}.get(method, verb + "Bucket")
