"""A service of the lab's demo fleet: a real process with a page, a health check and metrics.

It stands in for the service that it is named after. Standard library only, and as little of it as will do, because it
shall start at once: run it with `python -S -E`.
"""

import os
import signal
import socket
import sys
import time
from _thread import start_new_thread

PAGE = """<!doctype html><meta charset=utf-8><title>{name}</title>
<h1>{name} {version}</h1><p>A demo service of the lab. <a href=health>health</a> <a href=metrics>metrics</a></p>
"""

METRICS = """\
# HELP service_up Whether the service answers.
# TYPE service_up gauge
service_up{{service="{name}"}} 1
# HELP service_build_info The version that runs.
# TYPE service_build_info gauge
service_build_info{{service="{name}",version="{version}"}} 1
# HELP service_requests_total Requests answered since the start.
# TYPE service_requests_total counter
{requests}
# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds {started:.3f}
"""

TEXT = "text/plain; charset=utf-8"
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Service:
    def __init__(self, name, version):
        self.name = name
        self.version = version
        self.started = time.time()
        self.requests = {}

    def respond(self, method, path):
        """Returns status, content type and body."""
        if method not in ("GET", "HEAD"):
            return 405, TEXT, "only GET and HEAD\n"
        if path == "/health":
            return 200, TEXT, "ok\n"
        if path == "/metrics":
            requests = "\n".join(
                f'service_requests_total{{service="{self.name}",code="{code}"}} {count}'
                for code, count in sorted({200: 0, **self.requests}.items())
            )
            return 200, "text/plain; version=0.0.4; charset=utf-8", METRICS.format(
                name=self.name, version=self.version, requests=requests, started=self.started
            )
        if path == "/":
            return 200, "text/html; charset=utf-8", PAGE.format(name=self.name, version=self.version)
        return 404, TEXT, "not found\n"

    def serve(self, connection):
        """Answers one request and closes."""
        try:
            with connection:
                connection.settimeout(10)
                request = b""
                while b"\r\n\r\n" not in request:
                    more = connection.recv(4096)
                    if not more or len(request) > 65536:
                        return
                    request += more
                words = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                method, target = words[:2] if len(words) == 3 else ("", "")
                status, kind, body = self.respond(method, target.split("?", 1)[0]) if target else (400, TEXT, "bad request\n")
                self.requests[status] = self.requests.get(status, 0) + 1
                body = body.encode()
                head = (
                    f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                )
                connection.sendall(head.encode() + (b"" if method == "HEAD" else body))
        except OSError:
            pass  # the other side is gone


def options(arguments):
    known = {"--name": "demo", "--address": "127.0.0.1", "--port": "0", "--version": "0", "--pid-file": ""}
    for flag, value in zip(arguments[::2], arguments[1::2]):
        if flag not in known:
            sys.exit(f"unknown option {flag}; known: {', '.join(known)}")
        known[flag] = value
    return {flag.lstrip("-").replace("-", "_"): value for flag, value in known.items()}


def stop(_signal, _frame):
    raise SystemExit(0)


def forget(pid_file):
    """Removes the file, unless a successor has written its own by now."""
    try:
        with open(pid_file) as file:
            ours = file.read().strip() == str(os.getpid())
        if ours:
            os.remove(pid_file)
    except OSError:
        pass  # there is none


def main():
    given = options(sys.argv[1:])
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    service = Service(given["name"], given["version"])
    pid_file = given["pid_file"]
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((given["address"], int(given["port"])))
        listener.listen(64)
        port = listener.getsockname()[1]
        try:
            # The file appears once the service answers, and in one piece.
            if pid_file:
                with open(pid_file + ".new", "w") as file:
                    file.write(f"{os.getpid()}\n")
                os.replace(pid_file + ".new", pid_file)
            print(f"{service.name} {service.version} answers on port {port}", flush=True)
            while True:
                connection, _ = listener.accept()
                start_new_thread(service.serve, (connection,))
        finally:
            forget(pid_file)
            print(f"{service.name} stops", flush=True)


if __name__ == "__main__":
    main()
