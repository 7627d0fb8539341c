"""What tests have scripted for endpoints: statuses to show, and updates that silently come to nothing."""

from stand_in.invalid import Invalid

STATUSES = (
    "OutOfService", "Creating", "Updating", "SystemUpdating", "RollingBack", "InService", "Deleting", "Failed", "UpdateRollbackFailed",
)  # fmt: skip

# Keys are (account, region, endpoint name).
_scripts = {}
_silent_rollbacks = set()


class Script:
    """A status to show, for ever or for so many descriptions; then the endpoint is InService."""

    def __init__(self, status, failure_reason=None, in_service_after=None):
        if status not in STATUSES:
            raise Invalid(f"`{status}` is not a status of an endpoint; there are {', '.join(STATUSES)}")
        if in_service_after is not None and in_service_after < 1:
            raise Invalid("`in_service_after` counts descriptions from 1")
        self.status = status
        self.failure_reason = failure_reason
        self.descriptions_left = in_service_after


def reset():
    _scripts.clear()
    _silent_rollbacks.clear()


def set_status(key, script):
    """May come before the endpoint exists."""
    _scripts[key] = script


def status(key):
    """Status and failure reason as scripted; None for an endpoint without a script."""
    script = _scripts.get(key)
    return (script.status, script.failure_reason) if script else None


def describe(key):
    """As `status`, and counts as a description."""
    shown = status(key)
    script = _scripts.get(key)
    if script and script.descriptions_left is not None:
        script.descriptions_left -= 1
        if script.descriptions_left == 0:
            del _scripts[key]
    return shown


def roll_back_silently(key):
    """The endpoint's next update ends InService with the configuration it had."""
    _silent_rollbacks.add(key)


def takes_update(key):
    """Whether an update takes effect. A silent rollback is used up by it."""
    if key in _silent_rollbacks:
        _silent_rollbacks.remove(key)
        return False
    return True
