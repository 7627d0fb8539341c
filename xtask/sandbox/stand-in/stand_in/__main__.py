"""The launcher: serves on 127.0.0.1, prints the URL, and ends when standard input closes."""

import argparse
import json
import logging
import os
import sys
import threading


def parse(arguments):
    parser = argparse.ArgumentParser(prog="stand_in", description="A local AWS on 127.0.0.1. Ends when standard input closes.")
    parser.add_argument("--port", type=int, default=0, help="use this port; 0, the default, uses a free one")
    parser.add_argument("--unpatched", action="store_true", help="run plain moto without patches")
    parser.add_argument("--patches", metavar="A,B", help="apply only these patches; --list-patches shows them")
    parser.add_argument("--list-patches", action="store_true", help="print the patches and their purposes, and exit")
    parser.add_argument("--model-server", metavar="URL", help="send invocations of endpoints to this URL")
    parser.add_argument("--log-file", metavar="FILE", help="append each request to this file, as a line of JSON")
    parser.add_argument("--enforce-iam", action="store_true", help="check signatures and identity policies")
    parser.add_argument("--fork-server", action="store_true", help="fork a local AWS for each connection to a Unix socket")
    return parser.parse_args(arguments)


def isolate():
    """Removes the caller's AWS and proxy variables, so that nothing changes the stand-in or leaves this machine."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_")) or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            del os.environ[name]
    os.environ["NO_PROXY"] = "*"


def end_with_standard_input(server):
    while sys.stdin.buffer.read(4096):
        pass
    server.shutdown()


def main(arguments=None):
    options = parse(arguments)
    isolate()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    if options.fork_server:
        from stand_in import fork_server

        fork_server.serve(main)
        return
    # Imports moto here, so that `--help` is fast and the environment is already clean.
    from stand_in import patches, server

    if options.list_patches:
        for name, purpose in patches.catalogue():
            print(f"{name}: {purpose}")
        return
    chosen = patches.choose(options.unpatched, options.patches)
    application = server.Application(
        patches=chosen, model_server=options.model_server, log_file=options.log_file, enforce_iam=options.enforce_iam
    )
    http_server = server.listen(application, options.port)
    threading.Thread(target=end_with_standard_input, args=(http_server,), daemon=True).start()
    ready = {"url": f"http://127.0.0.1:{http_server.server_port}", "pid": os.getpid(), "patches": chosen}
    print(json.dumps(ready), flush=True)
    http_server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
