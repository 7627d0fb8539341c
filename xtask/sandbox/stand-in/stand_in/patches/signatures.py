"""Signatures of form requests."""

from io import BytesIO

from flask import request
from moto.iam.access_control import IAMRequestBase

PURPOSE = "a form request is checked against the bytes that were sent, not against the form written anew"


def of_the_bytes_sent(create_aws_request):
    def created(self):
        # The form is read by now. Written again, its spaces and tildes are encoded otherwise than many clients do.
        sent = request.environ.get("wsgi.input")
        if not self._body and isinstance(sent, BytesIO):
            self._body = sent.getvalue()
        return create_aws_request(self)

    return created


def apply():
    IAMRequestBase._create_aws_request = of_the_bytes_sent(IAMRequestBase._create_aws_request)
