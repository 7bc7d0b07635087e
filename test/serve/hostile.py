#!/usr/bin/env python3
"""hostile.py MOCK_SERVE COUNT [SEED]: requests that are malformed, huge, slow, or given up, from 24 threads at once.

Every one gets a response of HTTP or a closed connection. In between the server answers what is well-formed, to the same
bits; in the end it has no texts left, about the memory that it had, and leaves with 0.
"""
import contextlib
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time

from server import Server, train

CHATS = {"user": "{content}\n", "assistant": "{content}."}
GOOD = {"prompt": "And God", "max_tokens": 16, "temperature": 0}
NAMES = ["prompt", "max_tokens", "temperature", "top_p", "n", "stream", "logprobs", "echo", "stop", "seed",
         "presence_penalty", "frequency_penalty", "logit_bias", "model", "suffix", "best_of", "stream_options", "user",
         "top_k", "min_p", "repeat_penalty", "repeat_window", "ignore_eos", "return_token_ids", "nix", "", "\0",
         "messages", "role", "content", "type", "text", "max_completion_tokens", "top_logprobs", "tools"]
PATHS = ["/", "/health", "/metrics", "/card", "/v1/models", "/v1/models/x", "/v1/completions", "/tokenize",
         "/detokenize", "/v1/chat/completions", "/../etc/passwd", "/%00", "*",
         "/" + "x" * 3000, "//", "/v1/completions?"]
HEADERS = [b"Transfer-Encoding: chunked", b"Content-Length: -1", b"Content-Length: 99999999999999999999",
           b"Content-Length: 5, 6", b"Expect: 100-continue", b"Connection: close", b"Connection: upgrade, \xff",
           b"Host: \x00", b"no colon", b": empty", b" folded: x", b"Authorization: Bearer " + b"x" * 500,
           b"Origin: null", b"Origin: http://evil.example", b"Content-Encoding: gzip", b"Upgrade: websocket"]


def value(rng, depth=0):
    """Any JSON, and what only looks like it."""
    kind = rng.randrange(14)
    if kind == 0:
        return rng.choice(["null", "true", "false", "NaN", "Infinity", "-Infinity", "undefined", "nul", ""])
    if kind <= 3:
        return rng.choice(["0", "-0", "1", "-1", "0.5", "1e308", "1e999", "-1e999", "1e-999", "2147483648", "1.0",
                           "9223372036854775808", "18446744073709551616", "00", ".5", "1e", "0x10", "9" * 400])
    if kind <= 6:
        return rng.choice(['""', '"a"', '"And God"', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"é日🙂"', '"\\x"',
                           '"' + "a" * rng.randrange(3000) + '"', '"unfinished', "'a'"])
    if kind <= 8 and depth < 5:
        return "[" + ",".join(value(rng, depth + 1) for _ in range(rng.randrange(5))) + rng.choice(["]", "]", ",]", ""])
    if kind <= 10 and depth < 5:
        return "{" + ",".join(f"{json.dumps(rng.choice(NAMES))}:{value(rng, depth + 1)}"
                              for _ in range(rng.randrange(5))) + rng.choice(["}", "}", ",}", ""])
    if kind == 11:
        open_, close = rng.choice(["[]", ("{\"a\":", "}")])
        deep = rng.choice([31, 33, 1000, 20000])
        return open_ * deep + "1" + close * rng.choice([deep, 0])
    if kind == 12:
        return "[" + ",".join(str(rng.randrange(-3, 100)) for _ in range(rng.randrange(200))) + "]"
    return str(rng.randrange(-2, 70))


def body(rng):
    kind = rng.randrange(10)
    if kind == 0:
        return rng.randbytes(rng.randrange(300))
    if kind == 1: # a good one with damage
        text = bytearray(json.dumps(GOOD).encode())
        for _ in range(rng.randrange(1, 4)):
            text[rng.randrange(len(text))] = rng.randrange(256)
        return bytes(text)
    if kind == 2:
        return b"[" + b"1," * rng.choice([10, 1000, 150000]) + b"1]"
    if kind == 3:
        return value(rng).encode()
    members = {name: value(rng) for name in rng.sample(NAMES, rng.randrange(1, 5))}
    if kind == 4:
        roles = ['"user"'] * 4 + ['"assistant"', '"system"', value(rng)]
        contents = ['"God"', '"a"', '""', '[{"type":"text","text":"a"}]', value(rng)]
        members["messages"] = "[" + ",".join(f'{{"role":{rng.choice(roles)},"content":{rng.choice(contents)}}}'
                                             for _ in range(rng.randrange(4))) + "]"
    if rng.random() < 0.7:
        members["max_tokens"] = str(rng.randrange(30))
    return ("{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in members.items()) + "}").encode()


def request(rng):
    """The bytes of one, and whether they are sent slowly."""
    kind = rng.randrange(12)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 2000))
    if kind == 1: # floods of headers
        return b"GET /health HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * rng.randrange(200))
                                                      for i in range(rng.choice([10, 300, 3000]))) + b"\r\n"
    if kind == 2:
        return b"GET /" + b"a" * rng.choice([100, 20000, 200000]) + b" HTTP/1.1\r\n\r\n"
    content = body(rng)
    method = rng.choice(["POST"] * 8 + ["GET", "HEAD", "PUT", "OPTIONS", "CONNECT", "post", "BREW"])
    usual = "/v1/chat/completions" if b'"messages"' in content else "/v1/completions"
    path = rng.choice([usual] * 10 + ["/tokenize"] * 2 + ["/detokenize"] * 2 + PATHS)
    version = rng.choice(["HTTP/1.1"] * 12 + ["HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "FTP/1.1", ""])
    lines = [f"{method} {path} {version}".encode(), b"Host: x"]
    if rng.random() < 0.9:
        lines.append(b"Content-Length: %d" % (len(content) + rng.choice([0] * 12 + [-1, 1, 1000])))
    if rng.random() < 0.15:
        lines.append(rng.choice(HEADERS))
    return b"\r\n".join(lines) + b"\r\n\r\n" + content


def send(server, rng, problems):
    with contextlib.closing(server.connect()) as client:
        client.settimeout(60)
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            text = request(rng)
            how = rng.randrange(12)
            if how == 0 and len(text) < 400: # byte by byte
                for i in range(len(text)):
                    client.sendall(text[i:i + 1])
            elif how == 1: # given up in the middle
                client.sendall(text[:rng.randrange(len(text))])
                return
            elif how == 2: # a stream that nobody reads to its end
                stream = json.dumps(dict(GOOD, stream=True, max_tokens=rng.choice([5, 4096]), n=rng.randrange(1, 4)))
                client.sendall(b"POST /v1/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"
                               % (len(stream), stream.encode()))
                client.recv(rng.choice([1, 100, 3000]))
                if rng.random() < 0.5: # by a reset
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return
            else:
                client.sendall(text)
            # Who ends what they send looks gone; who does not gets an answer, or an end by the server's clock.
            ends = rng.random() < 0.5
            if ends:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_WR)
            answer = b""
            while (part := client.recv(65536)) and (ends or not answer):
                answer += part
            if answer and not answer.startswith(b"HTTP/1.1 "):
                problems.append((text[:300], answer[:300]))
            # 500 would be a mistake of ours.
            if answer.startswith(b"HTTP/1.1 50") and not answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 504")):
                problems.append((text[:300], answer[:300]))


def attack(server, count, seed, good, problems):
    rng = random.Random(seed)
    for i in range(count):
        try:
            send(server, rng, problems)
            if i % 20 == 0:
                status, answer = server.post("/v1/completions", GOOD)
                if status != 429 and (status != 200 or answer["choices"][0]["text"] != good):
                    problems.append(("a good request", status, answer))
        except Exception as error: # a hang is a timeout
            problems.append((seed, i, repr(error)))
            return


def attack_from_all_sides(server, count, seed, good):
    problems = []
    threads = [threading.Thread(target=attack, args=(server, count // 24, seed * 1000 + i, good, problems))
               for i in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems[:3]


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int.from_bytes(os.urandom(4), "little")
    print("seed", seed)
    with tempfile.TemporaryDirectory() as folder:
        run = train(program, folder, 30)
        template = os.path.join(folder, "template.json")
        with open(template, "w", encoding="utf-8") as file:
            json.dump(CHATS, file)
        with Server(program, run, "--request-timeout", "1", "--connections", "64",
                    "--timeout", "10", "--chat-template", template) as server:
            chat = {"messages": [{"role": "user", "content": "God"}], "max_tokens": 3}
            assert server.post("/v1/chat/completions", chat)[0] == 200
            good = server.complete(**GOOD)["choices"][0]["text"]
            attack_from_all_sides(server, count // 4, seed, good)
            before = server.memory()
            attack_from_all_sides(server, count - count // 4, seed + 1, good)
            for _ in range(200):
                metrics = server.metrics()
                if metrics["sinter_texts_active"] + metrics["sinter_texts_waiting"] == 0 and \
                        metrics["sinter_connections"] == 1:
                    break
                time.sleep(0.1)
            assert metrics["sinter_texts_active"] + metrics["sinter_texts_waiting"] == 0, metrics
            assert metrics["sinter_connections"] == 1, metrics
            grown = server.memory() - before
            print(f"{count} requests, memory {before} + {grown} bytes")
            # Sanitizers keep what was freed for a while.
            assert grown < (400 << 20 if "san" in program else 24 << 20), grown


main()
