"""lsp.py SERVER FILE...: speaks the Language Server Protocol to sinter-lsp-server, as an editor does: opens each file,
and prints what it is told: diagnostics, hovers over //^ marks, definitions, and symbols of the outline.

A comment line `// ^hover` or `// ^definition` asks about the place above its ^.
"""
import json
import pathlib
import subprocess
import sys


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.number = 0
        self.notes = []

    def send(self, method, parameters, number=None):
        message = {"jsonrpc": "2.0", "method": method, "params": parameters}
        if number is not None:
            message["id"] = number
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, "the server has ended"
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, parameters):
        self.number += 1
        self.send(method, parameters, self.number)
        while (answer := self.receive()).get("id") != self.number:
            self.notes.append(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def notice(self, method):
        """The next notification of this kind."""
        while True:
            for note in self.notes:
                if note.get("method") == method:
                    self.notes.remove(note)
                    return note["params"]
            self.notes.append(self.receive())


def main(program, paths):
    server = Server(program)
    capabilities = server.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})["capabilities"]
    print("hover", capabilities["hoverProvider"], "definition", capabilities["definitionProvider"])
    server.send("initialized", {})
    for path in map(pathlib.Path, paths):
        uri, text = path.resolve().as_uri(), path.read_text()
        server.send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "mlir", "version": 1,
                                                              "text": text}})
        diagnostics = server.notice("textDocument/publishDiagnostics")["diagnostics"]
        print(f"{path.name}: {len(diagnostics)} diagnostics")
        for one in diagnostics:
            start = one["range"]["start"]
            print(f"{path.name}:{start['line'] + 1}:{start['character'] + 1}: {one['message']}")
        for number, line in enumerate(text.splitlines()):
            if not line.lstrip().startswith("//") or "^" not in line:
                continue
            place = {"textDocument": {"uri": uri}, "position": {"line": number - 1, "character": line.index("^")}}
            if "^hover" in line:
                print(f"hover {number}:", json.dumps(server.ask("textDocument/hover", place)["contents"]["value"]))
            if "^definition" in line:
                found = server.ask("textDocument/definition", place)
                print(f"definition {number}:", [one["range"]["start"]["line"] + 1 for one in found])
        symbols = server.ask("textDocument/documentSymbol", {"textDocument": {"uri": uri}}) or []
        print("outline:", [symbol["name"] for symbol in symbols])
    server.ask("shutdown", None)
    server.send("exit", None)
    print("ended with", server.process.wait(10))


main(sys.argv[1], sys.argv[2:])
