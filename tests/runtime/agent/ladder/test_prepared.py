"""L3 and L4 answer when no model does: presets, saved answers marked as such, and a friendly error with a ticket."""

import re
import sqlite3

import pytest

from tests.runtime.hosting import rung_of
from tests.runtime.sample import limits

ALL = ("primary-1", "alternate-1", "small-1")
PRESETS = [
    {"intent": "hours", "match": [r"\bopen(ing)?\b", "öffnungszeit"], "answer": {"en": "9 to 5.", "de": "9 bis 17."}},
    {"intent": "any-order", "match": ["order"], "answer": {"en": "See your mail."}},
]


@pytest.fixture
def outage(stub, reply):
    """Takes all models down."""

    def down() -> None:
        for model in ALL:
            stub.script(model, reply(status=401))

    return down


def text(answer) -> str:
    """What was answered, plainly or in a stream."""
    if answer.headers["content-type"] == "application/json":
        return answer.json()["choices"][0]["message"]["content"]
    return "".join(re.findall(r'"content":"((?:[^"\\]|\\.)*)"', answer.text)).replace("\\n", "\n")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize(
    ("say", "language", "answer"),
    [
        ("When do you OPEN my order?", "", "9 to 5."),
        ("Was sind die Öffnungszeiten, bitte?", "", "9 bis 17."),
        ("opening?", "de-AT", "9 bis 17."),
        ("where is my order", "de", "See your mail."),
    ],
)
def test_a_preset_answers_by_intent_in_the_users_language(serve, outage, say, language, answer, stream):
    outage()
    headers = {"accept-language": language} if language else {}
    reply = serve(ladder={"presets": PRESETS}).chat(say, stream=stream, headers=headers)
    assert (rung_of(reply), text(reply)) == ("L3", answer)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_last_good_answer_comes_back_marked_as_saved(serve, stub, reply, outage, stream):
    stub.script("primary-1", reply("It has shipped."))
    serving = serve()
    serving.chat("Where is A1?")
    outage()
    answer = serving.chat("  where IS a1", stream=stream)
    assert (rung_of(answer), answer.headers["x-mooring-cached-age"]) == ("L3", "0")
    assert text(answer) == "It has shipped.\n\n(saved answer, 0 s old)"
    assert rung_of(serving.chat("Where is A2?")) == "L4"


def test_it_survives_a_restart_and_is_shared_by_the_slots(serve, stub, reply, outage, build):
    stub.script("primary-1", reply("It has shipped."))
    release = build()
    first = serve(release)
    first.chat("Where is A1?")
    first.stop()
    outage()
    assert rung_of(serve(release, "green").chat("Where is A1?")) == "L3"


def test_an_answer_of_another_version_of_the_prompt_is_not_used(serve, stub, reply, outage, build):
    release = build()
    serve(release).chat("Where is A1?")
    outage()
    content = release.content
    prompt = content.prompts["support"]
    terse = prompt.messages[0].model_copy(update={"content": "Be terse."})
    other = prompt.model_copy(update={"messages": (terse, *prompt.messages[1:])})
    changed = type(release).of(content.model_copy(update={"prompts": content.prompts | {"support": other}}))
    assert rung_of(serve(changed).chat("Where is A1?")) == "L4"


def test_an_answer_within_a_conversation_is_neither_saved_nor_replaced(serve, stub, reply, outage):
    serving = serve()
    body = {
        "model": "support",
        "messages": [
            {"role": "user", "content": "I am Ada"},
            {"role": "assistant", "content": "Hello Ada"},
            {"role": "user", "content": "who am I?"},
        ],
    }
    serving.http.post("/v1/chat/completions", json=body)
    outage()
    assert rung_of(serving.chat("who am I?")) == "L4"
    stub.script("primary-1", reply("nobody"))
    serving.chat("who am I?")
    outage()
    assert rung_of(serving.http.post("/v1/chat/completions", json=body)) == "L4"


def test_an_answer_that_changed_something_is_not_saved(serve, stub, reply, outage, build):
    content = build().content
    free = content.tools["refund-order"].model_copy(update={"approval": "none"})
    release = type(build()).of(content.model_copy(update={"tools": content.tools | {"refund-order": free}}))
    stub.script("primary-1", reply(tool=("refund_order", {"order": "A1", "cents": 5})), reply("Refunded."))
    stub.script("shop", reply(body={}))
    serving = serve(release)
    assert text(serving.chat("refund A1")) == "Refunded."
    outage()
    assert rung_of(serving.chat("refund A1")) == "L4"


def test_a_failed_tool_makes_no_good_answer(serve, stub, reply, outage):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"})), reply("I cannot find it."))
    stub.script("shop", reply(status=404, raw="{}"))
    serving = serve()
    serving.chat("where is A1")
    outage()
    assert rung_of(serving.chat("where is A1")) == "L4"


def test_a_profile_may_do_without_saved_answers(serve, outage, tmp_path):
    serving = serve(ladder={"lastGood": {"enabled": False}})
    serving.chat("where is A1")
    outage()
    assert rung_of(serving.chat("where is A1")) == "L4"
    with sqlite3.connect(tmp_path / "state" / "state.db") as database:
        assert database.execute("select count(*) from answers").fetchone() == (0,)


def test_a_saved_json_answer_stays_json(serve, stub, reply, outage):
    stub.script("primary-1", reply('{"ok": 1}'))
    serving = serve()
    serving.chat("fine?", agent="json")
    outage()
    answer = serving.chat("fine?", agent="json")
    assert (text(answer), answer.headers["x-mooring-cached-age"]) == ('{"ok": 1}', "0")


SORRY = {"en": "Sorry.", "de": "Entschuldigung.", "zh": "抱歉。", "pt-BR": "Desculpe."}
NOTED = {"pt-BR": "Sua pergunta foi guardada como {ticket}."}


@pytest.mark.parametrize(
    ("question", "languages", "answer"),
    [
        ("Wo ist meine Bestellung und wann kommt sie?", "", "Entschuldigung. Ihre Frage ist unter {} vorgemerkt."),
        ("我的订单到哪里了？", "", "抱歉。您的问题已保存，编号为 {}。"),
        ("Where is my order?", "zh-Hans-CN,en;q=0.5", "抱歉。您的问题已保存，编号为 {}。"),
        ("Where is my order?", "en;q=0.5, zh-TW", "抱歉。您的问题已保存，编号为 {}。"),
        ("Where is my order?", "pt-br", "Desculpe. Sua pergunta foi guardada como {}."),
        ("Where is my order?", "zh;q=0, *", "Sorry. Your question is kept as {}."),
        ("Où est ma commande et quand arrive-t-elle ?", "", "Sorry. Your question is kept as {}."),
        ("注文はどこですか？", "", "Sorry. Your question is kept as {}."),
        ("أين طلبي؟", "", "Sorry. Your question is kept as {}."),
        ("我的订单到哪里了？", "fr", "抱歉。您的问题已保存，编号为 {}。"),
        ("A-1012", "", "Sorry. Your question is kept as {}."),
    ],
)
def test_the_apology_and_its_ticket_are_in_one_language(serve, outage, question, languages, answer):
    outage()
    more = {"ladder": {"apology": SORRY}, "messages": {"ticket": NOTED}, "checkpoint": {"mode": "durable"}}
    reply = serve(**more).chat(question, headers={"accept-language": languages})
    ticket = reply.headers["x-mooring-ticket"]
    assert ticket.startswith("ticket_")
    assert text(reply) == answer.format(ticket)
    assert reply.json()["mooring"]["ticket"] == ticket


def test_a_language_without_the_ticket_note_is_not_half_spoken(serve, outage):
    outage()
    serving = serve(ladder={"apology": SORRY | {"fr": "Pardon."}}, checkpoint={"mode": "durable"})
    answer = serving.chat("Où est ma commande ?", headers={"accept-language": "fr"})
    assert text(answer).startswith("Sorry. Your question is kept as ticket_")


def test_the_language_of_last_resort_is_the_profiles(serve, outage):
    outage()
    serving = serve(ladder={"apology": SORRY}, languages=["zh", "en"])
    assert text(serving.chat("注文はどこですか？")) == "抱歉。"


@pytest.mark.parametrize(
    ("question", "languages", "good", "note"),
    [
        ("我的订单到哪里了？", "en", "已经发货了。", "（以上是 0 秒前保存的回答）"),
        ("Wo ist A1?", "en", "Deine Bestellung ist heute verschickt worden.", "(gespeicherte Antwort, 0 s alt)"),
        ("Où est A1 ?", "de", "Votre commande a été expédiée hier.", "(gespeicherte Antwort, 0 s alt)"),
    ],
)
def test_the_note_of_a_saved_answer_is_in_its_language(serve, stub, reply, outage, question, languages, good, note):
    stub.script("primary-1", reply(good))
    serving = serve()
    serving.chat(question)
    outage()
    answer = serving.chat(question, headers={"accept-language": languages})
    assert (rung_of(answer), text(answer)) == ("L3", f"{good}\n\n{note}")


def test_a_saved_answer_follows_a_text_that_was_cut_off_after_a_blank_line(serve, stub, reply, outage):
    stub.script("primary-1", reply("It has shipped."))
    serving = serve(ladder=limits(0.3))
    serving.chat("Where is A1?")
    outage()
    stub.script("primary-1", reply("It has", cut="broken"))
    said = text(serving.chat("Where is A1?", stream=True))
    assert re.fullmatch(r"It has \n\nIt has shipped\.\n\n\(saved answer, \d s old\)", said)
