"""Small grammars of wishes to get no more texts, and of what only looks like one.

Each is a list of slots, each slot its choices between bars; a sentence takes one choice of each.
"""

import itertools
import random

REVOKES = [
    [
        "|please |hey |can you please |i need you to |i asked you to |i'd like you to |you need to |just ",
        "stop |quit |cease ",
        "texting|messaging|contacting|spamming|bothering|sending texts to|sending messages to|sending stuff to",
        " me| us| this number| my number",
        "| anymore| please| thanks| asap| immediately| for good| or i'll report you",
    ],
    [
        "|please |hey |i said |again |i'm asking you to please ",
        "don't |do not |never |don't ever ",
        "text|message|contact|call or text|write to|bother|reach out to|send any more texts to|keep texting",
        " me| us| this number| my number",
        "| anymore| again| please| for any reason| from now on| in the future",
    ],
    [
        "can you |could you |please |i asked you |i told you |i'd rather you ",
        "not |not to |please not ",
        "text|message|contact",
        " me| us| this number",
        "| anymore| again| please| ever again",
    ],
    [
        "|please |ok |i want |thanks but |i said ",
        "no more |no further |enough of the ",
        "texts|messages|text messages|sms|communication|promotional texts|of your texts",
        "| please| thanks| from you| to this number",
    ],
    [
        "i |we |sorry but i ",
        "don't |do not |no longer |really don't ",
        "want |wish to receive |want to get |need |care for |like getting |want to be getting ",
        "|any |your |these |any more of your ",
        "texts|messages|notifications",
        "| anymore| from you| at all| on my phone",
    ],
    [
        "|please |can you |i want you to |kindly ",
        "remove |delete |take |get |scrub ",
        "me |my number |my name |this number |us |my info ",
        "from |off |out of |off of ",
        "your |the |ur |your company's |all your ",
        "list|system|database|contacts|texting list|phone|records",
        "| please| now| thanks",
    ],
    [
        "i want to be |how can i be |please have me |can i be ",
        "removed from |taken off |taken off of |deleted from ",
        "your list|the list|your system|your text list",
    ],
    [
        "i |we |you ",
        "never gave |did not give |don't have |no longer have ",
        "|you |my |you guys ",
        "permission |consent ",
        "to text|to contact|to send texts to|to call or text",
        " me| this number",
    ],
    [
        "i |we ",
        "never |didn't |did not ",
        "sign up for |subscribe to |ask for |agree to |agreed to receive |request ",
        "|these |your |any of these ",
        "texts|messages|notifications",
    ],
    [
        "|por favor |ya |oiga |les pido que |quiero que ",
        "no |ya no |nunca más ",
        "me |nos ",
        "escriban|contacte|molesten|manden mensajes|envíe más mensajes|manden nada|sigan escribiendo",
        "| por favor| gracias| a este número| a mi celular",
    ],
    [
        "|por favor |quiero que |podrían |favor de ",
        "dejen de |deje de |dejar de |paren de ",
        "escribirme|mandarme mensajes|molestarme|mandar textos|estar mandando mensajes|acosarme|estarme escribiendo",
        "| por favor| ya| a este número",
    ],
    [
        "|ya |por favor |disculpe ",
        "no quiero |no deseo |no necesito |no autorizo ",
        "|recibir |más |que me manden |que me sigan mandando |seguir recibiendo ",
        "mensajes|sus mensajes|textos|promociones",
        "| por favor| de ustedes| en mi celular",
    ],
    [
        "|por favor |favor de |pueden |quiero que ",
        "quítenme |sáquenme |bórrenme |me quiten |me saquen |eliminarme |quiten mi número |remuevan mi número ",
        "de la lista|de su lista|de su sistema|de su base de datos|de sus contactos",
        "| por favor| ya",
    ],
    [
        "no di |nunca les di |no tienen |no le he dado |no dimos ",
        "|mi ",
        "permiso |consentimiento |autorización ",
        "para que me escriban|para mandarme mensajes|para recibir mensajes|de mandarme textos",
    ],
]

KEEPS = [
    [
        "|please |hey ",
        "don't |do not ",
        "text me|contact me|message us|call or text me|send messages",
        " before 8| after 9pm| while i'm at work| until tomorrow| tonight| unless it's urgent| when the baby sleeps",
    ],
    [
        "|please ",
        "don't text |do not contact |stop texting |stop bothering ",
        "my tenant|the landlord|the neighbors|him|them|my husband|my wife, text me|the office, they don't answer",
    ],
    [
        "|sorry but ",
        "i never got |i did not get |i haven't received |there is no |you never sent |i have no |there were no more ",
        "text|messages from you|text from the plumber|message about the time|communication from your office",
        "| yet| today| since monday",
    ],
    [
        "they |he |the last plumber |your guy |nobody ",
        "never |didn't |doesn't ",
        "texted me back|contacted us|messaged me|called or texted me|reached out to us|wrote me back|sent me a text",
        "| today| yesterday| like promised",
    ],
    [
        "|please |can you |i need you to |how do i ",
        "stop |end |turn off |stop by ",
        "the leak|the water|the noise|the alarm|the sprinkler|the house",
        "| today| until you get here| and text me when done",
    ],
    [
        "i |we ",
        "don't want |don't need |no longer need |don't like |am not interested in ",
        "the upgrade|to pay extra|you to come today|to wait|to text, can you call|you to contact my landlord",
        "| please| today",
    ],
    [
        "|please |can you ",
        "remove |take |pull |delete ",
        "the old toilet|the pump|that appointment|my old heater|the number of the inspector",
        " from the basement| off the wall| off the schedule| from the list of work| from your calendar",
    ],
    [
        "i told |we asked |i had to tell ",
        "the last guy |my ex plumber |them at the other company |him |my kids ",
        "to stop |not to ",
        "texting me|calling us|text me",
    ],
    [
        "|por favor |oiga ",
        "no me ",
        "escriban|manden mensajes|contacten|llamen",
        " antes de las 8| hoy| hasta mañana| en la noche| cuando estoy en el trabajo| por la tarde",
    ],
    [
        "|hola ",
        "nunca recibí |no recibí |no tengo |todavía no me llega |no hay ",
        "ningún mensaje|su mensaje|mensajes de ustedes|el texto|aviso",
        "| hoy| todavía|, me lo reenvía?",
    ],
    [
        "|por favor |pueden ",
        "paren |detengan |cancelen |quiten |saquen |borren ",
        "la fuga|el agua|el ruido|la cita|el inodoro|el calentador",
        "| hoy| de la lista| y mándeme mensaje",
    ],
    [
        "|mejor ",
        "no le escriba a |no contacte a |no le manden mensajes a |dejen de llamar a ",
        "mi esposo|la dueña|los vecinos|la oficina",
        "|, escríbame a mí| por favor",
    ],
]


def sentences(grammar: list[list[str]], *, each: int) -> list[str]:
    """Return up to `each` sentences of each list of slots, always the same ones."""
    dice = random.Random(1)
    found = []
    for slots in grammar:
        every = ["".join(parts).strip() for parts in itertools.product(*(slot.split("|") for slot in slots))]
        found += dice.sample(every, min(each, len(every)))
    return found
