#!/usr/bin/env python3
"""chat.py MOCK_CHAT: /v1/chat/completions: a chat is the text that its template makes of it, and its answer that of
/v1/completions; templates and where they come from; what is refused."""
import json
import math
import subprocess
import sys
import tempfile

from server import Server, train

CHATS = "be brief\nUser: Who made the earth\nAssistant: God did\nUser: when\nAssistant: In the beginning\n" * 60
USER = {"role": "user", "content": "when"}
SYSTEM = {"role": "system", "content": "be brief"}
TEXT = "be brief\nUser: when\nAssistant:"


def chat(server, *messages, **members):
    status, answer = server.post("/v1/chat/completions", {"messages": list(messages), **members})
    assert status == 200, answer
    return answer


def check_answers(server):
    for temperature in (0, 1):
        asked = {"temperature": temperature, "seed": 5, "max_tokens": 60}
        answer = chat(server, SYSTEM, USER, **asked)
        text = server.complete(prompt=TEXT, stop="\nUser:", **asked)
        assert answer["object"] == "chat.completion" and answer["id"].startswith("chatcmpl-"), answer
        choice, = answer["choices"]
        assert choice["index"] == 0 and choice["logprobs"] is None
        assert choice["message"] == {"role": "assistant", "content": text["choices"][0]["text"].removeprefix(" "),
                                     "refusal": None}
        assert choice["finish_reason"] == text["choices"][0]["finish_reason"]
        assert answer["usage"] == text["usage"] and answer["usage"]["prompt_tokens"] == len(TEXT)
        events = server.events("/v1/chat/completions", messages=[SYSTEM, USER],
                               stream_options={"include_usage": True}, **asked)
        assert all(event["object"] == "chat.completion.chunk" for event in events)
        assert events[-1]["choices"] == [] and events[-1]["usage"] == answer["usage"]
        deltas = [event["choices"][0]["delta"] for event in events[:-1]]
        assert deltas[0]["role"] == "assistant" and not any("role" in delta for delta in deltas[1:])
        assert "".join(delta.get("content", "") for delta in deltas) == choice["message"]["content"]
        reasons = [event["choices"][0]["finish_reason"] for event in events[:-1]]
        assert reasons == [None] * (len(reasons) - 1) + [choice["finish_reason"]], reasons
    # An answer ends where the next turn begins.
    answers = chat(server, USER, n=8, seed=1, max_tokens=200)["choices"]
    assert [choice["index"] for choice in answers] == list(range(8))
    assert not any("\nUser:" in choice["message"]["content"] for choice in answers)
    assert "stop" in {choice["finish_reason"] for choice in answers}
    # Whoever answers sends back what it got, and texts may come in parts.
    parts = {"role": "user", "content": [{"type": "text", "text": "wh"}, {"type": "text", "text": "en"}], "name": "me"}
    asked = {"temperature": 0, "max_tokens": 9}
    before = dict(chat(server, SYSTEM, USER, **asked)["choices"][0]["message"], content="God did")
    again = chat(server, dict(SYSTEM, role="developer"), USER, before, parts, max_completion_tokens=9, temperature=0)
    prompt = f"{TEXT} God did\nUser: when\nAssistant:"
    assert again["usage"]["prompt_tokens"] == len(prompt)
    text = server.complete(prompt=prompt, stop="\nUser:", **asked)["choices"][0]["text"]
    assert again["choices"][0]["message"]["content"] == text.removeprefix(" ")


def check_log_probabilities(server):
    asked = {"temperature": 0, "max_tokens": 12}
    choice, = chat(server, SYSTEM, USER, logprobs=True, top_logprobs=3, **asked)["choices"]
    text, = server.complete(prompt=TEXT, logprobs=3, stop="\nUser:", **asked)["choices"]
    told, expected = choice["logprobs"]["content"], text["logprobs"]
    assert [one["token"] for one in told] == expected["tokens"]
    for one, logprob, top in zip(told, expected["token_logprobs"], expected["top_logprobs"]):
        assert one["logprob"] == logprob and bytes(one["bytes"]).decode() == one["token"]
        assert {(other["token"], other["logprob"]) for other in one["top_logprobs"]} == set(top.items())
        assert math.isclose(max(top.values()), logprob)  # the most probable was taken
    none, = chat(server, USER, logprobs=True, **asked)["choices"]
    assert all(one["top_logprobs"] == [] for one in none["logprobs"]["content"])


def check_refusals(server):
    def refused(status, part, param, code=None, **members):
        found, answer = server.post("/v1/chat/completions", {"messages": [USER], **members})
        error = answer["error"]
        assert found == status and part in error["message"] and error["param"] == param, (found, answer)
        assert code is None or error["code"] == code, answer

    refused(400, "unknown member 'mesages'; did you mean messages?", "mesages", mesages=[])
    refused(400, "there is nothing to answer", "messages", messages=[])
    refused(400, "must be an array of messages, but is null", "messages", messages=None)
    refused(400, "must be an object, but is a string", "messages[1]", messages=[USER, "hi"])
    refused(400, "system, user or assistant, but is 'tool'", "messages[0].role", messages=[{"role": "tool"}])
    refused(400, "but is null", "messages[0].role", messages=[{"content": "x"}])
    refused(400, "but is null", "messages[0].content", messages=[{"role": "user"}])
    refused(400, "nothing but text", "messages[0].content",
            messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}])
    refused(400, "unknown member 'tool_calls'", "messages[0]", messages=[dict(USER, tool_calls=[1])])
    refused(400, "'日' (U+65E5)", "messages", messages=[{"role": "user", "content": "日"}])
    refused(400, "tokens, but the model's context has 256", "messages", "context_length_exceeded",
            messages=[{"role": "user", "content": "a" * 300}])
    refused(400, "writes text, and nothing else", "tools", tools=[{"type": "function"}])
    refused(400, "held to no format", "response_format", response_format={"type": "json_object"})
    refused(400, "needs logprobs", "top_logprobs", top_logprobs=2)
    refused(400, "from 0 to 20", "top_logprobs", logprobs=True, top_logprobs=21)
    refused(400, "from 1 to 64", "n", n=65)
    refused(404, "the model 'gpt-4' does not exist", "model", "model_not_found", model="gpt-4")
    # What fits exactly leaves room for one token.
    full = {"role": "user", "content": "a" * (256 - len("User: \nAssistant:"))}
    assert chat(server, full, tools=[], response_format={"type": "text"})["usage"]["completion_tokens"] <= 1


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        run = train(program, folder, 1000, CHATS, "--chat-template", "plain")
        with Server(program, run) as server:
            assert json.loads(server.request("GET", "/card")[2])["chat_template"] == "plain"
            check_answers(server)
            check_log_probabilities(server)
            check_refusals(server)
        info = json.loads(subprocess.run([program, "info", run, "--json"], check=True, capture_output=True).stdout)
        assert info["chat_template"]["user"] == "User: {content}\n"

        # Another one than the checkpoint's: a file, in which there is no system.
        path = f"{folder}/template.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"user": "U {content}\n", "assistant": "A {content}\n"}, file)
        with Server(program, run, "--chat-template", path) as server:
            answer = chat(server, USER, max_tokens=4)
            assert answer["usage"]["prompt_tokens"] == len("U when\nA")
            status, answer = server.post("/v1/chat/completions", {"messages": [SYSTEM]})
            assert status == 400 and "template (custom) has no messages of the system" in answer["error"]["message"]
        for name, part in (("nix", "is not chatml, llama3, gemma, plain or a file that is there"),
                           (f"{folder}/text.txt", "must be a JSON object of texts")):
            failed = subprocess.run([program, "serve", "--checkpoint", run, "--chat-template", name],
                                    capture_output=True, text=True, check=False)
            assert failed.returncode != 0 and part in failed.stderr, failed.stderr
        # A training that goes on from another one's parameters keeps its template, and so does an average.
        first = f"{run}/checkpoint.safetensors"
        for words in (["train", "--data", f"{folder}/text.txt", "--init", run, "--steps", "2", "--out",
                       f"{folder}/second", "--log", f"{folder}/second.jsonl"],
                      ["average", first, first, "-o", f"{folder}/mean.safetensors"]):
            subprocess.run([program, *words], check=True, capture_output=True)
        for kept in (f"{folder}/second", f"{folder}/mean.safetensors"):
            text = subprocess.run([program, "info", kept, "--json"], check=True, capture_output=True).stdout
            assert json.loads(text)["chat_template"] == info["chat_template"], text
    with tempfile.TemporaryDirectory() as folder:
        run = train(program, folder, 2)
        with Server(program, run) as server:
            status, answer = server.post("/v1/chat/completions", {"messages": [USER]})
            assert status == 404 and "--chat-template" in answer["error"]["message"], answer


main()
