"""What we answer an owner who texts from their own phone. A part of `tenants.texts`, which says how texts are chosen.

Spanish has few accents here: á, í, ó and ú are not in GSM-7, and one of them makes three SMS of what fits in two.
"""

_ABOUT_ONE = frozenset({"business", "handle", "customer"})

VARIABLES: dict[str, frozenset[str]] = {
    "owner_help": frozenset({"business"}),
    "owner_list": frozenset({"business", "list"}),
    "owner_list_empty": frozenset({"business"}),
    "owner_which": frozenset({"business", "choices"}),
    "owner_unknown": frozenset({"business", "handle"}),
    "owner_nobody": frozenset({"business"}),
    "owner_dropped": frozenset({"business", "words"}),
    "owner_automatic": frozenset({"business"}),
    "owner_taken": _ABOUT_ONE,
    "owner_other_took": _ABOUT_ONE | {"who"},
    "owner_handed_back": _ABOUT_ONE,
    "owner_nobodys": _ABOUT_ONE,
    "owner_done": _ABOUT_ONE,
    "owner_over": _ABOUT_ONE,
    "owner_acknowledged": _ABOUT_ONE,
    "owner_quiet": frozenset({"business", "when"}),
    "owner_quiet_off": frozenset({"business"}),
    "owner_quiet_how": frozenset({"business"}),
    "owner_visit_requested": _ABOUT_ONE | {"when", "words"},
    "owner_visit_confirmed": _ABOUT_ONE | {"when"},
    "owner_visit_declined": _ABOUT_ONE | {"when"},
    "owner_visit_not": _ABOUT_ONE | {"when", "reason"},
    "owner_not_sent": _ABOUT_ONE | {"reason"},
    "owner_too_long": _ABOUT_ONE,
    "owner_files_lost": _ABOUT_ONE | {"count"},
    "owner_undelivered": _ABOUT_ONE | {"words", "reason"},
}

SHIPPED: dict[tuple[str, str], str] = {
    ("owner_help", "en"): (
        "{business}: text back and we pass it on. With several customers, begin with their number: #12 On my way. "
        "Commands: TAKE, AI (hand back), DONE, YES or NO to a visit, OK, QUIET 2H, QUIET OFF, LIST."
    ),
    ("owner_help", "es"): (
        "{business}: responda y se lo pasamos al cliente. Si hay varios, empiece con el suyo: #12 Ya voy. "
        "Comandos: TOMAR, IA (devolver), LISTO, SI o NO a una visita, OK, SILENCIO 2H, SILENCIO OFF, LISTA."
    ),
    ("owner_list", "en"): "{business}:\n{list}\nBegin with a number to write to one of them.",
    ("owner_list", "es"): "{business}:\n{list}\nEmpiece con uno de estos # para escribirle.",
    ("owner_list_empty", "en"): "{business}: no open conversations.",
    ("owner_list_empty", "es"): "{business}: no hay conversaciones abiertas.",
    ("owner_which", "en"): (
        "{business}: Which one? {choices}. Begin with the number; the number alone sends what you just wrote."
    ),
    ("owner_which", "es"): (
        "{business}: ¿Para quién? {choices}. Empiece con el #; si solo manda el #, le pasamos lo que acaba de escribir."
    ),
    ("owner_unknown", "en"): (
        "{business}: there is no {handle} to write to now. LIST shows whom there is; the right number alone sends what "
        "you wrote."
    ),
    ("owner_unknown", "es"): (
        "{business}: ahora no hay ningún {handle}. LISTA los muestra; si solo manda el # correcto, le pasamos lo que "
        "escribió."
    ),
    ("owner_nobody", "en"): (
        "{business}: whom is this for? LIST shows the open conversations; a number from it alone sends what you just "
        "wrote."
    ),
    ("owner_nobody", "es"): (
        "{business}: ¿Para quién es? LISTA muestra las conversaciones abiertas; si solo manda un # de ellas, le "
        "pasamos lo que acaba de escribir."
    ),
    ("owner_dropped", "en"): '{business}: not sent: "{words}"',
    ("owner_dropped", "es"): '{business}: no se envió: "{words}"',
    ("owner_automatic", "en"): (
        "{business}: your text was not passed on, it looks like an automatic reply. Begin with a number such as #12 to "
        "send it."
    ),
    ("owner_automatic", "es"): (
        "{business}: no pasamos su mensaje, parece una respuesta automática. Empiece con un # como #12 para enviarlo."
    ),
    ("owner_taken", "en"): "{handle} {customer} is yours: text here and we pass it on. AI hands back, DONE ends it.",
    ("owner_taken", "es"): "{handle} {customer} es suyo: escriba y se lo pasamos. IA lo devuelve, LISTO lo termina.",
    ("owner_other_took", "en"): "{handle} {customer}: {who} is answering now.",
    ("owner_other_took", "es"): "{handle} {customer}: ahora le contesta {who}.",
    ("owner_handed_back", "en"): "{handle} {customer}: your assistant answers from here on.",
    ("owner_handed_back", "es"): "{handle} {customer}: su asistente le contesta desde ahora.",
    ("owner_nobodys", "en"): "{handle} {customer}: your assistant does not answer here. Their texts come to you.",
    ("owner_nobodys", "es"): "{handle} {customer}: su asistente no le contesta. Sus mensajes le llegan a usted.",
    ("owner_done", "en"): "{handle} {customer}: done. Begin with {handle} to write again.",
    ("owner_done", "es"): "{handle} {customer}: listo. Empiece con {handle} para volver a escribirle.",
    ("owner_over", "en"): "{handle} {customer} is over. Begin with {handle} and your words to open it again.",
    ("owner_over", "es"): "{handle} {customer} ya se ha terminado. Empiece con {handle} y sus palabras para reabrirlo.",
    ("owner_acknowledged", "en"): "{handle} {customer}: noted, thank you. What you text here goes to the customer.",
    ("owner_acknowledged", "es"): "{handle} {customer}: recibido, gracias. Lo que escriba le llega al cliente.",
    ("owner_quiet", "en"): (
        "{business}: quiet until {when}. Emergencies and customers you are texting with come through. QUIET OFF ends "
        "it."
    ),
    ("owner_quiet", "es"): (
        "{business}: silencio hasta el {when}. Le llegan emergencias y los clientes con quienes se escribe. SILENCIO "
        "OFF lo termina."
    ),
    ("owner_quiet_off", "en"): "{business}: alerts are on.",
    ("owner_quiet_off", "es"): "{business}: los avisos vuelven a llegar.",
    ("owner_quiet_how", "en"): "{business}: for how long? QUIET 2H or QUIET 30M, 24 hours at most; QUIET OFF ends it.",
    ("owner_quiet_how", "es"): (
        "{business}: ¿Por cuánto tiempo? SILENCIO 2H o SILENCIO 30M, 24 horas como mucho; SILENCIO OFF lo termina."
    ),
    ("owner_visit_requested", "en"): (
        "{handle} {customer} asks for a visit on {when}: {words}. Reply YES to confirm or NO to decline."
    ),
    ("owner_visit_requested", "es"): (
        "{handle} {customer} pide una visita el {when}: {words}. Responda SI para confirmar o NO para rechazarla."
    ),
    ("owner_visit_confirmed", "en"): "{handle} {customer}: the visit on {when} is confirmed. We told them.",
    ("owner_visit_confirmed", "es"): "{handle} {customer}: la visita del {when} queda confirmada. Ya se lo dijimos.",
    ("owner_visit_declined", "en"): "{handle} {customer}: the visit on {when} is declined. We asked for another time.",
    ("owner_visit_declined", "es"): "{handle} {customer}: la visita del {when} queda rechazada. Le pedimos otra hora.",
    ("owner_visit_not", "en"): "{handle} {customer}: nothing was changed about the visit on {when}: {reason}.",
    ("owner_visit_not", "es"): "{handle} {customer}: no se cambia nada de la visita del {when}: {reason}.",
    ("owner_not_sent", "en"): "{handle} {customer}: not sent, {reason}.",
    ("owner_not_sent", "es"): "{handle} {customer}: no se envió, {reason}.",
    ("owner_too_long", "en"): "{handle} {customer}: not sent, a text has at most 1600 characters.",
    ("owner_too_long", "es"): "{handle} {customer}: no se envió, un mensaje tiene como mucho 1600 caracteres.",
    ("owner_files_lost", "en"): "{handle} {customer}: {count} of your pictures or files could not be passed on.",
    ("owner_files_lost", "es"): "{handle} {customer}: {count} de sus fotos o archivos no se pudieron pasar.",
    ("owner_undelivered", "en"): '{handle} {customer} did not get "{words}": {reason}. Please call them.',
    ("owner_undelivered", "es"): '{handle} {customer} no recibe "{words}": {reason}. Por favor, llame.',
}

# Who has a conversation, as a list says it.
HOLDERS: dict[tuple[str, str], str] = {
    ("none", "en"): "nobody yet",
    ("ai", "en"): "assistant",
    ("user", "en"): "a person",
    ("none", "es"): "nadie",
    ("ai", "es"): "asistente",
    ("user", "es"): "una persona",
}


def holder(ownership: str, language: str) -> str:
    """Return who has a conversation, in words."""
    return HOLDERS.get((ownership, language)) or HOLDERS[ownership, "en"]
