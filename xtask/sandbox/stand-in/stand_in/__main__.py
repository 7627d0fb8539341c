"""The launcher: serves on 127.0.0.1, says where on standard output, and ends when its standard input closes."""

import argparse
import json
import logging
import os
import sys
import threading


def arguments():
    parser = argparse.ArgumentParser(prog="stand_in", description="A local AWS on 127.0.0.1. Ends when standard input closes.")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free port")
    parser.add_argument("--unpatched", action="store_true", help="plain moto: its gaps as they are")
    parser.add_argument("--patches", metavar="A,B", help="only these patches; --list-patches names them")
    parser.add_argument("--list-patches", action="store_true", help="print the patches with what each mends, and end")
    parser.add_argument("--model-server", metavar="URL", help="where invocations of existing endpoints go")
    parser.add_argument("--log-file", metavar="FILE", help="append each request to this file, as a line of JSON")
    parser.add_argument("--enforce-iam", action="store_true", help="check signatures and identity policies")
    return parser.parse_args()


def keep_to_ourselves():
    """Nothing of the caller's AWS set-up may change what the stand-in does, and nothing may leave this machine."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_")) or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            del os.environ[name]
    os.environ["NO_PROXY"] = "*"


def end_with_standard_input(server):
    while sys.stdin.buffer.read(4096):
        pass
    server.shutdown()


def main():
    options = arguments()
    keep_to_ourselves()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # moto is imported here and not above, so that `--help` answers at once and the environment is clean by then.
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
