"""SHA-256 checksums of S3 objects."""

from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response
from moto.s3.utils import compute_checksum

PURPOSE = "S3 refuses an upload with a wrong SHA-256, and returns the checksum of an object's parts with their number"

HEADER = "x-amz-checksum-sha256"


class BadDigest(S3ClientError):
    code = "BadDigest"

    def __init__(self):
        super().__init__("The SHA256 you specified did not match the calculated checksum.")


def checked(get_checksum):
    def checked_checksum(self, response_headers):
        sent = self.headers.get(HEADER)
        if sent is None:
            return get_checksum(self, response_headers)
        if sent != compute_checksum(self.body or b"", "SHA256").decode():
            raise BadDigest
        response_headers[HEADER] = sent
        return "SHA256", sent

    return checked_checksum


def qualified(key):
    """The checksum of an object in S3's format."""
    return f"{key.checksum_value}-{key.checksum_parts}" if key.checksum_type == "COMPOSITE" else key.checksum_value


def with_parts(head):
    def headed(self, bucket_name, query, key_name, headers):
        status, returned, body = head(self, bucket_name, query, key_name, headers)
        if HEADER in returned:
            key = self.backend.head_object(bucket_name, key_name, version_id=query.get("versionId", [None])[0])
            returned[HEADER] = qualified(key)
            returned["x-amz-checksum-type"] = key.checksum_type or "FULL_OBJECT"
        return status, returned, body

    return headed


def with_checksum(serialize):
    def serialized(self, action_result):
        if self.data.get("Action") != "CompleteMultipartUpload" or not isinstance(action_result.result, dict):
            return serialize(self, action_result)
        key = self.backend.get_object(self.bucket_name, action_result.result["Key"])
        if key.checksum_algorithm == "SHA256":
            action_result.result.update({"ChecksumSHA256": qualified(key), "ChecksumType": key.checksum_type})
        status, headers, body = serialize(self, action_result)
        # AWS's name of the element, which the AWS SDK for Rust expects.
        return status, headers, body.replace("CompleteMultipartUploadResponse", "CompleteMultipartUploadResult")

    return serialized


def apply():
    S3Response._get_checksum = checked(S3Response._get_checksum)
    S3Response.head_object = with_parts(S3Response.head_object)
    S3Response.serialized = with_checksum(S3Response.serialized)
