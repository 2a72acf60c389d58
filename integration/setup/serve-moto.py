"""Serves moto on a free port of 127.0.0.1, and ends when stdin does.

It says `port N` once it listens. moto_server itself says it in a log that has a line for each
request, and lives on when whoever started it is killed.
"""

import logging
import os
import sys
import threading

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server


def end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server(
    "127.0.0.1",
    0,
    DomainDispatcherApplication(create_backend_app),
    threaded=True,
    request_handler=MotoRequestHandler,
)
print("port", server.port, flush=True)
server.serve_forever()
