"""What people write when they want no more texts, in English and Spanish: spellings and rules, as data.

Rules are regular expressions over simplified text: lower case, no accents, no apostrophes, each word of `SPELLINGS`
replaced by its key. Every text is cut into clauses at its punctuation; `^` and `$` mean the ends of a clause.
`tests/tenants/revocation_phrases.py` holds the phrases that each change here is measured on.
"""

from dataclasses import dataclass

# key → words that mean the same to the rules
SPELLINGS: dict[str, str] = {
    # English
    "stop": "stop stp sotp stpo stopp quit cease",
    "dont": "dont dnt donot",
    "text": (
        "text texts texting texted txt txts txting txtn txtin textin message messages messaging msg msgs msging sms "
        "communication communications mensaje mensajes mensages mensajito mensajitos msj msjs texto textos"
    ),
    "contact": "contact contacting contacted bother bothering bug bugging spam spamming harass harassing annoying",
    "call": "call calls calling",
    "send": "send sending sends",
    "get": "get getting receive receiving",
    "remove": "remove removed removing delete erase",
    "number": "number phone cell num",
    "list": "list lists system database",
    "please": "please pls plz plse kindly",
    "you": "you u yall",
    "your": "your ur",
    # Spanish. Subjunctives and imperatives only: “no me escriben” complains of silence.
    "escriba": (
        "escriba escriban escribas escriva escrivan contacte contacten contactes moleste molesten molestes "
        "textee texteen textees testeen fastidie fastidien"
    ),
    "mande": "mande manden mandes envie envien envies",
    "llame": "llame llamen llames",
    "vuelva": "vuelva vuelvan vuelvas",
    "escribirme": "escribirme contactarme molestarme textearme mandarme enviarme llamarme fastidiarme",
    "escribir": "escribir contactar molestar textear",
    "mandar": "mandar enviar mandando enviando",
    "deje": "deje dejen deja dejar dejes",
    "dejeme": "dejeme dejenme dejame dejenos dejennos",
    "quite": "quite quiten quita borre borren borra elimine eliminen elimina",
    "quiteme": (
        "quiteme quitenme quitame quitarme kitenme kiteme borreme borrenme borrame borrarme "
        "elimineme eliminenme eliminame eliminarme remuevanme remuevame"
    ),
    "saqueme": "saqueme saquenme sacame sacarme",
    "lista": "lista listas listado base registro sistema",
    "pare": "pare paren para parar parad alto basta",
    "porfavor": "porfavor porfa porfis",
}

# Words as they are, which one wrong letter would otherwise turn into one of the above.
NOT_TYPOS = frozenset(
    [
        "bending",
        "contacta",
        "contactan",
        "contacts",
        "contract",
        "contracts",
        "dejan",
        "describa",
        "describan",
        "encuentre",
        "ending",
        "envia",
        "envian",
        "envias",
        "escribe",
        "escriben",
        "escribi",
        "escribo",
        "lending",
        "llama",
        "llaman",
        "llamas",
        "lumber",
        "manda",
        "mandado",
        "mandan",
        "mandas",
        "masaje",
        "masajes",
        "massage",
        "massages",
        "mending",
        "molesta",
        "molestan",
        "numbers",
        "paisaje",
        "passage",
        "pleasant",
        "pleased",
        "received",
        "receiver",
        "relieve",
        "remote",
        "removes",
        "resting",
        "seeding",
        "spending",
        "subscribe",
        "subscribed",
        "subscription",
        "tasting",
        "tending",
        "testing",
        "vending",
    ]
)

# Said before or after a bare “stop”, “pare” or “baja” without changing what it means.
_AROUND = (
    r"(?:please|just|ok|okay|hey|hi|hello|no|thanks|thank you|now|already|right now|asap|immediately|everything|all"
    r"|this|it|that|stop|guys|sir|i said|porfavor|ya|por favor|gracias)"
)
_JUNTO = r"(?:porfavor|por favor|ya|ahora|gracias|hola|senor|senores|oigan|oye|please|stop|pare)"
_ALL = r"(?: (?:it|with|of|all|any|more|the|these|those|this|that|your|such|so many|me|us|to my number|further))*"
_ME = r"(?:me|us|(?:this|my|our) (?:\w+ )?number)"
_LATER = (
    r"^ (?:(?:before|after|until|till|til|unless|while|when|between|during|today|tonight|tomorrow|now|on|back|in|yet|if"
    r"|that|so|this|because|to (?:my|the|him|her))\b|at (?!all|this|my))"
)
_NOT_MEANT = (
    r"(?:dont|never|not|cant|wont|doesnt|didnt|couldnt|wouldnt"
    r"|(?:did|have|why|when|if|once|after|until|before|unless) (?:you|i|we|they|it|he|she))$"
)
_THEY = r"(?:why|if|you|they|i|we|he|she|it|did|had|has)(?: have)?$"
_OTHERS = r"^ (?:him|her|them|my (?!number|cell)|the |our (?!number))"
_LIST = (
    r"(?: (?:of|your|the|this|that|all|any|these|those|text|contact|mailing|call|marketing|customer))* (?:list|text)"
)

_DESPUES = (
    r"^ (?:antes|despues|hasta|ahora|ahorita|hoy|en|por la|por las|de noche|manana|todavia|aun|cuando|mientras|tan"
    r"|entre|a las|al|los|el|la|que|si)\b"
)
_MAS = r"(?: (?:mas|ya|ningun|ningunos|sus|tus|esos|estos|tantos|los|otro|otros|de|un|ni|a mi numero))*"
_SU_LISTA = r" (?:de|fuera de)(?: (?:la|las|su|sus|esta|esa|tu|todas))* lista"


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to say it. It does not hold where the clause before the match fits `not_after`, or the rest `not_before`.

    `whole` rules look at texts of one clause only; `unless` is looked for in the whole text.
    """

    language: str  # blank: it tells nothing about the language
    pattern: str
    not_after: str = ""
    not_before: str = ""
    unless: str = ""
    whole: bool = False


_TEXT_INSTEAD = r"(?:just|only|please|but) text|(?<!stop )(?<!dont )text (?:me|instead|only)"

RULES: tuple[Rule, ...] = (
    # -- English ------------------------------------------------------------------------------------------------------
    Rule("en", rf"stop{_ALL} (?:text|contact)\b", _NOT_MEANT, _OTHERS),
    Rule("en", rf"stop send{_ALL} (?:text|contact|stuff|things|anything)\b", _NOT_MEANT, _LATER),
    Rule("en", r"stop send(?: me| us)?(?: these| those| this| them)?$", _NOT_MEANT),
    Rule("en", rf"stop get{_ALL} text\b", _NOT_MEANT),
    Rule("en", rf"stop call {_ME}", _NOT_MEANT, _LATER, _TEXT_INSTEAD),
    Rule("en", rf"(?:dont|never)(?: ever)?(?: call (?:or|and))? (?:text|contact)(?: or call)? {_ME}", _THEY, _LATER),
    Rule("en", rf"dont(?: ever)? call {_ME} (?:again|any ?more|ever)", _THEY, _LATER, _TEXT_INSTEAD),
    Rule("en", rf"(?:dont|never)(?: ever)? send{_ALL} (?:text|anything|stuff)\b", _THEY, _LATER),
    Rule("en", rf"^(?:{_AROUND} )*no(?: more| further)?{_ALL} text(?: text)?(?: {_AROUND})*$"),
    Rule(
        "en",
        rf"(?:dont|no longer) (?:want|wish|need|like|care)(?: (?:for|to (?:get|be|see)))?{_ALL} (?:text|contact)\b",
        "",
        _LATER,
    ),
    Rule("en", r"(?:dont|no longer) want (?:you|anyone)(?: guys)?(?: to)? (?:text|contact)", "", _LATER),
    Rule("en", r"(?:dont|no longer|never) (?:want|wish|care) to hear from you"),
    Rule("en", rf"(?:dont|didnt|never|no longer) consent(?: to)?{_ALL} (?:text|contact)\b"),
    Rule("en", r"(?:revoke|revoking|withdraw|withdrawing)(?: my| all| any)* consent"),
    Rule("en", rf"(?:remove|take|get) (?:{_ME}|my name) (?:off|from|out){_LIST}"),
    Rule("en", rf"be remove (?:off|from){_LIST}|(?:get|want) off{_LIST}"),
    Rule("en", rf"^(?:{_AROUND} )*remove (?:me|us|my (?:number|name)|this number)(?: number)?(?: {_AROUND})*$"),
    Rule("en", rf"^(?:{_AROUND} )*(?:lose|forget) my number"),
    Rule("en", r"\bunsub(?:scribe)?\b", _NOT_MEANT),
    Rule("en", r"\bopt(?: me| us)? ?out\b", r"(?:an|the|offer|not)$", r"^ of (?:the|a|an|my|your) (?!text|list)"),
    Rule("en", r"\bleave (?:me|us) (?:alone|be)\b", r"(?:they|to|dont|never|would|will|kids)$"),
    Rule("en", rf"enough (?:with|of){_ALL} text"),
    Rule("", rf"^(?:{_AROUND} )*stop(?: {_AROUND})*$"),
    Rule(
        "en",
        r"^(?:please )?(?:can|could|would|will) you(?: guys)?(?: please| just)* stop(?: please| now)*$",
        whole=True,
    ),
    # -- Spanish ------------------------------------------------------------------------------------------------------
    Rule("es", r"\b(?:no|nunca(?: mas)?|ni) me escriba\b", "", _DESPUES),
    Rule("es", rf"\bno(?: me)? mande{_MAS} (?:text|nada)\b", "", _DESPUES),
    Rule("es", r"\bno me mande mas$"),
    Rule("es", r"\bno me llame (?:mas|nunca)", "", _DESPUES, r"text|escrib"),
    Rule("es", r"\b(?:no|nunca)(?: mas)?(?: me)? vuelva a (?:escribir|mandar|llamar|escribirme)\b"),
    Rule("es", r"\bdeje de (?:estar )?(?:escribirme|escribir)\b", r"(?:no|nunca)$"),
    Rule("es", rf"\bdeje de (?:estar )?mandar{_MAS} text", r"(?:no|nunca)$"),
    Rule("es", rf"\bno (?:quiero|deseo|autorizo|acepto)(?: (?:recibir|que me mande))?{_MAS} text"),
    Rule("es", r"\bno (?:quiero|deseo|autorizo) que me (?:vuelva a )?escriba\b", "", _DESPUES),
    Rule("es", r"\bno (?:quiero|deseo) que me llame (?:mas|nunca)", "", _DESPUES, r"text|escrib"),
    Rule("es", r"\bno (?:quiero|deseo) ser contactad[oa]"),
    Rule("es", rf"\bno mas{_MAS} text"),
    Rule("es", rf"^(?:{_JUNTO} )*no escriba(?: mas| a (?:este|mi) numero| {_JUNTO})*$"),
    Rule("es", rf"(?:quiteme|saqueme|me quite|quite mi (?:numero|nombre|telefono)|quite mis datos){_SU_LISTA}"),
    Rule("es", r"\bquite mi (?:numero|telefono)\b"),
    Rule("es", rf"^(?:{_JUNTO} )*quiteme(?: {_JUNTO})*$"),
    Rule("es", r"(?:darme|dar|denme|deme|dame) de baja\b", "", r"^ (?:el|la|mi|un|una|este|ese|los|las)\b"),
    Rule("es", rf"^(?:{_JUNTO} )*baja(?: {_JUNTO})*$"),
    Rule("es", r"\b(?:cancel|anul)\w+(?: (?:mi|la|esta|los|estos|sus))* (?:suscripcion|subscripcion|text)"),
    Rule("es", rf"\bpare(?: ya)? (?:de|con)(?: mandar| mandarme)?{_MAS} text"),
    Rule("es", r"\bpare de escribirme\b|\bpare de mandarme\b"),
    Rule("es", rf"^(?:{_JUNTO} )*pare(?: {_JUNTO})*$"),
    Rule("es", r"\bdejeme (?:en paz|tranquil[oa])"),
    Rule("es", r"\b(?:desuscrib|desinscrib|dessuscrib)\w*"),
)
