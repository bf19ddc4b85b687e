"""Which language does a customer write, and which one do they ask for? Word lists and small rules; English or Spanish.

Names of people and streets tell nothing (`Jose, 3425 El Camino Real`), so words that live in those count only beside
others. Where a text shows neither language, or both alike, the answer is blank and the caller keeps what it knew.
"""

import re
import unicodedata

ENGLISH, SPANISH, UNKNOWN = "en", "es", ""
READ_AT_MOST = 2_000  # characters; a text has 1,600

_APOSTROPHES = re.compile(r"['’‘`´]")
_NOT_WORDS = re.compile(r"[^a-z]+")
_SPANISH_SIGNS = re.compile(r"[¿¡ñÑ]")
_SPANISH_ENDINGS = ("cion", "ciones", "iendo", "andose", "iendose")

# Words that one language has and the other has not.
_STRONG = {
    ENGLISH: (
        "about after again all an and any anyone are arent asap at back bad basement bathroom be because been "
        "before broke broken but by call came can cant ceiling clogged coming could day did didnt do does doesnt "
        "doing dont door down drain english estimate everywhere fine fire fix flooded flooding floor for from "
        "furnace get getting go going good got great had have hello help her here hey hi him his hot hour house "
        "how i if ill im in into is isnt it its ive just kitchen know leak leaking leaks let like long look "
        "looking make many maybe morning much my need needs never new not now of off on one or our out outside "
        "over pipe pipes please pls plz power price quote really right roof send she should sink smell some "
        "somebody someone soon sorry still stop stopped sure thank thanks that thats the them then there theres "
        "they thing think this thx till to today toilet tomorrow tonight too tub under until up ur us very wait "
        "want wants was water way we well were what whats when where which who why will with wont work working "
        "works would yeah yep yes yesterday you your youre yours "
    ),
    SPANISH: (
        "abierta abierto agua ahi ahora ahorita ai algo alguien alla ami anoche aqui arreglar asi aun ayer ayuda "
        "ayudar ayudarme ayudeme bano bien buena buenas bueno buenos calentador caliente cerrada cerrado cerradura "
        "chispas cita cobra cobran cobras cocina como cuando cuanta cuanto cuantos cuarto cuesta desde despues dia "
        "dias donde dos ella ellos emergencia en encerrada encerrado enchufe enfria es espanol esta estaba estamos "
        "estan este esto estoy favor frio fue fuego fuga funciona gotea goteando goteo gotera gracias grifo habla "
        "hablan hablas hace hacer hasta hay hola hoy huele incendio ingles inodoro inundada inundado inundando "
        "jala kiero lavabo llamar llame llave llaves llego llueve luz manana mandar mande mas mismo mucha mucho "
        "muy nada necesita necesitamos necesito nesecito nesesito ninguno nino ninos noche nos nuestra nuestro "
        "olor otra otro para pasa perdi pero pisos poco porfa porfavor porque precio prende presupuesto problema "
        "puede pueden puedo puerta puertas pues que quien quiere quiero quisiera rapido rompio rota roto saliendo "
        "se senor senora si siento sirve sirven sobre solo sotano su sus tambien tarde techo tenemos tengo tiene "
        "tienen tio todavia todo toma trabaja tuberia tuberias tubo tubos una unas unos urgente usted ustedes "
        "vamos vaya venga vengan venir vez viene vienen vino vivo voy yo "
    ),
}
# In a sentence they tell, but names, streets and the other language have them too: they count beside one of the above.
_WEAK = {
    ENGLISH: "a as ave he me no ok road st street u",
    SPANISH: "al casa calle con de del el la las le lo los me mi no por san sin son te tu un va y ya",
}
_STRONG_WORDS = {language: frozenset(words.split()) for language, words in _STRONG.items()}
_WEAK_WORDS = {language: frozenset(words.split()) for language, words in _WEAK.items()}

_NAMES = {"spanish": SPANISH, "espanol": SPANISH, "castellano": SPANISH, "english": ENGLISH, "ingles": ENGLISH}
_NAME = rf"\b(?:{'|'.join(_NAMES)})\b"
_NOT_A_PLACE = (
    r"(?! (?:fork|fort|harlem|oaks?|springs|bay|creek|moss|tiles?|style|colonial|revival|roof|basement|ivy|st|street"
    r"|ave|avenue|rd|road|ln|lane|dr|drive|ct|court|way|blvd|town|class|teacher)\b)"
)
_LANGUAGE = _NAME + _NOT_A_PLACE

# “I don't speak …”, “no hablo …”, “my … is bad”: they ask for the other one.
_REFUSED = re.compile(
    r"\b(?:(?:dont|do not|cant|cannot|not|doesnt|never)(?: (?:really|even|very|so|too|know|how|to|speak|read|understand"
    r"|write|good|great|at|with|in|much|any|a lot of))*"
    r"|no(?: (?:h?ablo|hablamos|entiendo|entendemos|comprendo|se|leo|escribo|muy|bien|mucho|nada|casi|de|el|en|very"
    r"|speak|good|much))*"
    rf"|(?:poco|poquito|little)(?: (?:de|bit|of))*) {_LANGUAGE}"
    rf"|\b(?:my|mi) {_NAME} (?:is|es|no)\b"
)
_ABOUT_OTHERS = re.compile(
    r"\b(?:he|she|they|wife|husband|tenants?|mom|mother|dad|father|kids?|son|daughter|neighbou?rs?|ella|esposa|esposo"
    r"|hij[oa]s?|vecin[oa]s?|inquilin[oa]s?|mama|papa)(?: (?:and|i|only|just|can|all|also|mostly|solo|no))* "
    rf"(?:speaks?|hablan?)(?: (?:only|solo))? {_NAME}"
    rf"|\b(?:is|are|was|written|printed|says|live|vivo|manual|label)(?: (?:only|all))? (?:in|en) {_NAME}"
)
_ASKED = re.compile(
    rf"\b(?:in|en|to|al?) {_LANGUAGE}"
    r"|\b(?:speaks?|talk|write|text|prefer|want|need|understand|h?abl(?:a|an|as|e|en|ar|o|amos|ame|eme)|prefiero"
    r"|preferimos|quiero|necesito|entienden?|entiendes|entiendo)"
    r"(?: (?:a|little|bit|of|some|somebody|someone|only|solo|in|bien|un|poco|el|alguien|que|hable))*"
    rf" {_LANGUAGE}"
    rf"|{_NAME} (?:please|plz|pls|por favor|porfa|porfavor|speakers?|speaking|only|solamente|instead)\b"
)
_BARE = re.compile(
    rf"(?:(?:hi|hello|hola|hey|ok|okay|yes|si|no|please|plz|pls|por|favor|porfa|porfavor|only|solo|language|idioma"
    rf"|gracias|thanks|thank|you|better|mejor|{_NAME})(?: |$))+"
)

_OTHER = {ENGLISH: SPANISH, SPANISH: ENGLISH}


def detect_language(text: str) -> str:
    """Return the language that `text` is written in, `en` or `es`; blank if it shows neither, or both alike."""
    words = set(fold(text).split())
    english = len(words & _STRONG_WORDS[ENGLISH])
    spanish = sum(word in _STRONG_WORDS[SPANISH] or word.endswith(_SPANISH_ENDINGS) for word in words)
    spanish += bool(_SPANISH_SIGNS.search(text[:READ_AT_MOST]))
    english += len(words & _WEAK_WORDS[ENGLISH]) if english else 0
    spanish += len(words & _WEAK_WORDS[SPANISH]) if spanish else 0
    if spanish == english:
        return UNKNOWN
    return SPANISH if spanish > english else ENGLISH


def requested_language(text: str) -> str:
    """Return the language that `text` asks to be answered in (“en español por favor”, “English?”), or blank.

    Who says that they do not speak one language asks for the other. Who offers both, or speaks of what others speak,
    asks for none.
    """
    folded = fold(text)
    refused = {_OTHER[_named(match[0])] for match in _REFUSED.finditer(folded)}
    rest = _ABOUT_OTHERS.sub(" ", _REFUSED.sub(" ", folded)).strip()
    asked = {_named(match[0]) for match in _ASKED.finditer(rest)}
    if _BARE.fullmatch(rest):
        asked |= {_NAMES[name] for name in re.findall(_NAME, rest)}
    if asked and len({_NAMES[name] for name in re.findall(_NAME, rest)}) > 1:
        return UNKNOWN
    wishes = refused | asked
    return wishes.pop() if len(wishes) == 1 else UNKNOWN


def fold(text: str) -> str:
    """Return the words of `text` in lower case, without accents, apostrophes and signs, one space between them."""
    text = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text[:READ_AT_MOST]).casefold())
    plain = "".join(char for char in text if not unicodedata.combining(char))
    return _NOT_WORDS.sub(" ", plain).strip()


def _named(phrase: str) -> str:
    return _NAMES[re.findall(_NAME, phrase)[-1]]
