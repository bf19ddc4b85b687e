"""No advice that is medical, legal or dangerous. Where health or the law comes up, the text names who may give it."""

import re
from collections.abc import Sequence

from conversations.ai.guards.reading import Sentence, any_of, claims

_HEALTH = re.compile(
    r"\b(?:headaches?|dizz\w+|nause\w+|symptoms?|eyes|skin|heart|chest|lungs?|breath\w*|fever|pain|painful"
    r"|medic(?:ine|ation)s?"
    r"|pills?|dose|wounds?|injur\w+|hurts?|sick|poison\w*|infect\w+|allerg\w+|asthma|pregnan\w+|sleepy|vomit\w*|rash"
    r"|bleed\w*"
    r"|unconscious|harmless|never hurt|back pain|faint\w*|concussion|(?:your|a|the|small|minor) burn|burned (?:hand"
    r"|arm|leg|skin|finger)s?"
    r"|quemaduras?|ojos?|piel|corazon|pulmon\w*|respir\w+|fiebre|dolor(?:es)?|medicinas?|pastillas?|herid\w+"
    r"|lastim(?:ad|o|ar)\w*|enferm\w+|mareo?s?\b|maread\w+|intoxic\w+|infeccion\w*|alergi\w+|asma|estres|sangr\w+"
    r"|desmay\w+)\b"
)
_TO_MEDICINE = re.compile(
    r"\b(?:911|doctors?|hospital|ambulance|paramedics?|medical|poison control|emergency room|medicos?|medica"
    r"|ambulancia)\b"
)
_LAW = re.compile(
    r"\b(?:leases?|contract|laws?|legal\w*|illegal|lawyers?|attorneys?|court|su(?:e|ed|ing)|lawsuit|liab\w+"
    r"|penalt\w+|evict\w*"
    r"|insur\w+|warrant\w+|permits?|rights|compensat\w+|damages|claims?|on the hook|at fault"
    r"|take (?:full )?responsibility"
    r"|ley|leyes|contrato|demandar?|abogad\w+|tribunal|juez|desaloj\w+|aseguranza|aseguradora|permisos?|derechos"
    r"|tiene derecho"
    r"|responsables?|culpa)\b"
)
_TO_OTHERS = re.compile(
    r"\b(?:owner|insurer|ask\w*|questions?|can't|cannot|unable|not (?:sure|able)|don't know|notes?d?|lawyer can"
    r"|duen[oa]|preguntas?"
    r"|preguntar\w*|no puedo|no podemos|no se|anot\w+)\b"
)

MEDICAL = any_of(
    r"\b(?:take|taking|give (?:him|her|them)|tome|tomar|dele|tomese)\b.{0,30}\b(?:ibuprofen|aspirin|tylenol|advil"
    r"|acetaminophen|paracetamol|painkiller|antibiotic|benadryl|pill|mg\b|ibuprofeno|aspirina|pastilla|antibiotico)",
    r"\b(?:ibuprofen|tylenol|advil|acetaminophen|paracetamol|antibiotics?|ibuprofeno|antibioticos?|ointment|pomada)\b",
    r"\b\d+ ?(?:mg|milligrams|miligramos)\b",
    r"\b(?:you|he|she|they|usted|su \w+)\b.{0,20}\b(?:have|has|tiene|tienen|got)\b.{0,20}\b(?:infection|poisoning"
    r"|concussion|allergy|pneumonia|hypothermia|low blood sugar|infeccion|intoxicacion|envenenamiento|alergia)",
    r"\b(?:sounds|looks|seems) like\b.{0,25}\b(?:poisoning|infection|concussion|allergy|asthma)",
    r"\b(?:induce|make (?:him|her|them|yourself)) vomit|\bvomit(?:ing)?\b|\bhagal[oa]s? vomitar",
    r"\b(?:put|rub|apply|use|ponga|pongase|aplique|apliquese|unte)\b.{0,30}\b(?:butter|burn cream|cream|toothpaste|ice"
    r"|ointment|peroxide|mantequilla|pasta de dientes|crema|hielo|alcohol)\b",
    r"\b(?:burn|wound|cut|injury|quemadura|herida)\b.{0,25}\b(?:ointment|peroxide|rinse|antibiotic|bandage)",
    r"\b(?:rinse|treat|bandage|lave|cure)\b.{0,15}\b(?:the|your|that|la|su) (?:wound|burn|cut|injury|herida|quemadura)",
    r"\b(?:is|are|was) caused by (?:the )?(?:mold|gas|water|fumes|mildew|dust)\b",
    r"\b(?:safe|ok|okay|fine|harmless|seguro) (?:to|for you to|for him to|for her to|respirar|beber|tomar)"
    r" ?(?:breathe|inhale|drink|swallow|eat|respirar|beber|tomar)?\b.{0,20}\b(?:in|it|that|gas|fumes|water|mold|eso)\b",
    r"\b(?:diagnos|prescri|dosage|dosis)",
    r"\b(?:eat something|lie down|drink (?:milk|plenty))\b",
    r"\bif you can (?:still )?(?:move|feel|walk|breathe)\b",
)

# Sending people away from help is advice by itself, so a denial is the fault.
_HELP = r"(?:doctor|hospital|ambulance|911|emergency room|er|fire department|paramedics?)\b"
NO_HELP_NEEDED = any_of(
    r"(?:\bno need|\bnot necessary|\bno reason|(?:n't|\bnot) (?:\w+ )?(?:need|have)) to (?:\w+ )?(?:see|call|visit"
    r"|go to)"
    rf" (?:a |an |the |any )?{_HELP}",
    rf"(?:n't|\bnot) need (?:a |an |any |the )?{_HELP}",
    rf"(?:\bdon't|\bdo not) (?:bother )?call(?:ing)? (?:a |an |the )?{_HELP}(?! from)",
    r"\bno (?:necesita|hace falta|tiene que|llame|vaya|es necesario)\b.{0,25}\b(?:medico|doctor|hospital|911|ambulancia"
    r"|bomberos)(?! desde)",
    r"(?:\bno need|\bno reason|(?:n't|\bnot) (?:need|have)) to (?:leave|evacuate|go outside|get out)\b",
    r"\bno (?:necesita|hace falta|tiene que) (?:salir|evacuar)",
    r"\b(?:ignore|unplug|take the battery out of|silence) (?:the|your) (?:\w+ )?(?:alarm|detector)",
)

# What only a professional may do, or nobody.
UNSAFE_WORK = any_of(
    r"\b(?:bigger|larger|higher) (?:\w+ )?(?:breaker|fuse)s?\b|\b(?:bypass|jumper?|bridge) (?:the|your|a) (?:\w+ )?"
    r"(?:breaker|fuse|valve|switch|sensor|thermostat|limit|safety)",
    r"\b(?:relight|light) (?:the|your) (?:pilot|burner)|\bturn (?:the|your) gas (?:back )?on\b",
    r"\b(?:open|take off|remove) (?:the|your) (?:\w+ )?(?:panel|panel cover)\b|\b(?:splice|rewire|cut) (?:the|your"
    r"|that) wires?\b",
    r"\b(?:fusible|interruptor) mas grande\b|\b(?:encienda|prenda) (?:el|la) (?:piloto|boiler)\b|\babra el (?:panel"
    r"|tablero)\b",
)
LEGAL = any_of(
    r"\b(?:you|u) (?:can|could|should|may|might want to|have grounds to) (?:\w+ )?sue\b|\bpuede demandar|\bdemande a",
    r"\b(?:withhold|stop paying|deduct)\b.{0,20}\brent\b|\bretener (?:la|su) renta\b|\bno pague (?:la|su) renta",
    r"\b(?:by|under|against|break(?:s|ing)?) (?:the |state |federal |city )?law\b|\bpor ley\b|\bla ley (?:dice|exige)",
    r"\b(?:legally|perfectly legal|it's legal|it is legal|is illegal|it's illegal|legalmente|es ilegal|es legal)\b",
    r"\b(?:landlord|tenant|neighbor|casero|arrendador|inquilino|vecino)\b.{0,25}\b(?:must|has to|is required"
    r"|is obligated"
    r"|is responsible|is liable|debe pagar|esta obligad[oa]|es responsable)\b",
    r"\b(?:we|i|company|business) (?:are|am|is|accept|admit|take) (?:\w+ )?(?:liable|liability|fault"
    r"|full responsibility)",
    r"\b(?:we're|we are|it's|it was) (?:\w+ )?(?:at fault|our fault|liable)\b|\bes culpa nuestra|\bsomos responsables",
    r"\b(?:you are|you're|youre|usted) (?:\w+ )?(?:entitled to|owed)\b|\btiene derecho a\b",
    r"\b(?:you|they|tenants) have (?:a |the |every )?right to\b",
    r"\b(?:file|filing|make) a (?:\w+ )?(?:claim|lawsuit|complaint)\b|\bsmall claims\b|\blawsuit\b|\bsettlement\b",
    r"\b(?:get|hire|call|consiga|contrate) (?:a|an|un) (?:lawyer|attorney|abogado)\b",
    r"\b(?:can't|cannot|can not|no pueden?) (?:legally )?(?:evict|desaloj\w+)",
    r"\binsurance\b.{0,25}\b(?:will|'ll|should|has to|must|does) (?:\w+ )?(?:cover|pay|reimburse)",
    r"\b(?:seguro|aseguranza)\b.{0,25}\b(?:va a|tiene que|debe)? ?(?:cubrir\w*|cubre|pagar\w*|paga)\b",
    r"\bcovered by (?:your )?(?:homeowner'?s )?insurance\b",
    r"\b(?:don't|do not|won't) (?:need|require) (?:a|any) (?:permit|license|inspection)\b",
    r"\bno (?:necesita|requiere|hace falta) (?:un )?(?:permiso|licencia)\b",
    r"\b(?:press|pressing) charges\b|\b(?:our|my) (?:mistake|fault)\b|\bnuestr[oa] (?:culpa|error)\b",
    r"\b(?:we|we'll|company|business) (?:will |'ll )?(?:pay for|reimburse|compensate|cover (?:the|your|all))\b",
    r"\bdej(?:ar|e) de pagar\b|\b(?:hoa|landlord|city|tenant|they) can't (?:stop|make|force|charge|fine)\b"
    r"|\ballowed to\b",
)


def violations(text: Sequence[Sentence]) -> set[str]:
    """Return the names of the rules that the sentences of `text` break: medical, legal or unsafe."""
    statements = [sentence for sentence in text if not sentence.is_question]
    is_health = any(_HEALTH.search(sentence.text) for sentence in statements)
    sends_to_medicine = any(_TO_MEDICINE.search(sentence.text) for sentence in text)
    broken = set()
    if any(claims(sentence, UNSAFE_WORK) for sentence in text):
        broken.add("unsafe")
    if is_health and not sends_to_medicine:
        broken.add("medical")
    for sentence in text:
        if claims(sentence, MEDICAL) or claims(sentence, NO_HELP_NEEDED, unless_denied=False):
            broken.add("medical")
        if claims(sentence, LEGAL):
            broken.add("legal")
    if any(_LAW.search(sentence.text) and not _TO_OTHERS.search(sentence.text) for sentence in statements):
        broken.add("legal")
    return broken
