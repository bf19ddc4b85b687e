"""Words that mean the same to the rules, and words that only look like them."""

# key → words that mean the same to the rules
SPELLINGS: dict[str, str] = {
    # English
    "stop": "stop stp sotp stpo stopp stahp quit cease halt discontinue refrain",
    "dont": "dont dnt donot",
    "text": (
        "text texts texting texted txt txts txting txtn txtin textin message messages messaging msg msgs msging sms "
        "communication communications notification notifications promos ads mensaje mensajes mensages mensajito "
        "mensajitos msj msjs texto textos notificacion notificaciones aviso avisos promociones anuncios "
        "publicidad"
    ),
    "contact": (
        "contact contacting contacted bother bothering bothered bug bugging spam spamming harass harassing annoying"
    ),
    "call": "call calls calling",
    "write": "write writing writes reply replying respond responding",
    "be": "be being",
    "send": "send sending sends",
    "get": "get getting receive receiving",
    "remove": "remove removed removing delete deleted erase scrub purge wipe exclude unenroll unlist",
    "number": "number phone cell num",
    "list": "list lists system database contacts phonebook records files registry",
    "permission": "permission consent authorization approval",
    "any more": "anymore",
    "want": "want wants wanna",
    "please": "please pls plz plse kindly",
    "you": "you u yall",
    "your": "your ur",
    # Spanish. Subjunctives and imperatives only: “no me escriben” complains of silence.
    "escriba": (
        "escriba escriban escribas escriva escrivan contacte contacten contactes moleste molesten molestes "
        "busque busquen busques textee texteen textees testeen fastidie fastidien jodan joda chinguen chingue "
        "hostigue hostiguen escribieran escribiera contactaran contactara molestaran molestara"
    ),
    "mande": "mande manden mandes envie envien envies mandaran mandara enviaran enviara",
    "llame": "llame llamen llames marque marquen marques hable hablen hables",
    "contactado": "contactado contactada contactados molestado molestada",
    "insista": "insista insistan insistas",
    "este": "este esten estes",
    "siga": "siga sigan sigas",
    "vuelva": "vuelva vuelvan vuelvas",
    "escribirme": (
        "escribirme contactarme molestarme textearme mandarme enviarme llamarme fastidiarme acosarme hostigarme"
    ),
    "escribir": (
        "escribir contactar molestar textear escribiendo contactando molestando texteando fastidiar joder chingar"
    ),
    "mandar": "mandar enviar mandando enviando",
    "deje": "deje dejen deja dejar dejes dejaran dejara",
    "dejeme": "dejeme dejenme dejame dejenos dejennos",
    "quite": "quite quiten quita borre borren borra elimine eliminen elimina remueva remuevan",
    "quiteme": (
        "quiteme quitenme quitame quitarme kitenme kiteme borreme borrenme borrame borrarme "
        "elimineme eliminenme eliminame eliminarme remuevanme remuevame"
    ),
    "saqueme": "saqueme saquenme sacame sacarme",
    "saque": "saque saquen saca",
    "lista": "lista listas listado base registro sistema contactos",
    "pare": "pare paren para parar parad parenle parele alto basta",
    "quiero": "quiero kiero",
    "permiso": "permiso consentimiento autorizacion",
    "porfavor": "porfavor porfa porfis",
}

# Words as they are, which one wrong letter would otherwise turn into one of the above.
NOT_TYPOS = frozenset(
    [
        "alert",
        "avisan",
        "avisas",
        "bending",
        "buscan",
        "contacta",
        "contactan",
        "contactaron",
        "contacts",
        "content",
        "contents",
        "contract",
        "contracts",
        "dejan",
        "dejaron",
        "describa",
        "describan",
        "encuentre",
        "ending",
        "envia",
        "envian",
        "enviaron",
        "envias",
        "escribe",
        "escriben",
        "escribi",
        "escribieron",
        "escribo",
        "hablan",
        "hablas",
        "hostigan",
        "insiste",
        "insisten",
        "insistes",
        "lending",
        "llama",
        "llaman",
        "llamas",
        "lumber",
        "manda",
        "mandado",
        "mandan",
        "mandaron",
        "mandas",
        "masaje",
        "masajes",
        "massage",
        "massages",
        "mending",
        "molesta",
        "molestan",
        "molestaron",
        "numbers",
        "paisaje",
        "passage",
        "pleasant",
        "pleased",
        "received",
        "receiver",
        "record",
        "recorded",
        "relieve",
        "remote",
        "removes",
        "remueven",
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
        "waiting",
    ]
)
