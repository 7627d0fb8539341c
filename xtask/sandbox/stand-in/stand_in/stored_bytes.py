"""The bytes of images and model artifacts that model packages name: digests, ETags and checksums.

Every artifact has a content, made from its key until a test overwrites it, so copies in other regions
are the same. Every tag means a digest, made from the image's name until a test moves the tag.
"""

import base64
import hashlib

from moto.s3.models import s3_backends

_contents = {}
_tags = {}


def reset():
    _contents.clear()
    _tags.clear()


def overwrite(uri, content):
    _contents[uri] = content.encode()


def move_tag(image, digest):
    _tags[image] = digest


def digest(image):
    """The digest that an image's name means now: its own, or that of its tag."""
    name, _, own = image.partition("@")
    if own:
        return own
    name = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    return _tags.get(name) or "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def resolved(image):
    """The image's name with its digest and without its tag."""
    name = image.partition("@")[0]
    path, slash, last = name.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}@{digest(image)}"


def headers(uri, with_checksum):
    """S3's headers of an artifact, in a bucket without versions."""
    content = _contents.get(uri, uri.split("/", 3)[-1].encode())
    found = [("ETag", f'"{hashlib.md5(content).hexdigest()}"'), ("Content-Length", str(len(content)))]
    if with_checksum:
        found.append(("x-amz-checksum-sha256", base64.b64encode(hashlib.sha256(content).digest()).decode()))
    return found


def stored_object(uri):
    """The real object of an artifact in moto, or None; and whether its bucket exists."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    for account in list(s3_backends.values()):
        for backend in list(account.values()):
            if bucket in backend.buckets:
                return backend.buckets[bucket].keys.get(key), True
    return None, False


def etag(uri):
    """The ETag of an object, without quotes; None if it does not exist."""
    stored, has_bucket = stored_object(uri)
    if has_bucket:
        return stored.etag.strip('"') if stored else None
    return dict(headers(uri, False))["ETag"].strip('"')


def with_etags(containers):
    """A package's containers with the ETags of their objects, as SageMaker adds them."""
    result = []
    for container in containers:
        container = dict(container)
        found = etag(container["ModelDataUrl"]) if container.get("ModelDataUrl") else None
        if found and "ModelDataETag" not in container:
            container["ModelDataETag"] = found
        result.append(container)
    return result
