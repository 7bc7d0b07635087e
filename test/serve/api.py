#!/usr/bin/env python3
"""api.py MOCK_SERVE: every endpoint and member of the API, against `sample` and against what the API says."""
import contextlib
import json
import math
import signal
import subprocess
import sys
import tempfile
import threading
import time

from server import Server, train

PROMPT = "And the earth"


def sampled(program, run, *options):
    """What `sample` makes, as JSON."""
    result = subprocess.run([program, "sample", "--checkpoint", run, "--prompt", PROMPT, "--json", *options],
                            check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def refused(server, status, part, param=None, path="/v1/completions", **members):
    code, answer = server.post(path, members)
    error = answer["error"]
    assert code == status and part in error["message"] and error["param"] == param, (code, answer)


def check_texts(server, program, run):
    """The same as `sample` with the same options."""
    for members, options in (
            ({"temperature": 0}, ["--temperature", "0"]),
            ({"seed": 7}, ["--seed", "7"]),
            ({"seed": 2**64 - 1, "top_p": 0.7}, ["--seed", str(2**64 - 1), "--top-p", "0.7"]),
            ({"seed": 3, "temperature": 1.5, "top_k": 4, "min_p": 0.1},
             ["--seed", "3", "--temperature", "1.5", "--top-k", "4", "--min-p", "0.1"]),
            ({"seed": 5, "presence_penalty": 1.5, "frequency_penalty": 0.5},
             ["--seed", "5", "--presence-penalty", "1.5", "--frequency-penalty", "0.5"]),
            ({"seed": 5, "repeat_penalty": 1.3, "repeat_window": 9},
             ["--seed", "5", "--repeat-penalty", "1.3", "--repeat-window", "9"]),
            ({"temperature": 0, "stop": ["d"]}, ["--temperature", "0", "--stop", "d"])):
        expected = sampled(program, run, "-n", "40", *options)
        answer = server.complete(prompt=PROMPT, max_tokens=40, return_token_ids=True, **members)
        choice, = answer["choices"]
        assert choice["text"] == expected["text"] and choice["token_ids"] == expected["tokens"], (choice, expected)
        assert choice["finish_reason"] == expected["finish"], (choice, expected)
        made = len(expected["tokens"])
        assert answer["usage"] == {"prompt_tokens": len(PROMPT), "completion_tokens": made,
                                   "total_tokens": len(PROMPT) + made}
        # A stream says the same, piece by piece.
        events = server.events(prompt=PROMPT, max_tokens=40, return_token_ids=True,
                               stream_options={"include_usage": True}, **members)
        assert events[-1]["choices"] == [] and events[-1]["usage"] == answer["usage"]
        assert len({event["id"] for event in events}) == 1
        pieces = [event["choices"][0] for event in events[:-1]]
        assert "".join(piece["text"] for piece in pieces) == choice["text"]
        assert [id for piece in pieces for id in piece["token_ids"]] == choice["token_ids"]
        assert [piece["finish_reason"] for piece in pieces if piece["finish_reason"]] == [choice["finish_reason"]]


def check_several(server, program, run):
    """n texts have the seeds that follow; prompts come one after the other."""
    answer = server.complete(prompt=[PROMPT, "God"], n=3, seed=11, max_tokens=20)
    assert [choice["index"] for choice in answer["choices"]] == list(range(6))
    for i in range(3):
        assert answer["choices"][i]["text"] == sampled(program, run, "-n", "20", "--seed", str(11 + i))["text"]
    alone = server.complete(prompt="God", seed=12, max_tokens=20)
    assert answer["choices"][4]["text"] == alone["choices"][0]["text"]
    # Without a seed, texts differ.
    assert len({server.complete(prompt=PROMPT, max_tokens=30)["choices"][0]["text"] for _ in range(5)}) > 1


def check_log_probabilities(server, program, run):
    expected = sampled(program, run, "-n", "12", "--temperature", "0", "--logprobs", "3", "--prompt-logprobs")
    answer = server.complete(prompt=PROMPT, max_tokens=12, temperature=0, logprobs=3, echo=True, return_token_ids=True)
    choice, = answer["choices"]
    told = choice["logprobs"]
    tokens = expected["prompt_logprobs"] + expected["logprobs"]
    assert choice["text"] == PROMPT + expected["text"]
    assert "".join(told["tokens"]) == choice["text"]
    assert told["text_offset"] == list(range(len(choice["text"]))) # a token is a character here
    assert told["token_logprobs"][0] is None and told["top_logprobs"][0] is None
    for i in range(1, len(tokens)):
        assert math.isclose(told["token_logprobs"][i], tokens[i]["logprob"], rel_tol=1e-8)
        top = [(one["id"], one["text"], one["logprob"]) for one in tokens[i]["top"]]
        assert list(told["top_logprobs"][i].items()) == [(text, logprob) for _, text, logprob in top]
        assert [(one["id"], one["token"], one["logprob"]) for one in told["top_tokens"][i]] == top
    none = server.complete(prompt=PROMPT, max_tokens=4, logprobs=0)["choices"][0]["logprobs"]
    assert none["top_logprobs"] is None and len(none["token_logprobs"]) == 4
    # Only to be told what the model thinks of a text.
    scored = server.complete(prompt=PROMPT, max_tokens=0, echo=True, logprobs=1)["choices"][0]
    assert scored["text"] == PROMPT and len(scored["logprobs"]["tokens"]) == len(PROMPT)
    assert scored["finish_reason"] == "length"
    assert scored["logprobs"]["token_logprobs"][1:] == told["token_logprobs"][1:len(PROMPT)]


def check_bias(server):
    ids = server.post("/tokenize", {"content": "e"})[1]["tokens"]
    text = server.complete(prompt=PROMPT, max_tokens=40, logit_bias={str(ids[0]): -100})["choices"][0]["text"]
    assert "e" not in text
    text = server.complete(prompt=PROMPT, max_tokens=10, logit_bias={str(ids[0]): 100})["choices"][0]["text"]
    assert text == "e" * 10


def check_tokens(server):
    tokens = server.post("/tokenize", {"content": "God"})[1]["tokens"]
    assert len(tokens) == 3
    pieces = server.post("/tokenize", {"content": "God", "with_pieces": True})[1]["tokens"]
    assert [(one["id"], one["piece"]) for one in pieces] == list(zip(tokens, "God"))
    assert server.post("/detokenize", {"tokens": tokens}) == (200, {"content": "God"})
    by_ids = server.complete(prompt=tokens, max_tokens=9, temperature=0)["choices"][0]["text"]
    assert by_ids == server.complete(prompt="God", max_tokens=9, temperature=0)["choices"][0]["text"]
    both = server.complete(prompt=[tokens, tokens], max_tokens=9, temperature=0)["choices"]
    assert [choice["text"] for choice in both] == [by_ids] * 2
    refused(server, 400, "'é' (U+00E9)", "content", "/tokenize", content="é")
    refused(server, 400, "9999 is no token", "tokens", "/detokenize", tokens=[9999])


def check_refusals(server):
    refused(server, 400, "unknown member 'promt'; did you mean prompt?", "promt", promt="x")
    refused(server, 404, "the model 'gpt-4' does not exist", "model", model="gpt-4")
    for name, value, part in (
            ("max_tokens", -1, "from 0 to 4096, but is -1"), ("max_tokens", 1e9, "whole number"),
            ("max_tokens", "ten", "but is a string"), ("temperature", -0.5, "from 0 to 100, but is -0.5"),
            ("temperature", [1], "must be a number, but is an array"), ("top_p", 1.5, "from 0 to 1"),
            ("n", 0, "from 1 to 64"), ("n", True, "but is a boolean"), ("best_of", 2, "must be n"),
            ("stop", "", "0 bytes"), ("stop", ["x"] * 17, "16 at most"), ("stop", [1], "array of strings"),
            ("logprobs", 21, "from 0 to 20"), ("logit_bias", {"x": 1}, "'x' is no token"),
            ("logit_bias", {"0": 101}, "from -100 to 100"), ("logit_bias", [], "must be an object"),
            ("seed", 1.5, "64 bits"), ("seed", 2**64, "64 bits"), ("echo", 1, "must be a boolean"),
            ("suffix", "x", "does not fill gaps"), ("stream", "yes", "boolean"), ("prompt", {}, "must be a string"),
            ("prompt", [], "nothing to go on from"), ("prompt", [[1], 2], "must be a string"),
            ("prompt", [-1], "-1 is no token"), ("prompt", "日", "U+65E5")):
        refused(server, 400, part, name, **{name: value})
    refused(server, 400, "more than 64 texts", "n", prompt=["a", "b"], n=40)
    refused(server, 404, "no template", None, "/v1/chat/completions", messages=[])
    for method, path, status in (("GET", "/nix", 404), ("DELETE", "/v1/completions", 405), ("POST", "/health", 405),
                                 ("GET", "/v1/models/nix", 404), ("GET", "/health?x=1", 200)):
        assert server.request(method, path)[0] == status, (method, path)
    for body in (b"", b"{", b"[]", b"nul", b'{"prompt":"\xff"}', b'{"temperature":NaN}', b'{"temperature":1e999}',
                 b"[" * 1000, b'{"prompt":' + b"[" * 40 + b"]" * 40 + b"}", b"[" + b"1," * 200000 + b"1]"):
        status, _, text = server.request("POST", "/v1/completions", body)
        assert status == 400 and json.loads(text)["error"]["type"] == "invalid_request_error", (body[:50], text)


def check_pages(server):
    assert json.loads(server.request("GET", "/health")[2]) == {"status": "ok"}
    models = json.loads(server.request("GET", "/v1/models")[2])
    assert [model["id"] for model in models["data"]] == ["mock"] and models["object"] == "list"
    assert json.loads(server.request("GET", "/v1/models/mock")[2]) == models["data"][0]
    status, headers, body = server.request("HEAD", "/health")
    assert status == 200 and body == b"" and headers["Content-Length"] == "16"
    card = json.loads(server.request("GET", "/card")[2])
    assert card["parameters"] == 96 * 96 and card["step"] == 150 and card["config"] == {"batch": 4, "context": 8}
    losses = card["losses"]["loss"]
    assert len(losses) == 150 and losses[-1][1] < losses[0][1], losses[-1]
    before = server.metrics()
    server.complete(prompt="abc", max_tokens=5)
    after = server.metrics()
    assert after["sinter_new_tokens_total"] == before["sinter_new_tokens_total"] + 5
    assert after["sinter_prompt_tokens_total"] == before["sinter_prompt_tokens_total"] + 3
    name = 'sinter_first_token_seconds_count'
    assert after[name] == before[name] + 1
    assert server.request("GET", "/")[0] == 200


def check_origins(server):
    """Pages of others may not call: a browser names them."""
    call = {"prompt": "a", "max_tokens": 1}
    assert server.post("/v1/completions", call, {"Origin": "http://evil.example"}.items())[0] == 403
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    status, headers, _ = server.request("POST", "/v1/completions", call, own.items())
    assert status == 200 and "Access-Control-Allow-Origin" not in headers


def check_key(program, run):
    with Server(program, run, "--api-key", "secret", "--cors", "http://page.example") as server:
        assert server.request("GET", "/health")[0] == 200
        for key in (None, "", "Bearer ", "Bearer secre", "Bearer secrets", "secret", "bearer secret"):
            given = {"Authorization": key}.items() if key else ()
            status, headers, _ = server.request("GET", "/v1/models", None, given)
            assert status == 401 and headers["WWW-Authenticate"] == "Bearer", key
        allowed = {"Authorization": "Bearer secret", "Origin": "http://page.example"}
        status, headers, _ = server.request("GET", "/v1/models", None, allowed.items())
        assert status == 200 and headers["Access-Control-Allow-Origin"] == "http://page.example"
        status, headers, _ = server.request("OPTIONS", "/v1/completions", None,
                                            {"Origin": "http://page.example"}.items())
        assert status == 204 and "authorization" in headers["Access-Control-Allow-Headers"]
        # The body of somebody without a key is not waited for.
        with contextlib.closing(server.connect()) as client:
            client.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 401")


def check_connection(server):
    """Several requests on one connection, sent at once; 100-continue; HTTP/1.0."""
    body = json.dumps({"prompt": "a", "max_tokens": 3, "temperature": 0}).encode()
    head = b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(body)
    with contextlib.closing(server.connect()) as client:
        client.sendall((head + b"\r\n" + body) * 3 + b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: client.recv(65536), b""))
        assert text.count(b"HTTP/1.1 200 OK") == 4 and text.count(b"text_completion") == 3, text
    with contextlib.closing(server.connect()) as client:
        client.sendall(head + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert b"text_completion" in b"".join(iter(lambda: client.recv(65536), b""))
    with contextlib.closing(server.connect()) as client:
        streamed = json.dumps({"prompt": "a", "max_tokens": 3, "stream": True}).encode()
        client.sendall(b"POST /v1/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(streamed) + streamed)
        text = b"".join(iter(lambda: client.recv(65536), b""))
        assert b"chunked" not in text and text.endswith(b"data: [DONE]\n\n"), text


def start(server, count, tokens):
    """`count` streams that go on for a while, each behind its first event."""
    body = json.dumps({"prompt": "a", "max_tokens": tokens, "stream": True}).encode()
    clients = []
    for _ in range(count):
        client = server.connect()
        client.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        clients.append(client)
    return clients


def wait_for(condition, what):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(what)


def check_queue(program, run):
    """More than may wait is refused; who goes makes room; who is too slow is ended."""
    many = ("--slots", "2", "--queue", "3", "--max-tokens", "1000000")
    with Server(program, run, *many) as server:
        clients = start(server, 5, 1000000)
        wait_for(lambda: server.metrics()["sinter_texts_waiting"] == 3, "nobody waits")
        status, answer = server.post("/v1/completions", {"prompt": "a"})
        assert status == 429 and answer["error"]["code"] == "queue_full", answer
        for client in clients:
            client.close()
        wait_for(lambda: server.metrics()['sinter_texts_total{ending="cancelled"}'] == 5, "they still have slots")
        metrics = server.metrics()
        assert metrics["sinter_texts_active"] == 0 and metrics["sinter_texts_waiting"] == 0, metrics
        server.complete(prompt="a", max_tokens=3)
    with Server(program, run, *many, "--timeout", "1") as server:
        status, answer = server.post("/v1/completions", {"prompt": "a", "max_tokens": 1000000})
        assert status == 504 and "1 seconds" in answer["error"]["message"], answer
        # One that does not send, and one that does not read.
    with Server(program, run, *many, "--request-timeout", "1") as server:
        with contextlib.closing(server.connect()) as client:
            client.sendall(b"POST /v1/completions HTTP/1.1\r\nContent-")
            assert client.recv(10) == b""
        client, = start(server, 1, 1000000)
        wait_for(lambda: server.metrics()['sinter_texts_total{ending="cancelled"}'] == 1, "it waits for its reader")
        client.close()


def check_leaving(program, run):
    """SIGTERM: what was begun is finished, nothing is begun."""
    with Server(program, run, "--max-tokens", "1000000", end=False) as server:
        answers = []

        def ask():
            answers.append(server.complete(prompt="a", max_tokens=60000, temperature=0))

        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: server.metrics()["sinter_texts_active"] == 1, "it has not begun")
        server.process.send_signal(signal.SIGTERM)
        asking.join(120)
        assert answers and answers[0]["usage"]["completion_tokens"] == 60000, answers
        assert server.process.wait(60) == 0, server.said()


def check_command_line(program, run):
    def fails(code, part, *options):
        result = subprocess.run([program, "serve", "--checkpoint", run, *options], capture_output=True, text=True)
        assert result.returncode == code and part in result.stderr, (result.returncode, result.stderr)

    fails(1, "--host nix: must be an address", "--host", "nix")
    fails(2, "--port", "--port", "70000")
    fails(2, "--slots", "--slots", "-1")
    with Server(program, run) as server:
        fails(1, f"port {server.port}: Address already in use", "--port", str(server.port))


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        run = train(program, folder)
        log = f"{folder}/log.jsonl"
        with Server(program, run, "--log", log) as server:
            check_texts(server, program, run)
            check_several(server, program, run)
            check_log_probabilities(server, program, run)
            check_bias(server)
            check_tokens(server)
            check_refusals(server)
            check_pages(server)
            check_origins(server)
            check_connection(server)
        check_key(program, run)
        check_queue(program, run)
        check_leaving(program, run)
        check_command_line(program, run)


main()
