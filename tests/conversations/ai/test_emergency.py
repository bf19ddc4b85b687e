"""Which texts are emergencies: a labelled set, half of which nobody looked at while the words were written."""

import csv
import re
import time
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.ai.emergency import assess, hunch, safety, safety_words, terms
from conversations.ai.emergency.spelling import Speller
from nevermisscall.dev import weigh_emergencies
from nevermisscall.lib.segments import segments

TEXTS = Path(__file__).with_name("emergency_texts.tsv")
# The set that nobody tuned for: what it measures is what strangers' texts get. docs/emergencies.md has the table.
LEAST = {"seen": (0.98, 0.98), "held back": (0.98, 0.95)}  # recall, precision


def labelled() -> list[dict[str, str]]:
    with TEXTS.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def measure(rows: list[dict[str, str]]) -> tuple[float, float]:
    """Recall and precision of `emergency` against everything else."""
    found = Counter(
        (row["label"] == "emergency", assess(row["text"], trade=row["trade"]).level == "emergency") for row in rows
    )
    right = found[True, True]
    return right / (right + found[True, False]), right / (right + found[False, True])


def shipped() -> str:
    return Path(safety.__file__).with_name("safety_words.toml").read_text("utf-8")


def without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


@pytest.mark.parametrize("half", LEAST)
def test_emergencies_are_found_and_little_else(half):
    rows = [row for row in labelled() if row["half"] == half]
    for language in ("en", "es", "both"):
        recall, precision = measure([row for row in rows if language in (row["language"], "both")])
        print(f"{half}, {language}: recall {recall:.3f}, precision {precision:.3f}")  # noqa: T201 - shown by -rP

    assert recall >= LEAST[half][0]
    assert precision >= LEAST[half][1]


@pytest.mark.parametrize(
    "text",
    [
        "Emergency: basement flooding!",
        "basement flooding emergency!",
        "no hot water and pipes frozen",
        "electrical fire in kitchen",
        "Gas leak in house!",
        "electrical sparks",
        "not sure but I smell gas",
        "the leak stopped but now the outlet is sparking",
        "HAY FUGA DE GAS EN MI CASA",
        "basment floding help",
    ],
)
def test_it_is_an_emergency(text):
    assert assess(text, trade="general").level == "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "This is not an emergency, my sink drips",
        "no rush, the leak stopped",
        "do you do gas work?",
        "it leaked last year",
        "how much for smoke detector install?",
        "no hay fuga de gas, solo quiero un presupuesto",
        "your ad is fire",
        "meet me at the gas station",
        "my kitchen sink is blocked, need help today",
    ],
)
def test_it_is_none(text):
    assert assess(text, trade="general").level != "emergency"


@given(st.text(max_size=1600))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_it(text):
    assert assess(text, trade="plumbing").level in {"emergency", "urgent", "none"}


@given(
    st.sampled_from(labelled()),
    st.sampled_from([str.upper, str.title, without_accents, lambda text: f"{text}!!", lambda text: f"  {text} ."]),
)
@settings(max_examples=200, deadline=None)
def test_case_accents_and_marks_at_the_end_change_nothing(row, change):
    assert assess(change(row["text"]), trade=row["trade"]).level == assess(row["text"], trade=row["trade"]).level


@given(
    st.sampled_from(["My faucet drips.", "Can you come on Friday?", "The door sticks.", "Thanks", "Quiero una cita"])
)
def test_what_is_called_no_emergency_is_none(text):
    assert assess(f"This is not an emergency. {text}", trade="plumbing").level != "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "gas ",
        "water. ",
        "no, ",
        "smell gas no ",
        "🔥",
        "\ufdfa",
        "1 a b ",
        "floodxing smokxing ",
        "aaa bbb ",
        "(((",
        "x",
        "911 ",
    ],
)
def test_hostile_texts_take_no_longer_than_others(text):
    ordinary = "my kitchen sink is blocked and I need somebody today, it is 12 Oak Street, when can you come? " * 20
    hostile = text * (100_000 // len(text))

    assert fastest(hostile) < 12 * fastest(ordinary)


def fastest(text: str) -> float:
    """Seconds of the processor: the machine may be busy, and may count lines."""
    spent = []
    for _ in range(9):
        started = time.thread_time()
        assess(text, trade="plumbing")
        spent.append(time.thread_time() - started)
    return min(spent)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("flodding", "flooding"),
        ("basment", "basement"),
        ("gaz", "gas"),
        ("leek", "leak"),
        ("meltin", "melting"),
        ("smoooke", "smoke"),
        ("inundasion", "inundacion"),
        ("flooring", "flooring"),
        ("thought", "thought"),
        ("42", "#cold"),
    ],
)
def test_typos_lead_to_the_word_that_was_meant(written, meant):
    assert terms.terms().speller.correct(written) == meant


def test_a_short_word_is_another_with_a_letter_doubled_or_two_swapped_only():
    speller = Speller({"fire"}, {}, {"fire"}, ())

    assert [speller.correct(word) for word in ("ffire", "fier", "fine")] == ["fire", "fire", "fine"]


def test_the_answer_says_what_it_was_told_by():
    found = assess("Hola, huele a gas en la cocina", trade="general")

    assert (found.kind, found.is_life_safety, found.matched, found.language) == ("gas", True, "gas … huele", "es")


def test_what_is_contained_is_urgent_unless_a_life_is_at_risk():
    assert assess("A pipe burst but the main is off", trade="plumbing").level == "urgent"
    assert assess("I smell gas, I closed the valve", trade="plumbing").level == "emergency"


@pytest.mark.parametrize("language", terms.LANGUAGES)
@pytest.mark.parametrize("kind", [kind for kind, is_life_safety in terms.terms().kinds.items() if is_life_safety])
def test_where_a_life_is_at_risk_the_words_say_911(kind, language):
    assert "911" in safety_words(kind, language)


@pytest.mark.parametrize("language", terms.LANGUAGES)
@pytest.mark.parametrize("kind", terms.terms().kinds)
def test_the_words_fit_two_texts_and_name_no_price(kind, language):
    words = safety_words(kind, language)

    assert segments(words) <= 2
    assert not re.search(r"[$€]|\b(?:minutes?|minutos?|hours?|horas?)\b", words)


def test_a_kind_without_words_of_its_own_has_the_general_ones():
    assert safety_words("no such kind", "fr") == safety_words("other", "en")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[en", "not TOML"),
        ("[en]\nfire = 'x'", "en has no words for"),
        (shipped().replace("Salga del", "Salga ya rápido del"), "es.gas: a letter is not in GSM-7"),
        (shipped().replace("[es]", "[es]\nroof = '911'"), "es.roof: it names 911 if"),
        (shipped().replace("[es]", "[es]\nroom = 'x'"), "es: no such kind: room"),
        (shipped().replace("Salga del", "Salga del " * 30), "es.gas: .* characters, 300 fit"),
    ],
    ids=["no TOML", "missing", "no GSM-7", "911", "no kind", "long"],
)
def test_wrong_safety_words_are_refused_by_name(text, fault):
    with pytest.raises(terms.WrongData, match=fault):
        safety.parse_safety_words(text)


LISTS = """
misspelt = ["smoke"]
ordinary = ["spoke"]
[words]
smoke = ["smoke/s"]
room = ["room"]
[markers]
negation = ["no"]
[innocent]
fire = ["smoke shop"]
[spelled]
smoke = "smok"
"""
SIGNS = '[fire]\nlife_safety = true\nemergency = [{ needs = "smoke + room" }]\n'


def test_a_small_file_is_enough():
    read = terms.parse(SIGNS, {"en": LISTS})

    assert read.kinds == {"fire": True}
    assert read.phrases["smokes",].meanings == {"smoke"}
    assert read.speller.correct("smok") == "smoke"


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("[innocent]", "[innocent", "en.toml: not TOML"),
        ("[innocent]", "[inocent]", "en.toml: .* look at innocent, inocent"),
        ("negation", "negaton", "en.toml: markers.negaton: there is no such marker"),
        ("smoke/s", "Smoke", "en.toml: words.smoke: “Smoke”: write it in small letters"),
        ("smoke shop", "smoke", "“smoke”: it is innocent and means smoke too"),
        ("smoke shop", "smoke +shop", "“smoke shop”: shop means nothing by itself"),
        ('"smok"', '"smokes"', "spelled: smokes: a list has it"),
        ('smoke = "smok"', 'smock = "smok"', "spelled: smock: no list has the word"),
        ('["smoke"]', '["smog"]', "misspelt: smog: no list has it"),
        ('["spoke"]', '["smokes"]', "ordinary: smokes: a list has it too"),
        ('["room"]', '["#big room"]', "words: #big: the numbers are"),
        ('room = ["room"]', 'room = ["room"]\nidle = ["x"]', "words.idle: no sign asks for them"),
        ("life_safety = true", 'life_safety = "yes"', "signs.toml: fire: it has life_safety"),
        ("smoke + room", "smoke + rom", "signs.toml: fire: “smoke . rom”: no list of words is called rom"),
        ('room" }', 'room", untill = "x" }', "signs.toml: fire: .*: a sign has needs"),
        ("emergency =", "emergencies =", "signs.toml: fire: it has life_safety"),
    ],
    ids=lambda value: re.sub(r"\W+", " ", value)[:30],
)
def test_wrong_terms_are_refused_by_name(right, wrong, fault):
    with pytest.raises(terms.WrongData, match=fault):
        terms.parse(SIGNS.replace(right, wrong), {"en": LISTS.replace(right, wrong)})


@pytest.mark.parametrize(
    ("text", "fault"),
    [("fire\t1.2\n", "has no bias"), ("\t-1\nfire\n", "line 2 has no weight")],
    ids=["bias", "weight"],
)
def test_wrong_weights_are_refused_by_line(text, fault):
    with pytest.raises(terms.WrongData, match=fault):
        hunch.parse_weights(text)


def test_words_that_no_list_has_are_heard():
    found = assess("my boy is shut in the truck and its boiling out here, please", trade="locksmith")

    assert found.level == "emergency"


def test_the_weights_are_those_of_the_texts():
    bias, weights = weigh_emergencies.learn(weigh_emergencies.examples())
    shipped_bias, shipped = hunch.parse_weights(hunch.FILE.read_text("utf-8"))

    assert shipped_bias == pytest.approx(bias, abs=0.01)
    assert shipped == pytest.approx(weights, abs=0.01)
