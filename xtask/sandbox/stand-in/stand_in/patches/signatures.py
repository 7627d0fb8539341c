"""Signatures of form requests."""

from io import BytesIO

from flask import request
from moto.iam.access_control import IAMRequestBase

PURPOSE = "the signature of a form request is checked against the sent bytes, not against the encoded form"


def of_the_bytes_sent(create_aws_request):
    def created(self):
        # The form is already parsed. Encoding it again can encode spaces and tildes differently
        # than the client.
        sent = request.environ.get("wsgi.input")
        if not self._body and isinstance(sent, BytesIO):
            self._body = sent.getvalue()
        return create_aws_request(self)

    return created


def apply():
    IAMRequestBase._create_aws_request = of_the_bytes_sent(IAMRequestBase._create_aws_request)
