"""Nothing is promised that is not so: nobody is on the way, a visit is booked only when it is confirmed, nothing is
guaranteed. Which times may be named at all is in `diary`.
"""

import re
from collections.abc import Sequence

from conversations.ai.guards import times
from conversations.ai.guards.diary import Diary
from conversations.ai.guards.reading import Sentence, any_of, is_denied
from conversations.ai.protocol import Answer, Request

_TRADES = r"(?:plumber|electrician|tech\w*|locksmith|roofer|team|crew|guy|man|owner|person|pro|expert|specialist)"
_WHO = rf"(?:we|i|he|she|they|someone|somebody|help|(?:a|an|the|our|your|my) (?:\w+ )?{_TRADES}|technicians?|plumbers?)"
_COME = (
    r"(?:be (?:there|at (?:your|the)|with you|over|out|by|on site|onsite|right)|arrive|come|show up|get (?:there"
    r"|to you)"
    r"|stop by|swing by|head (?:over|out|your way)|drive|visit|knock|fix (?:it|that|this)|have (?:someone|somebody"
    r"|an? \w+)"
    rf"|send (?:someone|somebody|help|him|her|them|(?:a|an|the|our|one of our) {_TRADES}))"
)
_LLEGAR = (
    r"(?:lleg(?:o|a|amos|an|are|ara|aremos|aran|ar)|ir(?:e|a|emos|an)|va[ns]?(?: a (?:ir|llegar|estar|pasar))|vamos"
    r"|estar(?:e|a|emos|an)|pasar(?:e|a|emos|an)|pasamos|estamos (?:ahi|alla|con usted|en su)|(?:manda|envia)(?:mos"
    r"|re|remos|n)?(?: a)? (?:alguien|un|una"
    r"|al)"
    r"|visitar(?:e|a|emos|an)|(?:lo|la|le) atend(?:emos|eremos))"
)
_WILL = r"(?:'ll| will|'s going to|'re going to| is going to| are going to)"
_WILL_WRITE = (  # what somebody will do that is no visit
    r"(?:let (?!ourselves|himself|themselves)|text|confirm|get back|ask|tell|send (?!someone|somebody)|reach out"
    r"|follow up|know|need|be in touch|contact|write"
    r"|answer|reply|respond|give|check|decide|see (?!you)|call|also|then|not|only|explain|read|look into|take a look"
    r"|be able"
    r"|be alerted|be told|have to|want)"
)
_DAYS_ES = r"(?:lunes|martes|miercoles|jueves|viernes|sabado|domingo)"

# Somebody is under way, or as good as.
_COMING = any_of(
    rf"\b{_WHO}(?:'s|'re| is| are|'m| am)? (?:\w+ )?(?:on (?:the|his|her|their|our|my) way|en route|coming|heading"
    rf"|headed)\b",
    r"\bon (?:the|his|her|their|our|my) way\b(?! (?:out|home))|\ben route\b|\bhead(?:ed|ing) (?:your way|over"
    r"|out to)\b",
    rf"\b(?:dispatch|send)(?:ing|ed)? (?:out )?(?:help|someone|somebody|(?:a|an|the"
    rf"|our) {_TRADES})\b.{{0,20}}\b(?:now|right away"
    r"|immediately|over)\b",
    r"\b(?:dispatching|dispatched)\b|\bhelp is coming\b",
    r"\ben camino\b|\b(?:va|vamos|van|salimos|sale) para (?:alla|su casa)\b"
    r"|\bya (?:va|van|vamos|viene|vienen|salio|salimos|sale) (?:para|un|una|el|hacia)\b",
)
# A visit is spoken of as settled.
_BOOKED = r"(?:confirmed|booked|scheduled|reserved|locked in|penciled in|arranged|secured)"
_APARTADO = r"(?:confirmad|reservad|agendad|programad|apartad)[oa]"
_SETTLED = any_of(
    r"\b(?:you're|youre|you are|it's|its|it is|that's|that is|visit is|appointment is|slot is|time is|everything is"
    r"|all|is now"
    r"|been|i've|ive|we've|weve|i have|we have|has been|got you|have you|we|i)"
    rf" (?:\w+ ){{0,2}}?{_BOOKED}\b(?! (?:up|solid|today))",
    rf"\b(?:appointment|visit|booking)\b[^.?]{{0,40}}\b(?:is|was|has been|is now|'s) (?:\w+ )?(?:{_BOOKED}|set)\b",
    r"^(?:confirmed|booked|scheduled|reserved|done(?!.*\bcancel)|all set)\b|\b(?:you're|you are"
    r"|youre) (?:all )?set\b|\ball set (?:for|with)\b",
    r"\bsee you (?:then|there|on|at|tomorrow|today|tonight|this|next|soon|mon|tue|wed|thu|fri|sat|sun|in)",
    rf"\b{_WHO}{_WILL} (?:\w+ )?{_COME}\b",
    r"\b(?:in|on) (?:the|our) (?:calendar|schedule|books)\b|\b(?:put|have|got) you (?:down|in|on)\b|\bexpect (?:us"
    r"|him|her"
    r"|them|our|the)\b",
    r"\b(?:is|are) yours\b|\bit's a date\b|\bwill knock\b|\blooking forward to (?:seeing|meeting)\b",
    r"\byour (?:appointment|visit) (?:is|'s) (?:on|at|for|this|next|tomorrow|today)\b",
    rf"\b(?:esta|queda|quedo|ha sido|fue|ya) (?:\w+ ){{0,2}}?{_APARTADO}\b|^{_APARTADO}\b",
    r"\b(?:he|hemos|ha|han|le) (?:confirm|reserv|agend|program|apart)(?:ado|amos|e|o)\b",
    rf"\b(?:lo|la|le|los|te) esperamos\b|\bnos vemos\b|\bhasta (?:entonces|el {_DAYS_ES})\b",
    rf"\b(?:todo|esta) (?:listo|arreglado)\b|\b{_LLEGAR}\b(?=.*\b(?:a las|hoy|manana|el {_DAYS_ES})\b)",
    rf"\b{_DAYS_ES}\b.*\b{_LLEGAR}\b",
)
# The same, of a day or a time.
_SETTLED_TIME = any_of(
    rf"\b{_WHO}{_WILL} (?!(?:\w+ )?{_WILL_WRITE})\w+",
    r"\b(?:is|are) (?:locked|set|good to go|a go|taken care of|settled|done)\b",
)
# What makes any of that no promise: a wish, a condition, a question still open.
_OPEN_STILL = re.compile(
    r"\b(?:once|until|till|when|if|unless|after|as soon as|before|whether|to be|will be|needs? to|has to|have to"
    r"|must|can be"
    r"|waiting|pending|request\w*|ask\w*|prefer\w*|would|could|can't|shall|cuando|una vez|si(?!,)|hasta que"
    r"|en cuanto|por"
    r"|antes de|falta|solicit\w*|pedi\w*|quiere|gustaria|podemos|puede\w*|podria\w*)\b"
)
_OFFERED = any_of(
    rf"(?:\b(?:will|can|could|going to|able to|is|are|do|yes)|'ll|'re) (?:\w+ ){{0,2}}?{_COME}\b",
    rf"\b(?:podemos|podriamos|puede|pueden)\b.{{0,15}}\b(?:ir|llegar|pasar|estar|mandar|enviar|atender)|\b{_LLEGAR}\b",
)
_SOMEBODY_ACTS = any_of(
    rf"\b{_WHO}\b.*\b(?:{_COME}|call|text|reach|contact|respond|reply|answer|get back|follow up)\b|\b{_COME}\b",
    rf"\bhear (?:from|back)\b|\b(?:{_LLEGAR}|llama\w*|contesta\w*|escrib\w*|comunic\w*|responde\w*)\b",
)
_SOON = re.compile(
    r"\b(?:right away|right now|right over|immediately|asap|as soon as possible|any (?:minute|moment)|momentarily"
    r"|now|soon|shortly"
    r"|in a bit|before (?:lunch|noon|dark|long)|later today|first thing|by (?:the )?end of (?:the )?day"
    r"|this (?:morning|afternoon"
    r"|evening)|enseguida|ahora mismo|de inmediato|inmediatamente|cuanto antes|en un momento|pronto|ya mismo|ahorita"
    r"|a primera hora|en la mañana|esta tarde)\b"
)
_SAME_DAY = any_of(r"\bsame[- ]day\b|\bel mismo dia\b|\bexpect a (?:call|visit|text)\b|\bright over\b")
_WITHIN = re.compile(
    r"\b(?:in|within|under|less than|no more than|en|dentro de|menos de|in about|in under)(?: the next| about"
    r"| menos de)?"
    r" (?:\d+|an?|one|two|three|five|ten|fifteen|twenty|thirty|half an|the|un|una|dos|tres|cinco|diez|quince|veinte"
    r"|treinta"
    r"|media)(?: (?:more|or two|few|next|couple of))?(?:-\d+| (?:to|or|a|o) \d+)?[ -]?"
    r"(?:min|minute|hour|hr|day|week|minuto|hora|dia|semana)s?\b"
)
_GUARANTEES = any_of(
    r"\b(?:guarantee[ds]?|will last|won't (?:leak|break|clog) again|warrant(?:y|ies|ied)|promise[ds]?)\b",
    r"\bnever (?:leak|break|happen|fail|clog)\w* again\b|\b100 ?%",
    r"\b(?:garantiz\w+|garantias?|promet\w+|le aseguro|cien por ciento)\b",
)


def violations(text: Sequence[Sentence], answer: Answer, request: Request) -> set[str]:
    """Return the names of the rules that the sentences of `text` break: time, booked or guarantee."""
    diary = Diary(answer, request)
    broken = set()
    for sentence in text:
        is_settled = _is_settled(sentence)
        if is_settled and not diary.is_confirmed:
            broken.add("booked")
        if _promises_speed(sentence) or diary.has_no(
            sentence,
            is_settled=is_settled,
            is_offer=is_settled or _says(sentence, _OFFERED),
            is_open=_OPEN_STILL.search(sentence.text) is not None,
        ):
            broken.add("time")
        if _says(sentence, _GUARANTEES):
            broken.add("guarantee")
    return broken


def _says(sentence: Sentence, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Tell whether `sentence` says one of `patterns`, and neither denies it nor makes it depend on something."""
    for pattern in patterns:
        if match := pattern.search(sentence.text):
            before = sentence.text[: match.start()]
            if not (is_denied(before) or is_denied(match[0]) or _OPEN_STILL.search(before)):
                return True
    return False


def _is_settled(sentence: Sentence) -> bool:
    if sentence.is_question:
        return False
    names_time = times.names_day(sentence.text) or times.clocks(sentence.text)
    return _says(sentence, _SETTLED) or bool(names_time and _says(sentence, _SETTLED_TIME))


def _promises_speed(sentence: Sentence) -> bool:
    """Tell whether somebody is on the way, or is to come or to call within so many minutes."""
    if _says(sentence, _COMING):
        return True
    if sentence.is_question:
        return False
    within = _WITHIN.search(sentence.text)
    if within and any(pattern.search(sentence.text) for pattern in _SOMEBODY_ACTS):
        return not is_denied(sentence.text[: within.start()])
    return _says(sentence, _SAME_DAY) or (_says(sentence, _OFFERED) and _SOON.search(sentence.text) is not None)
