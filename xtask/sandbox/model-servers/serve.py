"""Starts a model server, prints its URL, and stops it when standard input closes: `serve.py mlflow|mms MODEL`.

If the server does not start, prints its output on standard error."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import urllib.error
import urllib.request

# A JVM and three interpreters start slowly on a busy machine.
READY_WITHIN = 540


def main(kind, model):
    port, management = free_ports(2)
    scripts = sysconfig.get_path("scripts")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLFLOW_", "SAGEMAKER_"))}
    environment["PATH"] = os.pathsep.join([scripts, environment.get("PATH", "")])
    environment |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "NO_PROXY": "*"}
    work = tempfile.TemporaryDirectory()
    if kind == "mlflow":
        arguments = ["models", "serve", "--model-uri", model, "--env-manager", "local", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        command = [os.path.join(scripts, "mlflow"), *arguments]
    else:
        environment["PYTHONPATH"] = os.path.join(model, "model", "code")
        # The server writes a file with its process id there, which prevents a second server.
        environment["TMPDIR"] = environment["LOG_LOCATION"] = environment["METRICS_LOCATION"] = work.name
        settings = {
            "inference_address": f"http://127.0.0.1:{port}",
            "management_address": f"http://127.0.0.1:{management}",
            "default_workers_per_model": 1,
            "default_response_timeout": 600,
            # SageMaker's setting: the toolkit decodes requests.
            "decode_input_request": "false",
            "vmargs": "-XX:+UseSerialGC -Xmx128m",
        }
        config = os.path.join(work.name, "config.properties")
        with open(config, "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        command = [os.path.join(scripts, "multi-model-server"), "--start", "--foreground", "--model-store", model, "--mms-config", config, "--models", "model=model"]
    log = os.path.join(work.name, "server.log")
    with open(log, "wb") as output:
        # A separate process group, since workers outlive the server.
        server = subprocess.Popen(
            command, env=environment, cwd=work.name, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    gone = threading.Event()

    def end_with_standard_input():
        # Not `sys.stdin`: its lock would block the interpreter's exit.
        while os.read(0, 4096):
            pass
        gone.set()
        end(server)

    threading.Thread(target=end_with_standard_input, daemon=True).start()
    try:
        problem = wait(f"http://127.0.0.1:{port}/ping", server, gone)
        if problem:
            with open(log, errors="replace") as output:
                sys.exit(f"{output.read()[-4000:]}\n{problem}")
        print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)
        gone.wait()
    finally:
        end(server)
        server.wait()
        work.cleanup()


# UDP sockets with the same port numbers, which reserve the ports among launchers until this one
# ends.
HELD = []


def free_ports(count):
    """Picks ports itself: AWS's server needs ports up to 49151, and the system assigns higher ones."""
    ports = []
    while len(ports) < count:
        port = random.randrange(20000, 32000)
        hold = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            hold.bind(("127.0.0.1", port))
        except OSError:
            hold.close()
            continue
        HELD.append(hold)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.append(port)
    return ports


def wait(url, server, gone):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and not gone.is_set():
        if server.poll() is not None:
            return f"the model server ended with status {server.returncode}"
        try:
            if opener.open(url, timeout=5).status == 200:
                return None
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    return f"the model server did not respond at {url} within {READY_WITHIN} s"


def end(server):
    try:
        os.killpg(server.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
