"""Forks a stand-in for each connection to a Unix socket. Importing moto takes two seconds, a fork some milliseconds."""

import json
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile

# The services whose modules and routes are loaded before the first fork: those of most programs.
SERVICES = ("cloudformation", "ecr", "iam", "kms", "organizations", "s3", "sagemaker", "ssm", "sts")


def serve(run):
    """Runs `run(arguments)` in a fork per connection, until standard input closes.

    A connection sends its arguments as a line of JSON. It is then the standard input, output and
    error of its fork.
    """
    preload()
    # Forks are reaped by the kernel.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    folder = tempfile.mkdtemp(prefix="stand-in-")
    try:
        with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
            listener.bind(os.path.join(folder, "fork-server"))
            listener.listen(128)
            print(json.dumps({"socket": listener.getsockname()}), flush=True)
            selector.register(listener, selectors.EVENT_READ)
            selector.register(sys.stdin, selectors.EVENT_READ)
            while sys.stdin not in [key.fileobj for key, _ in selector.select()]:
                connection, _ = listener.accept()
                with connection:
                    if os.fork() == 0:
                        serve_one(listener, connection, run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def preload():
    from moto.backends import get_backend
    from moto.moto_server.werkzeug_app import create_backend_app
    from stand_in import patches, server  # noqa: F401

    for service in SERVICES:
        get_backend(service)
        create_backend_app(service)


def serve_one(listener, connection, run):
    """In the fork. It never returns: what follows in the callers belongs to the server."""
    status = 1
    try:
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in range(3):
            os.dup2(connection.fileno(), descriptor)
        connection.close()
        # moto's own generator of ids; Python's is seeded again by `os.fork`.
        from moto.moto_api._internal import mock_random

        mock_random.seed()
        run(json.loads(sys.stdin.buffer.readline()))
        status = 0
    except SystemExit as error:
        if error.code is not None:
            print(error.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
