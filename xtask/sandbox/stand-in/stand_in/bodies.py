"""Bodies that are not what AWS sends, made from the body that it would have sent."""

import json
import re

# The end of an endless body: a client that reads on needs this much memory.
ENDLESS = 1 << 30
CHUNK = b" " * (1 << 16)
# The token of an empty page. The request for the next page gets the first one.
TOKEN = "stand-in-next-page"
LISTS = re.compile(rb"<(\w+)>\s*<member>.*</member>\s*</\1>", re.DOTALL)


def half(answer, drop):
    """The first half, and then a closed connection."""
    yield answer.body[: len(answer.body) // 2]
    drop()


def malformed(answer, _drop):
    """The first half, as if it were complete."""
    yield answer.body[: len(answer.body) // 2] or b"{"


def empty(_answer, _drop):
    yield b""


def endless(answer, drop):
    """The first half, and then spaces."""
    yield answer.body[: len(answer.body) // 2]
    for _ in range(ENDLESS // len(CHUNK)):
        yield CHUNK
    drop()


def empty_page(answer, _drop):
    """An empty list, and the token of the next page. SageMaker and CloudFormation may send one."""
    if answer.body.lstrip().startswith(b"{"):
        value = json.loads(answer.body)
        page = {name: [] if isinstance(member, list) else member for name, member in value.items()}
        yield json.dumps({**page, "NextToken": TOKEN}).encode()
    else:
        page = LISTS.sub(rb"<\1/>", re.sub(rb"<NextToken>.*?</NextToken>", b"", answer.body))
        yield re.sub(rb"(</\w+Result>)", b"<NextToken>" + TOKEN.encode() + rb"</NextToken>\1", page, count=1)


BODIES = {"half": half, "malformed": malformed, "empty": empty, "endless": endless, "empty-page": empty_page}


def start(name, answer, start_response, drop):
    """Sends the answer with the named body. Its length is that of the whole body for `half`, and unknown for `endless`."""
    chunks = BODIES[name](answer, drop)
    headers = [(key, value) for key, value in answer.headers if key.lower() != "content-length"]
    if name == "half":
        headers.append(("Content-Length", str(len(answer.body))))
    elif name != "endless":
        body = b"".join(chunks)
        headers.append(("Content-Length", str(len(body))))
        chunks = [body]
    start_response(f"{answer.status} {answer.reason}", headers)
    return chunks


def without_token(body):
    """A request for the page after an empty one, as a request for the first page."""
    if TOKEN.encode() not in body:
        return body
    if body.lstrip().startswith(b"{"):
        value = json.loads(body)
        return json.dumps({name: member for name, member in value.items() if member != TOKEN}).encode()
    return re.sub(rb"&?NextToken=" + TOKEN.encode(), b"", body)
