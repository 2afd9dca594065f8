"""Slashes at the end of a path, HEAD, OPTIONS, and what a path takes."""

import openai
import pytest

USER = {"role": "user", "content": "hi"}


@pytest.mark.parametrize("path", ["/v1/models", "/livez", "/metrics", "/v1/models/support"])
@pytest.mark.parametrize("slashes", ["/", "//"])
def test_a_slash_at_the_end_is_answered_and_not_redirected(module_server, path, slashes):
    answer = module_server.http.get(path + slashes)
    assert (answer.status_code, answer.history) == (200, [])


def test_a_post_with_a_slash_keeps_its_body(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    answer = serve().http.post("/v1/chat/completions/", json={"model": "support", "messages": [USER]})
    assert answer.json()["choices"][0]["message"]["content"] == "yes"


def test_a_path_of_slashes_is_nowhere(module_server):
    assert module_server.http.get("//").json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/support", "/livez", "/metrics"])
def test_whatever_answers_get_answers_head_without_a_body(module_server, path):
    answer = module_server.http.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-mooring-slot"] == "blue"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/chat/completions", "OPTIONS, POST"),
        ("/v1/models/", "GET, HEAD, OPTIONS"),
        ("/conversations/one", "DELETE, GET, HEAD, OPTIONS"),
        ("/agents/a/b/runs", "OPTIONS, POST"),
    ],
)
def test_a_path_says_what_it_takes(module_server, path, methods):
    asked = module_server.http.options(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, methods, b"")
    wrong = module_server.http.patch(path)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, methods)
    assert wrong.json()["error"]["code"] == "method_not_allowed"


def test_options_of_nothing_is_not_found(module_server):
    assert module_server.http.options("/nowhere").status_code == 404


def test_an_agent_is_found_as_a_model(module_server):
    client = openai.OpenAI(base_url=f"{module_server.url}/v1", api_key="none", max_retries=0)
    assert client.models.retrieve("support").id == "support"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nobody/at all")
    assert caught.value.code == "model_not_found"
