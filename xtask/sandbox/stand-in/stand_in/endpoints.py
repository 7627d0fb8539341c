"""The tests' scripts for endpoints: statuses, failures, and updates that silently have no effect."""

from stand_in.invalid import Invalid

STATUSES = (
    "OutOfService", "Creating", "Updating", "SystemUpdating", "RollingBack", "InService", "Deleting", "Failed", "UpdateRollbackFailed",
)  # fmt: skip

# Keys are (account, region, endpoint name).
_scripts = {}
_silent_rollbacks = set()
_failures = {}


class Failed(Exception):
    """A stack's creation or update of an endpoint failed."""

    def __init__(self, endpoint, reason):
        super().__init__(reason)
        self.endpoint = endpoint
        self.message = self.reason = reason


class Script:
    """A status to show, always or for a number of descriptions, after which the endpoint is InService."""

    def __init__(self, status, failure_reason=None, in_service_after=None):
        if status not in STATUSES:
            raise Invalid(f"`{status}` is not an endpoint status; valid are {', '.join(STATUSES)}")
        if in_service_after is not None and in_service_after < 1:
            raise Invalid("`in_service_after` counts descriptions from 1")
        self.status = status
        self.failure_reason = failure_reason
        self.descriptions_left = in_service_after


def reset():
    _scripts.clear()
    _silent_rollbacks.clear()
    _failures.clear()


def set_status(key, script):
    """Can be called before the endpoint exists."""
    _scripts[key] = script


def status(key):
    """The scripted status and failure reason; None without a script."""
    script = _scripts.get(key)
    return (script.status, script.failure_reason) if script else None


def describe(key):
    """As `status`, but counts as a description."""
    shown = status(key)
    script = _scripts.get(key)
    if script and script.descriptions_left is not None:
        script.descriptions_left -= 1
        if script.descriptions_left == 0:
            del _scripts[key]
    return shown


def fail_in_stacks(key, reasons):
    """Makes the next creations or updates of the endpoint by a stack fail, each with one of the reasons.
    The second one is that of the rollback of an update."""
    _failures[key] = list(reasons)


def check_failure(key):
    """Raises and consumes the next scripted failure."""
    if _failures.get(key):
        raise Failed(key[2], _failures[key].pop(0))


def roll_back_silently(key):
    """Makes the endpoint's next update end InService with its old configuration."""
    _silent_rollbacks.add(key)


def takes_update(key):
    """Whether an update takes effect. Consumes a silent rollback."""
    if key in _silent_rollbacks:
        _silent_rollbacks.remove(key)
        return False
    return True
