"""Words that no customer gets: abuse, what a swindler asks for, and what is no business of a dispatcher."""

import re
from collections.abc import Sequence

from conversations.ai.guards import times
from conversations.ai.guards.reading import Sentence, any_of, claims, words

_INSULTS = words(
    r"f+[u*@]+[c*]+k\w* motherf\w* sh[i1*!]+t\w* bullsh\w* b[i1*]tch\w* a[s$*]{2}(?:holes?|es)? dumb_?ass\w*"
    r" bastards? cunts? dicks? dickheads? piss(?:ed)?_off wtf stfu crap screw_you damn hell idiots? morons? retard\w*"
    r" losers? scum pathetic worthless stupid dumb dumber fool clown jerks? whin(?:y|er|ing) crybaby ugly liar lazy"
    r" crazy annoying ridiculous clueless idiotas? imbecil(?:es)? estupid[oa]s? pendej[oa]s? cabron(?:es|a)?"
    r" put[oa]s? mierda carajo joder chinga\w* culer[oa]s? verga maric\w+ malparid[oa] inutil(?:es)? tont[oa]s?"
    r" ignorantes? ridicul[oa]s? fe[oa]s? gord[oa]s? mentiros[oa]s? loc[oa]s?"
)
_PEOPLE = words(
    "people_like_you your_own_country go_back_to women men gays? lesbians? jews? muslims? christians? immigrants?"
    " foreigners? illegals? black_people white_people mujeres hombres inmigrantes extranjeros ilegales"
)
ABUSE = any_of(
    rf"\b{_INSULTS}\b",
    rf"\b{_PEOPLE}\b",
    r"\b(?:shut up|stop whining|get lost|i hate you|hate you too|nobody likes you|figure it out yourself"
    r"|not my problem|who cares)\b",
    r"\b(?:your own fault|your (?:face|mom|mama)|(?:takes|you're|are) trash|wasting my time|go to hell|hold your)\b",
    r"\b(?:sexy|naked|what are you wearing|horny|nudes?|kiss (?:me|you)|make love)\b|\bi love you\b|\b(?:hi"
    r"|hey) baby\b",
    r"\b(?:regret it|know where you live|hurt you|kill you|watch your back|make you pay|sue you)\b",
    r"\b(?:callese|callate|largo de aqui|larguese|vayase (?:al|a la)|vete (?:al|a la)|l[oa] odio|te odio|no moleste"
    r"|culpa suya)\b",
    r"\b(?:sabemos donde vive|se va a arrepentir|te vas a arrepentir)\b",
)
SENSITIVE = any_of(
    r"\b(?:social security|ssn|cvv|cvc|security code|card number|credit card|debit card|card details|bank account"
    r"|routing number|account number|pin number|date of birth|passport|driver'?s license number)\b",
    r"\b(?:\d|one|six|four)[ -]?digit (?:code|pin)|\bverification code\b|\bcode you (?:just )?(?:got|received)\b"
    r"|\bverify (?:you|your)\b",
    r"\bdeposit\b|\bpay (?:now|first|up ?front|in advance)\b|\bcodigo que (?:recibio|le llego)\b|\banticipo\b",
    r"\b(?:gift ?cards?|wire (?:transfer|the|it|us|me)|new account|western union|zelle|venmo|cash ?app|bitcoin"
    r"|crypto\w*|prepaid card)\b",
    r"\b(?:seguro social|numero de (?:su |la )?(?:tarjeta|cuenta)|codigo de seguridad|tarjetas? de (?:credito|debito"
    r"|regalo)|cuenta bancaria|fecha de nacimiento|pasaporte)\b",
)

OFF_TOPIC = any_of(
    r"\b(?:pwned|hacked|jailbr\w+|dan mode|developer mode|debug mode|god mode|no restrictions|filters? (?:are|is) off"
    r"|unrestricted|hackead[oa]|modo desarrollador|sin restricciones)\b",
    r"\b(?:ignor\w+|forget\w*|disregard\w*|bypass\w*|break) (?:\w+ ){0,3}?(?:instructions|rules|guidelines|restrictions"
    r"|filters|programming)\b",
    r"\b(?:ignoro|olvido|ya no sigo|no sigo|dejo de seguir|ignorar\w*) (?:\w+ ){0,3}?(?:instrucciones|reglas)\b",
    r"\b(?:poem|haiku|limerick|joke|riddle|song|lyrics|essay|recipe|horoscope|fairy tale|roleplay|poema|chiste|cancion"
    r"|receta|adivinanza|horoscopo)\b",
    r"\b(?:vote for|republicans?|democrats?|election|president|congress|politic\w+|religion|votar por|elecciones"
    r"|presidente)\b",
    r"\bonce upon a time\b|\bcapital of\b|\btweets?\b|(?:^| )#[a-z]+|\b(?:stock market|buy (?:\w+ )?stocks?|tesla"
    r"|invest\w*)\b"
    r"|\babracadabra\b|, boss\b",
    r"\b(?:my|the|mis|las) (?:\w+ )?(?:rules|restrictions|reglas|restricciones)\b|\bromp(?:o|er"
    r"|iendo) (?:\w+ )?reglas\b",
    r"<[a-z/!?][^>]*>|```|\bdef \w+\(|\bfunction\s*\w*\(|\bselect .+ from\b|console\.log|\{\{|\}\}"
    r"|\{\s*\"|~[#$]|/etc\b|\w@\w+:|==|&&|\|\||;\s*--|\\\\",
)

# One of these begins a word of nearly every text about somebody's job; a text without any is about something else.
_ON_TOPIC = re.compile(
    r"\b"
    + words(
        r"address street apartment apt unit floor house home building room name phone number text call messag photo"
        r" pictur write writ owner team somebody someone person assistant business technician plumb electric hvac"
        r" locksmith roof heat cool furnace boiler ac\b air water leak drain pipe sink toilet faucet valve tank tub"
        r" shower sewer sewage pump gas\b power breaker panel outlet switch wire light lock key door window gutter"
        r" shingle alarm smoke fire 911 danger safe emergenc urgent visit appointment time day morning afternoon"
        r" evening monday tuesday wednesday thursday friday saturday sunday today tomorrow when book confirm request"
        r" cancel schedul available open closed hours price cost quote estimate charg service area serve job work fix"
        r" repair problem issue dispos noise sound button reset help thank thx sorry welcome glad hello hi\b ok\b"
        r" okay got_it great sure bet\b understand note pass ask tell question know detail brand model describe"
        r" happen start stop anything_else discount descuento install replac repip take_care website page review"
        r" licen[sc]e direccion calle casa departamento"
        r" piso cuarto nombre telefono numero mensaj llam foto escrib dueno equipo alguien persona asistente tecnico"
        r" plomer cerraj techo calef calent aire agua fuga gote desague drenaje tubo tuberia fregadero lavabo inodoro"
        r" bano llave luz enchufe cable cerradura puerta ventana alarma humo fuego peligro emergencia urgente visita"
        r" cita hora dia manana tarde noche lunes martes miercoles jueves viernes sabado domingo hoy cuando solicit"
        r" libre abrimos abiert cerrad precio cuesta presupuesto servicio zona trabajo arregl repar problema ayud"
        r" gracias lamento perdon gusto hola claro entiendo avis paso_su pregunt detalle marca modelo cuent empez"
        r" de_nada triturador ruido encien"
    )
)
_SAME_WORD = re.compile(r"\b(\w+)(?: \1\b){3,}")


def violations(text: Sequence[Sentence]) -> set[str]:
    """Return the names of the rules that the sentences of `text` break: abuse, sensitive or off topic."""
    broken = set()
    for sentence in text:
        if claims(sentence, ABUSE, unless_denied=False):
            broken.add("abuse")
        if claims(sentence, SENSITIVE):
            broken.add("sensitive")
        if claims(sentence, OFF_TOPIC) or _SAME_WORD.search(sentence.text):
            broken.add("off topic")
    if sum(len(sentence.text.split()) for sentence in text) > 3 and not any(map(_is_on_topic, text)):
        broken.add("off topic")
    return broken


def _is_on_topic(sentence: Sentence) -> bool:
    return bool(_ON_TOPIC.search(sentence.text) or times.names_date(sentence.text))
