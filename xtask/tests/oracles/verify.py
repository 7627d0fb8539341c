"""Verifies a bundle with securesystemslib: verify.py BUNDLE KEY.pem. Prints the payload."""

import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

bundle = json.loads(pathlib.Path(sys.argv[1]).read_text())
envelope = bundle["dsseEnvelope"]
public_key = load_pem_public_key(pathlib.Path(sys.argv[2]).read_bytes())
scheme = "rsa-pkcs1v15-sha256" if isinstance(public_key, RSAPublicKey) else None
key = SSlibKey.from_crypto(public_key, keyid=envelope["signatures"][0]["keyid"], scheme=scheme)
verified = Envelope.from_dict(envelope)
assert list(verified.verify([key], 1)) == [key.keyid]
sys.stdout.write(verified.payload.decode())
