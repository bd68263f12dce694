"""Checks of the Python clients: python checks.py ollama|openai|anthropic GATEWAY HOST,HOST,HOST

Prints one JSON object: for each feature "ok" or what went wrong. Run by test/scenarios/compatibility.test.ts.
"""

import json
import sys
import urllib.request

TO_FIVE = "1 2 3 4 5"
MESSAGES = [{"role": "user", "content": "count"}]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
FUNCTION = {"name": "get_weather", "description": "d", "parameters": WEATHER}
TOOL = {"type": "function", "function": FUNCTION}


def fault(spec):
    for host in hosts:
        request = urllib.request.Request(f"{host}/sim/fault", data=json.dumps(spec).encode(), method="POST")
        urllib.request.urlopen(request).read()


class Fault:
    """The hosts have a fault inside the block."""

    def __init__(self, **spec):
        self.spec = spec

    def __enter__(self):
        fault(self.spec)

    def __exit__(self, *_):
        fault({"kind": "clear"})


def same(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found!r} is not {wanted!r}")


def true(value):
    if not value:
        raise AssertionError(f"{value!r} is not true")


def fails(kind, work):
    try:
        work()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def ollama_checks():
    import ollama

    client = ollama.Client(host=gateway)
    options = {"num_predict": 5}

    def chat(**changes):
        request = {"model": "sim-count", "messages": MESSAGES, "options": options, **changes}
        return client.chat(**request)

    def free(**changes):
        return client.chat(**{"model": "sim-chat", "messages": MESSAGES, **changes}).message

    def broken():
        with Fault(kind="cut", after=5):
            list(chat(stream=True, options={"num_predict": 100}))

    image = [{"role": "user", "content": "what is it?", "images": [PIXEL]}]
    return {
        "chat": lambda: same(chat().message.content, TO_FIVE),
        "streamed chat": lambda: same("".join(part.message.content for part in chat(stream=True)), TO_FIVE),
        "text completion": lambda: same(client.generate("sim-count", "x", options=options).response, TO_FIVE),
        "thinking": lambda: true(free(model="sim-think", think=True).thinking),
        "image": lambda: true(free(model="sim-vision", messages=image).content),
        "call of a tool": lambda: same(free(tools=[TOOL]).tool_calls[0].function.name, "get_weather"),
        "structured output": lambda: true(isinstance(json.loads(free(format=WEATHER).content)["days"], int)),
        "embeddings": lambda: same(len(client.embed("sim-embed", ["a", "b"]).embeddings), 2),
        "list of models": lambda: true({"sim-count:latest", "gpt-5:latest"} <= {m.model for m in client.list().models}),
        "one model": lambda: true("completion" in client.show("sim-count").capabilities),
        "name mapped by an alias": lambda: same(chat(model="gpt-5").message.content, TO_FIVE),
        "error for an unknown model": lambda: same(
            fails(ollama.ResponseError, lambda: chat(model="nosuch")).status_code, 404
        ),
        "error in a broken stream": lambda: fails(ollama.ResponseError, broken),
    }


def openai_checks():
    import openai

    client = openai.OpenAI(base_url=f"{gateway}/v1", api_key="none", max_retries=0)
    patient = openai.OpenAI(base_url=f"{gateway}/v1", api_key="none", max_retries=2)

    def chat(with_client=client, **changes):
        request = {"model": "sim-count", "messages": MESSAGES, "max_completion_tokens": 5, **changes}
        return with_client.chat.completions.create(**request)

    def message(**changes):
        return chat(**{"model": "sim-chat", "max_completion_tokens": 200, **changes}).choices[0].message

    def streamed():
        return "".join(part.choices[0].delta.content or "" for part in chat(stream=True) if part.choices)

    def forced():
        for choice in ({"type": "function", "function": {"name": "get_weather"}}, "required"):
            call = message(model="sim-count", tools=[TOOL], tool_choice=choice).tool_calls[0]
            true(isinstance(json.loads(call.function.arguments)["days"], int))

    def structured():
        schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": WEATHER}}
        true(isinstance(json.loads(message(response_format=schema).content)["days"], int))

    def broken():
        with Fault(kind="cut", after=5):
            list(chat(stream=True, max_completion_tokens=100))

    def broken_response():
        with Fault(kind="cut", after=5):
            list(client.responses.create(model="sim-count", input="x", stream=True))

    def both_broken():
        fails(openai.APIError, broken)
        fails(openai.APIError, broken_response)

    def retried():
        with Fault(kind="503", times=1):
            same(chat(patient).choices[0].message.content, TO_FIVE)

    def streamed_response():
        with client.responses.stream(model="sim-count", input="count", max_output_tokens=5) as stream:
            same(stream.get_final_response().output_text, TO_FIVE)

    parts = [
        {"type": "text", "text": "what is it?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ]
    return {
        "chat": lambda: same(chat().choices[0].message.content, TO_FIVE),
        "streamed chat": lambda: same(streamed(), TO_FIVE),
        "text completion": lambda: same(
            client.completions.create(model="sim-count", prompt="x", max_tokens=5).choices[0].text, TO_FIVE
        ),
        "responses": lambda: same(
            client.responses.create(model="sim-count", input="count", max_output_tokens=5).output_text, TO_FIVE
        ),
        "streamed responses": streamed_response,
        "image": lambda: true(message(model="sim-vision", messages=[{"role": "user", "content": parts}]).content),
        "call of a tool": lambda: same(message(tools=[TOOL]).tool_calls[0].function.name, "get_weather"),
        "forced call": forced,
        "forbidden call": lambda: same(message(tools=[TOOL], tool_choice="none").tool_calls, None),
        "structured output": structured,
        "embeddings": lambda: same(
            [len(one.embedding) for one in client.embeddings.create(model="sim-embed", input=["a", "b"]).data], [768, 768]
        ),
        "list of models": lambda: true({"sim-count:latest", "gpt-5"} <= {one.id for one in client.models.list()}),
        "one model": lambda: same(client.models.retrieve("sim-count").id, "sim-count"),
        "name mapped by an alias": lambda: same(chat(model="gpt-5").choices[0].message.content, TO_FIVE),
        "error for an unknown model": lambda: fails(openai.NotFoundError, lambda: chat(model="nosuch")),
        "error in a broken stream": both_broken,
        "retry after 503": retried,
    }


def anthropic_checks():
    import anthropic

    client = anthropic.Anthropic(base_url=gateway, api_key="none", max_retries=0)
    patient = anthropic.Anthropic(base_url=gateway, api_key="none", max_retries=2)
    tool = {"name": "get_weather", "description": "d", "input_schema": WEATHER}

    def send(with_client=client, **changes):
        request = {"model": "sim-count", "messages": MESSAGES, "max_tokens": 5, **changes}
        return with_client.messages.create(**request)

    def stream(**changes):
        request = {"model": "sim-count", "messages": MESSAGES, "max_tokens": 5, **changes}
        with client.messages.stream(**request) as events:
            return events.get_final_message()

    def broken():
        with Fault(kind="cut", after=5):
            stream(max_tokens=100)

    def retried():
        with Fault(kind="503", times=1):
            same(send(patient).content[0].text, TO_FIVE)

    def called(message):
        block = message.content[-1]
        same([block.type, block.name, isinstance(block.input["days"], int)], ["tool_use", "get_weather", True])

    def forced():
        for choice in ({"type": "tool", "name": "get_weather"}, {"type": "any"}):
            called(send(tools=[tool], tool_choice=choice, max_tokens=200))
            called(stream(tools=[tool], tool_choice=choice, max_tokens=200))

    thinking = {"type": "enabled", "budget_tokens": 1024}
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    image = [{"role": "user", "content": [{"type": "image", "source": source}, {"type": "text", "text": "what?"}]}]
    return {
        "chat": lambda: same(send().content[0].text, TO_FIVE),
        "streamed chat": lambda: same(stream().content[0].text, TO_FIVE),
        "thinking": lambda: same(
            [block.type for block in stream(model="sim-think", max_tokens=2000, thinking=thinking).content],
            ["thinking", "text"],
        ),
        "image": lambda: same(send(model="sim-vision", messages=image).content[0].type, "text"),
        "call of a tool": lambda: called(stream(model="sim-chat", tools=[tool], max_tokens=200)),
        "forced call": forced,
        "forbidden call": lambda: same(
            send(model="sim-chat", tools=[tool], tool_choice={"type": "none"}).content[0].type, "text"
        ),
        "list of models": lambda: true({"sim-count:latest", "gpt-5"} <= {one.id for one in client.models.list(limit=2)}),
        "one model": lambda: same(client.models.retrieve("sim-count").type, "model"),
        "count of tokens": lambda: true(
            client.messages.count_tokens(model="sim-count", messages=MESSAGES).input_tokens > 0
        ),
        "name mapped by an alias": lambda: same(send(model="claude-x").content[0].text, TO_FIVE),
        "error for an unknown model": lambda: fails(anthropic.NotFoundError, lambda: send(model="nosuch")),
        "error in a broken stream": lambda: fails(anthropic.APIError, broken),
        "retry after 503": retried,
    }


package, gateway, listed = sys.argv[1:4]
hosts = listed.split(",")
checks = {"ollama": ollama_checks, "openai": openai_checks, "anthropic": anthropic_checks}[package]()
results = {}
for name, check in checks.items():
    try:
        check()
        results[name] = "ok"
    except Exception as error:  # pylint: disable=broad-exception-caught
        results[name] = f"{type(error).__name__}: {error}"
print(json.dumps(results))
