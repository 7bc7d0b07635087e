"""What the tests of `serve` share: a trained program, a server of it, and requests."""
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile

TEXT = ("In the beginning God created the heaven and the earth.\nAnd the earth was without form, and void; "
        "and darkness was upon the face of the deep.\n") * 40
# The program counts its sanitizer's messages as a failure of its own.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="exitcode=99", TSAN_OPTIONS="exitcode=99:halt_on_error=1",
                   UBSAN_OPTIONS="print_stacktrace=1")


def train(program, folder, steps=150, text=TEXT, *options):
    data = os.path.join(folder, "text.txt")
    with open(data, "w") as file:
        file.write(text)
    run = os.path.join(folder, "run")
    subprocess.run([program, "train", "--data", data, "--steps", str(steps), "--out", run, "--log",
                    os.path.join(folder, "log.jsonl"), *options], check=True, stdout=subprocess.DEVNULL,
                   env=ENVIRONMENT)
    return run


class Server:
    """A server of `run`; ends it by SIGTERM, which must be quiet and give 0."""

    def __init__(self, program, run, *options, end=True):
        self.end = end
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([program, "serve", "--checkpoint", run, "--port", "0", *options],
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True, env=ENVIRONMENT)
        line = self.process.stdout.readline()
        assert "http://127.0.0.1:" in line, (line, self.said())
        self.port = int(line.split("http://127.0.0.1:")[1].split()[0])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.process.kill()
            self.process.wait()
            print(self.said()[-3000:])
        elif self.end:
            self.leave()

    def leave(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert code == 0, (code, self.said()[-3000:])

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def request(self, method, path, body=None, headers=()):
        """(status, headers, body) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()

    def post(self, path, body, headers=()):
        status, _, text = self.request("POST", path, body, headers)
        return status, json.loads(text)

    def complete(self, **members):
        status, answer = self.post("/v1/completions", members)
        assert status == 200, answer
        return answer

    def events(self, path="/v1/completions", **members):
        """The events of a stream, without the last, which must be [DONE]."""
        status, headers, body = self.request("POST", path, dict(members, stream=True))
        assert status == 200 and headers["Content-Type"] == "text/event-stream", (status, body)
        events = body.decode().split("\n\n")
        assert events[-2:] == ["data: [DONE]", ""], events[-2:]
        assert all(event.startswith("data: ") for event in events[:-1])
        return [json.loads(event[6:]) for event in events[:-2]]

    def metrics(self):
        text = self.request("GET", "/metrics")[2].decode()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in text.splitlines() if not line.startswith("#")}

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)
