"""Validates the JSON that tests send to the control routes."""

import re


class Invalid(Exception):
    """The body of a request to a control route is invalid."""


def fields(body, required=None, optional=None):
    """The fields of an object with checked types and no unknown names. A null counts as missing."""
    required, optional = required or {}, optional or {}
    known = {**required, **optional}
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object")
    values = {name: value for name, value in body.items() if value is not None}
    for name, value in values.items():
        if name not in known:
            raise Invalid(f"unknown field `{name}`; known are {', '.join(sorted(known))}")
        # True is an int in Python, but invalid here.
        if not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] is not bool):
            raise Invalid(f"`{name}` must be a {known[name].__name__}")
    missing = [name for name in required if name not in values]
    if missing:
        raise Invalid(f"missing: {', '.join(missing)}")
    return values


def account_id(text):
    if not re.fullmatch(r"[0-9]{12}", text):
        raise Invalid(f"`{text}` is not an account id of 12 digits")
    return text
