"""Forwards endpoint invocations to a model server and returns responses as SageMaker does."""

import http.client
import json
import threading
import uuid
from urllib.parse import urlsplit

from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends

from stand_in import endpoints
from stand_in.answers import Answer, error
from stand_in.invalid import Invalid

# SageMaker's timeout for a container's response is 60 seconds.
TIMEOUT_SECONDS = 60
FORWARDED = {
    "CONTENT_TYPE": "Content-Type",
    "HTTP_ACCEPT": "Accept",
    "HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES": "X-Amzn-SageMaker-Custom-Attributes",
}
UPDATABLE = ("InService", "Updating", "SystemUpdating", "RollingBack")

# InvokeEndpointAsync has its own headers for the payload.
FORWARDED_FROM_QUEUE = {
    "HTTP_X_AMZN_SAGEMAKER_CONTENT_TYPE": "Content-Type",
    "HTTP_X_AMZN_SAGEMAKER_ACCEPT": "Accept",
    "HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES": "X-Amzn-SageMaker-Custom-Attributes",
}


class ModelServers:
    """The model servers of endpoints; the most specific entry wins."""

    def __init__(self, url):
        self._lock = threading.Lock()
        self._first = url
        self.reset()

    def reset(self):
        """Restores the server of the command line, if there is one."""
        with self._lock:
            self._urls = {}
        if self._first:
            self.set(self._first)

    def set(self, url, account=None, region=None, endpoint=None):
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise Invalid(f"`{url}` is not an http URL on this machine")
        with self._lock:
            self._urls[(account, region, endpoint)] = url.rstrip("/")

    def of(self, account, region, endpoint):
        with self._lock:
            candidates = [
                (sum(part is not None for part in key), url)
                for key, url in self._urls.items()
                if all(part is None or part == value for part, value in zip(key, (account, region, endpoint)))
            ]
        return max(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def answer(request, model_servers, state):
    key = (request.account, request.region, request.endpoint)
    with state:
        backend = sagemaker_backends[request.account][request.region]
        endpoint = backend.endpoints.get(request.endpoint)
        scripted = endpoints.status(key)
        config = backend.endpoint_configs.get(endpoint.endpoint_config_name) if endpoint else None
        output = ((config and config.async_inference_config) or {}).get("OutputConfig")
        variants = [variant["VariantName"] for variant in endpoint.production_variants] if endpoint else []
    if endpoint is None:
        return error(request, 400, "ValidationError", f"Endpoint {request.endpoint} of account {request.account} not found.")
    if request.asynchronous != bool(output):
        kind = "asynchronous" if output else "not asynchronous"
        message = f"Endpoint {request.endpoint} of account {request.account} does not support this inference type: it is {kind}."
        return error(request, 400, "ValidationError", message)
    status = scripted[0] if scripted else "InService"
    if status not in UPDATABLE:
        message = f"Endpoint {request.endpoint} of account {request.account} is not InService: its status is {status}."
        return error(request, 400, "ValidationError", message)
    variant = request.environ.get("HTTP_X_AMZN_SAGEMAKER_TARGET_VARIANT") or variants[0]
    if variant not in variants:
        return error(request, 400, "ValidationError", f"Variant {variant} not found in endpoint {request.endpoint}.")
    url = model_servers.of(*key)
    if url is None:
        message = "the stand-in has no model server for this endpoint: start it with --model-server, or POST /stand-in/model-server"
        return error(request, 503, "ServiceUnavailable", message)
    if request.asynchronous:
        return enqueue(request, url, variant, output, state)
    return forward(request, url, variant)


def enqueue(request, url, variant, output, state):
    """Invokes the model before it returns the inference id: there is no real queue."""
    ticket = str(uuid.uuid4())
    response = forward(request, url, variant)
    locations = {
        name: f"{output[key].rstrip('/')}/{ticket}.out"
        for name, key in (("OutputLocation", "S3OutputPath"), ("FailureLocation", "S3FailurePath"))
        if output.get(key)
    }
    where = locations.get("OutputLocation" if response.status < 400 else "FailureLocation")
    if where:
        bucket, _, key = where.removeprefix("s3://").partition("/")
        # moto's bucket names are shared by all accounts.
        with state:
            stored = s3_backends[request.account]["aws"].put_object(bucket, key, response.body)
            stored.set_metadata({"Content-Type": response.header("Content-Type")})
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", str(uuid.uuid4()))]
    headers += [(f"X-Amzn-SageMaker-{name}", location) for name, location in locations.items()]
    return Answer(202, headers, json.dumps({"InferenceId": ticket}).encode())


def forward(request, url, variant):
    parts = urlsplit(url)
    forwarded = FORWARDED_FROM_QUEUE if request.asynchronous else FORWARDED
    headers = {name: request.environ[key] for key, name in forwarded.items() if request.environ.get(key)}
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", parts.path + "/invocations", body=request.body, headers=headers)
        reply = connection.getresponse()
        body = reply.read()
    except TimeoutError:
        waited = "Your invocation timed out while waiting for a response from container primary."
        return model_error(request, variant, 0, waited)
    except (OSError, http.client.HTTPException) as problem:
        return error(request, 503, "ServiceUnavailable", f"the model server at {url} cannot be reached: {problem}")
    finally:
        connection.close()
    if reply.status >= 400:
        return model_error(request, variant, reply.status, body.decode("utf-8", "replace"))
    relayed = [
        ("Content-Type", reply.getheader("Content-Type") or "application/octet-stream"),
        ("x-Amzn-Invoked-Production-Variant", variant),
        ("x-amzn-RequestId", str(uuid.uuid4())),
    ]
    attributes = reply.getheader("X-Amzn-SageMaker-Custom-Attributes")
    if attributes:
        relayed.append(("X-Amzn-SageMaker-Custom-Attributes", attributes))
    return Answer(200, relayed, body)


def model_error(request, variant, status, message):
    side = "client" if 400 <= status < 500 else "server"
    group = f"/aws/sagemaker/Endpoints/{request.endpoint}"
    stream = f"arn:aws:logs:{request.region}:{request.account}:log-group:{group}:log-stream:{variant}"
    console = f"https://{request.region}.console.aws.amazon.com/cloudwatch/home?region={request.region}#logEventViewer:group={group}"
    members = {
        "OriginalStatusCode": status,
        "OriginalMessage": message,
        "LogStreamArn": stream,
        "ErrorCode": f"{side.upper()}_ERROR_FROM_MODEL",
    }
    text = f'Received {side} error ({status}) from primary with message "{message}". See {console} in account {request.account} for more information.'
    return error(request, 424, "ModelError", text, members)
