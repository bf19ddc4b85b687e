"""An automated assistant says “I” of what it is and can do, and of nothing else."""

from collections.abc import Sequence

from conversations.ai.guards.reading import Sentence, any_of, claims, words

_ADVERB = r"(?:just|only|still|also|really|so|very|now|already|sorry but) "
_I_AM = words(
    r"sorry afraid glad happy here (?:an?|the|us's)_(?:\w+_)?(?:automated|automatic|virtual) automated the_assistant"
    r" an?_(?:computer_)?(?:program|machine|bot|robot) not not\w+ unable able_to_(?:help|take|pass|note|offer) ask\w+"
    r" check\w+ lett\w+ alert\w+ pass\w+ send\w+ tell\w+ add\w+ putt\w+ gett\w+ writ\w+ assist\w+"
    r" look\w+_(?:at_our|for_a_time)"
)
_I_DO = words(
    "can can't cannot could couldn't will won't would wouldn't have haven't need don't do did didn't may might must"
    " should am is was_able understand see know think believe guess hope hear feel mean say appreciate apologi[sz]e"
    " suggest recommend prefer wish want wanted promise guarantee ask pass tell note send put let help take offer get"
    " add cancel confirm said if or and to"
)
_DONE = words(
    "asked passed told noted sent put let got received added cancell?ed updated alerted shared forwarded saved"
    " recorded requested wrote written flagged escalated notified connected reported reached texted answered checked"
    " counted kept left made marked moved changed removed took taken found figured heard noticed missed offered"
    " misread misunderstood arranged booked scheduled reserved confirmed copied attached looked_(?:at_(?:our|the)|for)"
)
_I_HAVE = words(
    r"everything your you that the this these all it no not a an one two three some any enough what down to only now is"
    r" \d+ monday tuesday wednesday thursday friday saturday sunday"
)
_I_WILL = words(
    "ask pass let send tell note make get check put add have forward share see need alert cancel keep do update not"
    " take relay try find request write text change move remove mark save leave stop go_ahead wait look_into explain"
    " give help connect hand include report record follow"
)
_BE = r"be (?:able|happy|glad|in touch|here)"
_SAYS_I = any_of(
    rf"\bi(?:'m| am) (?!(?:{_ADVERB})*{_I_AM}\b)",
    rf"\bi(?:'ll| will) (?!(?:{_ADVERB})*(?:{_I_WILL}|{_BE})\b)",
    rf"\bi(?:'ve| have) (?!(?:{_ADVERB})*(?:{_DONE}|{_I_HAVE})\b)",
    rf"\bi (?!(?:{_ADVERB})*(?:{_I_DO}|{_DONE})\b)[a-z]+",
    r"\bsoy (?!(?:solo |tambien )?(?:un |una |el |la )?(?:asistente|sistema automatico|programa|maquina))",
    r"\b(?:me llamo|mi nombre es|my name is|habla [a-z]+, |trabajo (?:en|aqui|para)|vivo en)\b",
    r"\bin the flesh\b|\bflesh and blood\b|\bown eyes\b|\b(?:human|person|guy|woman|man) (?:over )?here\b",
    r"\b(?:officer|doctor|dr\.?|sergeant|captain|inspector|agent) [a-z]+ (?:here|speaking)\b|^speaking[.! ]"
    r"|\bofficial notice\b",
    r"\b(?:we are|we're|somos|this is) (?:with )?(?:the |your |la |el |su )?(?:local )?(?:police|city"
    r"|fire department|gas company|(?:electric|power|water) company|utility|bank"
    r"|irs|government|policia|ciudad|bomberos|compania de (?:gas|luz)|banco|gobierno)\b",
)
IMPERSONATION = any_of(
    r"\b(?:i'm|i am|im|this is|talking (?:to|with)|speaking (?:to|with)|chatting with) (?:\w+ ){0,2}?"
    r"(?:(?:real|actual|live) (?:person|human|agent|operator|rep\w*|man|woman|guy)|human\b(?! being's))",
    r"\b(?:i'm|i am|im) (?:very |totally |definitely )?real\b",
    r"\b(?:i'm|i am|im) (?:a |an )?(?:\w+ )?(?:human|person|guy|woman|man|girl)\b",
    r"\b(?:i'm|i am|im|this is) (?:also )?(?:a |an |the |your |with )(?:\w+ ){0,3}?(?:plumber|electrician|technician"
    r"|tech"
    r"|locksmith|roofer|owner|manager|doctor|nurse|lawyer|attorney|police\w*|officer|sheriff|inspector"
    r"|fire department|firefighter|city|department|utility|gas company|electric company|bank|irs|operator)\b(?!'s)",
    r"\b(?:i am|i'm|this is) [a-z]+, (?:the|your) (?:owner|plumber|manager|technician|dispatcher|electrician)\b",
    r"\bi(?:'ll| will) (?:come|drive|be there|head|stop by|fix|swing by)\b.{0,20}\b(?:myself|personally|over|by)\b",
    r"\b(?:my wife|my husband|my kids|my lunch|i just had lunch|years of experience|my truck|my shift|my office)\b",
    r"\b(?:right here|sitting) (?:at|in) the office\b",
    r"\bsoy (?:una? )?(?:\w+ )?(?:persona|humano|humana|hombre|mujer|ser humano)\b",
    r"\bsoy (?:el |la |un |una )?(?:dueñ[oa]|duen[oa]|plomer[oa]|fontaner[oa]|electricista|tecnico|cerrajero|gerente"
    r"|medico"
    r"|doctora?|abogad[oa]|policia|encargad[oa]|operador[a]?)\b",
    r"\bsoy [a-z]+, (?:el|la) (?:duen[oa]|plomer[oa]|gerente|tecnico|encargad[oa])\b",
    r"\b(?:trabajo en la oficina|mi esposa|mi esposo|mis hijos|anos de experiencia|somos (?:de )?la (?:policia"
    r"|ciudad))\b",
    r"\bhabla (?:usted )?con (?:una persona|un humano|alguien real)\b",
)

DENIES_MACHINE = any_of(
    r"\b(?:not|n't)(?: \w+){0,2} (?:a |an )?(?:bot|robot|ai|machine|computer|automated\w*|automatic\w*|chatbot"
    r"|program)\b",
    r"\bno (?:soy|es|somos|esta hablando con) (?:un |una )?(?:robot|bot|maquina|ia|programa|asistente|inteligencia"
    r"|mensaje automatico"
    r"|sistema automatico|computadora)\b",
)


def violations(text: Sequence[Sentence]) -> set[str]:
    """Return {"impersonation"} if `text` claims to be a person, an official, or no machine."""
    for sentence in text:
        if (
            claims(sentence, _SAYS_I, unless_denied=False)
            or claims(sentence, IMPERSONATION)
            or claims(sentence, DENIES_MACHINE, unless_denied=False)
        ):
            return {"impersonation"}
    return set()
