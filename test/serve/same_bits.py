#!/usr/bin/env python3
"""same_bits.py PROGRAM RUN COUNT: one prompt at temperature 0, COUNT times among random traffic: one distinct answer.

The traffic is of prompts of any length, some of which begin like the one that is looked at, with and without streams,
seeds and probabilities, and some of it is given up.
"""
import contextlib
import json
import random
import sys
import threading

from server import Server

ASKED = {"prompt": "In the beginning", "max_tokens": 40, "temperature": 0, "logprobs": 5, "echo": True}


def traffic(server, seed, done):
    rng = random.Random(seed)
    while not done.is_set():
        prompt = rng.choice(["", "In the", "In the beginning", "And God said ", "the " * rng.randrange(60)])
        members = {"prompt": prompt, "max_tokens": rng.randrange(60), "n": rng.randrange(1, 4),
                   "temperature": rng.choice([0, 0.7, 1.3]), "seed": rng.randrange(100), "stream": rng.random() < 0.5}
        if rng.random() < 0.3:
            members["logprobs"] = rng.randrange(6)
        body = json.dumps(members).encode()
        with contextlib.closing(server.connect()) as client, contextlib.suppress(ConnectionError):
            client.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body) + body)
            if rng.random() < 0.3:
                client.recv(100)
            else:
                while client.recv(65536):
                    pass


def main():
    program, run, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    answers, done = set(), threading.Event()
    with Server(program, run, "--queue", "64", "--slots", "6") as server:
        threads = [threading.Thread(target=traffic, args=(server, i, done)) for i in range(6)]
        for thread in threads:
            thread.start()
        try:
            while count > 0:
                status, answer = server.post("/v1/completions", ASKED)
                if status == 429:
                    continue
                assert status == 200, answer
                answers.add(json.dumps(answer["choices"]))
                count -= 1
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert len(answers) == 1, answers
    print("one answer:", json.loads(answers.pop())[0]["text"])


main()
