"""How people say in Spanish that they want no more texts."""

from tenants.revocation.rule import Rule

# Said before or after a bare “pare” or “baja” without changing what it means.
_JUNTO = (
    r"(?:porfavor|por favor|favor de|le pido|les pido|que|ya|ahora|gracias|hola|senor|senores|oigan|oye|please|stop"
    r"|pare)"
)
_DESPUES = (
    r"^ (?:antes|despues|hasta|ahora|ahorita|hoy|en|por la|por las|de noche|manana|todavia|aun|cuando|mientras|tan"
    r"|entre|al|los|el|la|que|si|a (?:la|los|las|ella|ellos|su|mis?)(?! (?:numero|celular|cel|telefono)))\b"
)
_MAS = (
    r"(?: (?:mas|ya|ningun|ningunos|ninguna|sus|tus|esos|esas|estos|estas|tantos|tantas|los|las|otro|otros|de|un|ni"
    r"|a mi numero))*"
)
_ESA = r"(?: (?:la|las|su|sus|esta|esa|tu|todas))*"
_SU_LISTA = rf"(?: ya| por favor)? (?:(?:de|fuera de){_ESA} lista|de ahi)\b"
_NO = r"\b(?:no|nunca(?: mas)?|jamas|ni)"
_ME = r"(?:me|nos)"
_NO_QUIERO = r"\bno (?:quiero|deseo|autorizo|acepto|necesito|ocupo|me interesan?)"
_RECIBIR = r"(?:recibir|seguir recibiendo|que (?:me |nos )?(?:mande|lleguen|(?:este|siga) mandar))"
_COSAS = r"^ (?:el|la|mi|un|una|este|ese|los|las)\b(?! (?:numero|telefono|celular))"
_OTRO = r"(?:(?:llamar|escribir|escribirme|mandar) (?:y|ni|o) (?:de )?)?"
_AMENAZA = r"denunci|demand|report|bloque|abogad|policia"

SPANISH: tuple[Rule, ...] = (
    # -- no
    Rule("es", rf"{_NO} {_ME} escriba\b", "", _DESPUES),
    Rule("es", rf"{_NO}(?: {_ME})? mande{_MAS} (?:text|nada|cosas)\b", "", _DESPUES),
    Rule("es", rf"{_NO}(?: {_ME})? mande mas$"),
    Rule("es", rf"{_NO} (?:{_ME} )?(?:este|siga) (?:escribir|escribirme|mandar)\b", "", _DESPUES),
    Rule("es", rf"{_NO} (?:quiero que )?(?:{_ME} )?lleguen{_MAS} text"),
    Rule("es", r"\b(?:los|las|lo|le|te) (?:voy a |estoy )?bloque(?:ar|ando|o|e)\b"),
    Rule("es", r"\b(?:no me llame (?:mas|nunca)|ya no me llame)", "", _DESPUES, r"text|escrib"),
    Rule("es", rf"{_NO}(?: {_ME})? vuelva a (?:escribir|mandar|llamar|escribirme)\b"),
    Rule("es", rf"^(?:{_JUNTO} )*no escriba(?: mas| a (?:este|mi) numero| {_JUNTO})*$"),
    Rule("es", rf"\bfavor de no (?:estar )?(?:escribir|escribirme|mandar{_MAS} (?:text|nada))\b", "", _DESPUES),
    Rule("es", rf"^(?:{_JUNTO} )*no (?:escribir|escribirme|mandar{_MAS} text)\b", "", _DESPUES),
    Rule("es", r"\b(?:evite|eviten|abstengase|abstenganse)(?: de)? (?:escribir|escribirme|mandar)\b", "", _DESPUES),
    Rule("es", rf"^(?:{_JUNTO} )*no insista(?: mas| {_JUNTO})*$"),
    Rule("es", rf"\bno mas(?: \w+ (?:ni|y|o))?{_MAS} text"),
    Rule("es", r"\bsi (?:me |nos )?(?:vuelv|sigu)\w* (?:a )?(?:escribir|escribirme|mandar)\b", needs=_AMENAZA),
    # -- not wanted, not allowed
    Rule("es", rf"{_NO_QUIERO}(?: {_RECIBIR})?{_MAS} text"),
    Rule("es", rf"{_NO_QUIERO} {_RECIBIR}{_MAS} nada\b"),
    Rule("es", r"\bno (?:quiero|deseo|autorizo) que (?:me )?(?:vuelva a )?escriba\b", "", _DESPUES),
    Rule("es", r"\bno (?:quiero|deseo) que (?:me )?(?:este|siga) (?:escribir|escribirme|mandar)\b", "", _DESPUES),
    Rule("es", rf"\bno (?:pedi|solicite|autorice|me (?:inscribi|suscribi|registre|apunte) (?:a|para|en)){_MAS} text"),
    Rule("es", rf"\bprefiero no recibir{_MAS} text|\bhart[oa]s? (?:con|de){_MAS} text"),
    Rule("es", r"\bno (?:quiero|deseo) que me llame (?:mas|nunca)", "", _DESPUES, r"text|escrib"),
    Rule("es", r"\bno (?:quiero|deseo) ser contactado"),
    Rule("es", rf"\bno (?:estoy )?interesad[oa] en recibir{_MAS} text"),
    Rule("es", rf"{_NO_QUIERO} (?:estar|seguir|aparecer) en{_ESA} lista"),
    Rule("es", r"\b(?:retiro|revoco|cancelo) mi permiso"),
    Rule(
        "es",
        r"\b(?:no|nunca)(?: (?:les|le|te|he|tienen|tiene|tienes|di|dimos|dado|doy|mi|ningun))+ permiso"
        r"(?: (?:pare|de|a|que|me|recibir))+ (?:text|escribir|escribirme|escriba|mandar|mande|llame)\b",
    ),
    # -- stop
    Rule(
        "es",
        rf"\b(?:deje|dejo)(?: ya)? de {_OTRO}(?:estar |estarme )?(?:escribirme|escribir|llamar)\b",
        r"(?:no|nunca)$",
        _DESPUES,
    ),
    Rule(
        "es", rf"\b(?:deje|dejo)(?: ya)? de {_OTRO}(?:estar |estarme )?(?:mandar|recibir){_MAS} text", r"(?:no|nunca)$"
    ),
    Rule("es", rf"\bpare(?: ya)? (?:de|con)(?: mandar| mandarme)?{_MAS} text"),
    Rule("es", rf"\b(?:suspend|deten|termin|desactiv)\w*(?: con| de| las| todos)*{_MAS} text", r"(?:no|nunca)$"),
    Rule(
        "es",
        rf"^(?:{_JUNTO} )*(?:pare|stop(?= (?:con|a|de|los|las|sus|todos|ya) ))(?: (?:con|a|todos|todas))*{_MAS} text",
    ),
    Rule("es", rf"\bpare de (?:estar |estarme )?(?:escribirme|escribir|mandar{_MAS} text)\b", r"(?:no|nunca)$"),
    Rule("es", rf"^(?:{_JUNTO} )*pare(?: {_JUNTO})*$"),
    Rule("es", r"\bdejeme (?:en paz|tranquil[oa])"),
    # -- lists and numbers
    Rule(
        "es",
        rf"(?:quiteme|saqueme|salir|salirme|{_ME} (?:quite|saque)"
        rf"|{_ME} (?:puede|pueden|podrian?) (?:quitar|sacar|borrar|eliminar)"
        rf"|(?:quite|saque) mi (?:numero|nombre|telefono)){_SU_LISTA}",
    ),
    Rule("es", r"\b(?:quite|saque) (?:mi|este|nuestro) (?:numero|telefono|celular)\b|\bquite mis datos\b"),
    Rule("es", r"\b(?:olvide|olviden|pierda|pierdan) (?:mi|este) (?:numero|telefono)\b"),
    Rule("es", rf"^(?:{_JUNTO} )*quiteme(?: {_JUNTO})*$"),
    Rule("es", r"(?:darme|dar|denme|deme|dame|me doy) de baja\b", "", _COSAS),
    Rule("es", rf"^(?:{_JUNTO} )*(?:de |quiero la |la )?baja(?: {_JUNTO})*$"),
    Rule(
        "es",
        r"\b(?:cancel|anul)\w+(?: (?:mi|mis|la|el|esta|los|las|estos|sus|servicio|envio|de|todos))* "
        r"(?:suscripcion|subscripcion|text)",
    ),
    Rule("es", r"\b(?:desuscrib|desinscrib|dessuscrib)\w*"),
)
