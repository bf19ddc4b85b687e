"""Which work a text asks for, of which trade, in two languages; and that the vocabulary itself is in order."""

import pytest

from conversations.ai.protocol import URGENCY_LEVELS
from conversations.ai.rules.reading.vocabulary import TRADES, is_about, recognise, trade_of
from nevermisscall.lib.segments import is_gsm7

JOBS = {
    "plumbing_drain": [
        "kitchen sink clogged need help",
        "my tub drains really slow",
        "se me tapó el fregadero",
        "hay que destapar un drenaje",
    ],
    "plumbing_toilet": ["toilet wont flush", "my toilet keeps running", "el inodoro está tapado"],
    "plumbing_leak": ["water leaking from ceiling", "leaky pipe under the sink", "tengo una fuga de agua"],
    "plumbing_pipe": ["a pipe froze and cracked", "hay un tubo roto"],
    "plumbing_water_heater": ["no hot water", "the water heater is leaking", "mi calentador no prende"],
    "plumbing_faucet": ["bathroom faucet dripping", "el grifo gotea"],
    "plumbing_disposal": ["garbage disposal not working", "no sirve el triturador"],
    "plumbing_sewer": ["sewer line is backed up", "se tapó la fosa séptica"],
    "plumbing_water_pressure": ["low water pressure", "no hay agua"],
    "plumbing_sump_pump": ["sump pump quit"],
    "plumbing_gas_line": ["need a gas line for my stove"],
    "plumbing_install": ["install a dishwasher"],
    "plumbing_fixture": ["can someone look at my sink"],
    "electrical_outlet": ["outlet stopped working", "no funciona el enchufe de la sala"],
    "electrical_breaker": ["breaker keeps tripping", "se bota la pastilla"],
    "electrical_power": ["no power in half the house", "no hay luz en la cocina"],
    "electrical_lighting": ["lights flickering in the hallway", "la lámpara no prende"],
    "electrical_fan": ["install a ceiling fan", "poner un ventilador de techo"],
    "electrical_panel": ["panel upgrade to 200 amp", "cambiar el tablero"],
    "electrical_wiring": ["rewire an old house", "cableado viejo"],
    "electrical_ev_charger": ["install an ev charger"],
    "electrical_generator": ["need a generator hooked up"],
    "electrical_doorbell": ["the doorbell doesn't work", "no sirve el timbre"],
    "electrical_smoke_detector": ["smoke detector keeps chirping"],
    "hvac_cooling": ["AC not cooling", "my ac is leaking water", "no enfría el aire"],
    "hvac_heating": ["furnace won't turn on", "no heat", "mi calefacción no prende"],
    "hvac_thermostat": ["thermostat is blank", "el termostato no sirve"],
    "hvac_ducts": ["air duct cleaning"],
    "hvac_maintenance": ["ac tune up", "limpieza de minisplit"],
    "hvac_install": ["need a new ac unit installed"],
    "locksmith_lockout_car": ["locked my keys in my car", "dejé las llaves dentro del carro"],
    "locksmith_lockout_home": ["locked out of my house", "me quedé afuera de mi casa"],
    "locksmith_car_key": ["lost my car key", "perdí las llaves de mi carro"],
    "locksmith_rekey": ["rekey 3 locks", "necesito cambiar la chapa"],
    "locksmith_lock_repair": ["my lock is jammed and needs repair"],
    "locksmith_key_copy": ["copies of a key", "quiero copias de una llave"],
    "locksmith_safe": ["can't open my safe"],
    "roofing_leak": ["the roof is leaking", "gotera en el techo", "water stain on the ceiling"],
    "roofing_storm": ["hail damage", "daño por granizo en el techo"],
    "roofing_shingles": ["missing shingles", "se cayeron unas tejas"],
    "roofing_gutters": ["gutters need cleaning", "limpiar las canaletas"],
    "roofing_inspection": ["roof inspection for insurance"],
    "roofing_replacement": ["I want a new roof"],
    "general_drywall": ["hole in the drywall"],
    "general_painting": ["paint my bedroom", "quiero pintar la casa"],
    "general_door": ["door won't close, broken hinge"],
    "general_window": ["cracked window glass"],
    "general_assembly": ["mount a tv on the wall"],
    "general_fence": ["fix my fence"],
    "general_floor": ["loose floor tile"],
    "general_appliance": ["my dryer is broken"],
}


@pytest.mark.parametrize(("job", "text"), [(job, text) for job, texts in JOBS.items() for text in texts])
def test_the_job_is_recognised_by_a_business_that_does_it(job, text):
    assert recognise(text, job.split("_")[0]).job.type == job


def test_every_job_of_the_vocabulary_has_an_example():
    assert {job.type for trade in TRADES for job in trade.jobs} == set(JOBS)


@pytest.mark.parametrize(
    ("trade", "text", "foreign"),
    [
        ("plumbing", "the roof is leaking", "roofing"),
        ("plumbing", "my ac is leaking water", "hvac"),
        ("plumbing", "do you do roofing?", "roofing"),
        ("electrical", "my toilet is clogged", "plumbing"),
        ("hvac", "locked out of my house", "locksmith"),
        ("roofing", "furnace won't turn on", "hvac"),
        ("locksmith", "se me tapó el fregadero", "plumbing"),
    ],
)
def test_work_of_another_trade_is_known_as_such(trade, text, foreign):
    seen = recognise(text, trade)

    assert (seen.job, seen.foreign.key) == (None, foreign)


@pytest.mark.parametrize(
    ("trade", "text"), [("plumbing", "there is a leak"), ("roofing", "there is a leak"), ("hvac", "it is leaking")]
)
def test_what_several_trades_do_is_ours(trade, text):
    assert recognise(text, trade).job.trade == trade


@pytest.mark.parametrize(
    "text", ["hi", "I need help", "can you come tomorrow?", "how are you", "I need a plumber", "necesito ayuda"]
)
def test_no_job_is_made_up(text):
    assert recognise(text, "plumbing").job is None


@pytest.mark.parametrize(
    "text",
    [
        "my bathroom light went out after the leak",
        "There is a leak in my apartment. My AC is fine.",
        "I manage 3 units that need water heaters",
    ],
)
def test_ours_among_others_work_is_ours(text):
    assert recognise(text, "plumbing").job.trade == "plumbing"


def test_a_general_business_does_every_trade():
    assert recognise("the roof is leaking", "general").job.type == "roofing_leak"


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("Plumber", "plumbing"),
        ("HVAC", "hvac"),
        ("electrician", "electrical"),
        ("cerrajero", "locksmith"),
        ("Tree care", "tree_care"),
        ("", "general"),
    ],
)
def test_a_trade_has_many_names(word, key):
    assert trade_of(word).key == key


def test_the_name_of_an_estimate_means_a_job():
    drain = recognise("my sink is clogged", "plumbing").job

    assert is_about("drain_cleaning", drain)
    assert not is_about("water_heater_install", drain)


@pytest.mark.parametrize("job", [job for trade in TRADES for job in trade.jobs], ids=lambda job: job.type)
def test_a_job_is_complete_and_cheap_to_text(job):
    assert job.urgency in URGENCY_LEVELS
    assert set(job.label) == {"en", "es"}
    assert set(job.question) in (set(), {"en", "es"})
    assert all(is_gsm7(text) for text in (*job.label.values(), *job.question.values()))
