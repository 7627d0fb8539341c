"""Signatures of AWS KMS over digests."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.exceptions import InvalidSignature
from moto.kms.exceptions import ValidationException
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey, RSAPrivateKey

PURPOSE = "KMS signs and verifies a digest as a digest, and refuses longer messages than 4,096 bytes"

MOST_BYTES = 4096


class Digest(bytes):
    """A message that is a digest already."""


def apply():
    get_param = KmsResponse._get_param

    def get_typed_param(self, name, if_none=None):
        value = get_param(self, name, if_none)
        if name != "Message" or not isinstance(value, bytes):
            return value
        if len(value) > MOST_BYTES:
            limit = f"Member must have length less than or equal to {MOST_BYTES}"
            raise ValidationException(f"1 validation error detected: Value at 'message' failed to satisfy constraint: {limit}")
        return Digest(value) if get_param(self, "MessageType") == "DIGEST" else value

    KmsResponse._get_param = get_typed_param
    patch(RSAPrivateKey, rsa_arguments)
    patch(ECDSAPrivateKey, ecdsa_arguments)


def rsa_arguments(key, algorithm):
    padding, digest = key._RSAPrivateKey__padding_and_hash_algorithm(algorithm)
    return padding, Prehashed(digest)


def ecdsa_arguments(key, algorithm):
    return (ec.ECDSA(Prehashed(key._ECDSAPrivateKey__hash_algorithm(algorithm))),)


def patch(kind, arguments):
    sign, verify = kind.sign, kind.verify

    def sign_typed(self, message, signing_algorithm):
        if not isinstance(message, Digest):
            return sign(self, message, signing_algorithm)
        with_valid_length(signing_algorithm, message)
        return self.private_key.sign(bytes(message), *arguments(self, signing_algorithm))

    def verify_typed(self, message, signature, signing_algorithm):
        if not isinstance(message, Digest):
            return verify(self, message, signature, signing_algorithm)
        with_valid_length(signing_algorithm, message)
        try:
            self.private_key.public_key().verify(signature, bytes(message), *arguments(self, signing_algorithm))
            return True
        except InvalidSignature:
            return False

    kind.sign, kind.verify = sign_typed, verify_typed


def with_valid_length(algorithm, digest):
    if len(digest) * 8 != int(algorithm.rsplit("_", 1)[1]):
        raise ValidationException(f"Digest is invalid length for algorithm {algorithm}.")
