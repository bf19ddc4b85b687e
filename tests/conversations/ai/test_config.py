"""Which dispatcher is asked, and what is said of settings that cannot work."""

import os
import subprocess
import sys

import pytest

from conversations.ai import config as config_module
from conversations.ai.config import Config
from conversations.ai.factory import build
from conversations.ai.rules import RulesDispatcher
from nevermisscall.lib.env import BASE_DIR
from tests.conversations.ai.people import answer_json, request

BOT = {"dispatchbot_url": "https://bot.example.com", "dispatchbot_api_key": "k"}
CLAUDE = {"ai_backend": "anthropic", "anthropic_api_key": "k", "ai_model": "m"}
OWN = {"ai_backend": "openai", "openai_base_url": "http://127.0.0.1:11434/v1", "ai_model": "m"}


def problems(*, production=True, **settings):
    return [variable for variable, _ in Config(**settings).problems(production=production)]


@pytest.mark.parametrize(
    ("given", "backend"),
    [
        ({}, "rules"),
        (BOT, "dispatchbot"),
        ({**BOT, "ai_backend": "rules"}, "rules"),
        ({**BOT, **CLAUDE}, "anthropic"),
    ],
)
def test_what_is_named_wins_and_an_address_is_a_name(given, backend):
    assert Config(**given).backend == backend
    assert problems(**given) == []


@pytest.mark.parametrize(
    ("given", "variables"),
    [
        ({"ai_backend": "gpt"}, ["AI_BACKEND"]),
        ({"ai_backend": "dispatchbot"}, ["DISPATCHBOT_URL", "DISPATCHBOT_API_KEY"]),
        ({**BOT, "dispatchbot_api_key": ""}, ["DISPATCHBOT_API_KEY"]),
        ({"ai_backend": "anthropic"}, ["ANTHROPIC_API_KEY", "AI_MODEL"]),
        ({"ai_backend": "openai"}, ["OPENAI_API_KEY", "AI_MODEL"]),
        ({**OWN, "ai_model": ""}, ["AI_MODEL"]),
        ({**BOT, "dispatchbot_url": "bot.example.com"}, ["DISPATCHBOT_URL"]),
        ({**BOT, "dispatchbot_url": "https://"}, ["DISPATCHBOT_URL"]),
        ({**BOT, "dispatchbot_url": "https://bot:99999"}, ["DISPATCHBOT_URL"]),
        ({**BOT, "dispatchbot_url": "http://bot.example.com"}, ["DISPATCHBOT_URL"]),
        ({**OWN, "openai_base_url": "http://8.8.8.8/v1"}, ["OPENAI_BASE_URL"]),
    ],
    ids=str,
)
def test_what_cannot_work_is_named(given, variables):
    assert problems(**given) == variables


@pytest.mark.parametrize("url", ["http://bot:8000", "http://10.0.0.7", "http://[::1]:80", "http://bot.internal"])
def test_a_host_of_ones_own_network_needs_no_https(url):
    assert problems(dispatchbot_url=url, dispatchbot_api_key="k") == []


def test_development_needs_neither_key_nor_https():
    assert problems(production=False, dispatchbot_url="http://bot.example.com") == []


def test_a_missing_package_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(config_module, "find_spec", lambda name: None)

    assert list(Config(**CLAUDE).problems(production=True)) == [
        ("AI_BACKEND", "anthropic needs its package: pip install -r requirements/llm.txt")
    ]


def test_no_key_is_in_a_traceback():
    assert "sk-secret" not in repr(Config(anthropic_api_key="sk-secret", openai_api_key="sk-secret"))


def test_the_start_stops_with_the_variable_s_name():
    env = {**os.environ, "NEVERMISSCALL_ENV_FILES": "0", "AI_BACKEND": "openai", "OPENAI_API_KEY": "k"}
    run = subprocess.run(
        [sys.executable, "-c", "import nevermisscall.settings"], cwd=BASE_DIR, env=env, capture_output=True, text=True
    )

    assert "AI_MODEL: set it, because AI_BACKEND is openai; AI_BACKEND=rules needs nothing" in run.stderr


def test_a_key_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("from-a-file\n")
    env = {
        **os.environ,
        "NEVERMISSCALL_ENV_FILES": "0",
        "DISPATCHBOT_URL": "https://bot.example.com",
        "DISPATCHBOT_API_KEY_FILE": str(tmp_path / "key"),
    }
    code = "from nevermisscall.settings import DISPATCHERS as d; print(d.backend, d.dispatchbot_api_key)"
    run = subprocess.run([sys.executable, "-c", code], cwd=BASE_DIR, env=env, capture_output=True, text=True)

    assert run.stdout == "dispatchbot from-a-file\n"


# --- the chain that is built


@pytest.mark.parametrize(
    ("given", "asked"), [({}, []), (BOT, ["dispatchbot"]), (CLAUDE, ["anthropic"]), (OWN, ["openai"])]
)
def test_the_configured_one_comes_first_and_has_a_breaker(given, asked):
    assert list(build(Config(**given), rules=RulesDispatcher()).breakers()) == asked


def test_a_service_that_is_down_is_made_good_by_the_rules(nobody):
    seen = []
    chain = build(Config(dispatchbot_url=nobody), rules=RulesDispatcher(), observe=seen.append)
    turn = chain.answer(request("My kitchen sink is leaking"))

    assert "automated assistant" in turn.answer.message_to_customer
    assert (turn.given_by, turn.health, seen) == ("rules", "degraded", [turn])


def test_a_service_that_is_up_answers(server):
    server.reply(answer_json(message_to_customer="Please leave the house and call 911."))
    chain = build(Config(dispatchbot_url=server.url), rules=RulesDispatcher())
    turn = chain.answer(request("Gas leak in house!"))
    chain.close()

    assert (turn.given_by, turn.health) == ("dispatchbot", "ok")
