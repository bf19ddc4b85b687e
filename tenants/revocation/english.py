"""How people say in English that they want no more texts."""

from tenants.revocation.rule import Rule

# Said before or after a bare “stop” or “remove” without changing what it means.
_AROUND = (
    r"(?:please|just|ok|okay|hey|hi|hello|no|and|so|thanks|thank you|thx|but|now|already|right now|asap|immediately"
    r"|everything|all|this|these|it|that|stop|guys|sir|i said|like i said|for the last time|porfavor|ya|por favor"
    r"|gracias)"
)
_SO = rf"(?: {_AROUND})*"
_AGAIN = r"(?:again|any ?more|ever|further|for good|at all|from now on|in the future|for any reason)"
_TAIL = rf"(?: (?:{_AGAIN}|{_AROUND}|here|there|to (?:this|my) number))*(?: or (?:i|ill|im|else)\b.*)?"
# Between a “stop” or “don't” and what it is about.
_ALL = (
    r"(?: (?:it|w|with|of|from|all|no|any|more|the|these|those|this|that|your|such|so many|me|us|guys|to my number"
    r"|further|future|promotional|marketing|automated|unwanted|stupid|annoying|fucking|freaking|effing|damn))*"
)
_ME = r"(?:me|us|(?:this|my|our) (?:\w+ )?number|this phone)"
_WHO = rf"(?:{_ME}|(?:her|his|their) (?:\w+ )?number|my (?:name|info|information|details|data|contact)|this contact)"
_LIST = (
    r"(?: of)?(?: (?:of|your|the|this|that|all|any|these|those|text|contact|mailing|call))*"
    r"(?: (?!to |and |wait|guest)\w+){0,2}? (?:list|text|number)\b"
)
_LATER = (
    r"^ (?:(?:before|after|until|till|til|unless|while|when|between|during|today|tonight|tomorrow|now|on (?!my number)"
    r"|back|in (?!the future)|yet|if|that|so|this (?!number)|because|to (?:my (?!number)|the (?!number)|him|her))\b"
    r"|at (?!all|this|my))"
)
# Somebody else was told: “I told the last one to stop texting me”.
_OTHERS_TOLD = r"(?:told|asked|to tell) (?!(?:you|your|to)\b)\w+(?: \w+){0,5}(?<! not)(?: to)?$"
_NOT_MEANT = (
    rf"{_OTHERS_TOLD}|(?:dont|never|not|cant|wont|doesnt|didnt|couldnt|wouldnt"
    r"|(?:did|have|why|when|if|once|after|until|before|unless) (?:you|i|we|they|it|he|she))$"
)
_THEY = r"(?:why|if|you|they|i|we|he|she|it|did|had|has)(?: have)?$"
# “Never” is a wish only at the start of a sentence: “your man never texted me”.
_BEFORE_NEVER = ("please", "and", "ok", "hey", "said", "again", "so", "to", "just", "thanks")
_DONT = rf"(?:dont|(?:^|{'|'.join(f'(?<={word} )' for word in _BEFORE_NEVER)})never)"
_OTHERS = r"^ (?:him|her|them|my (?!number|cell)|the |our (?!number))"
_TEXT_INSTEAD = r"(?:just|only|please|but) text|(?<!stop )(?<!dont )text (?:me|instead|only)"
_THREAT = r"report(?:ing)? (?:you|this|it|to)|lawyer|attorney|\bsue|suing|police|block(?:ing)? you|\bfcc\b|legal|harass"
_ASK = (
    r"(?:(?:can|could|would|will) (?:you|yall)|\byou are|please"
    r"|(?:asked|told|asking|ask|rather|prefer|request|need|want|like)(?: that)? (?:you|yall))"
    r"(?: (?:please|to|kindly|just|all|guys))*"
)
_WANT = (
    r"(?:dont|doesnt|no longer|not)(?: really)? (?:want|wish|need|like|care|accept|appreciate|interested)"
    r"(?: (?:for|in|(?:to )?(?:want|get|be|see|keep|have|continue)))*"
)
_COUNTED = r"(?:\bis|are|were|was|got|get|have|had|see|seen|many|with|says?|why)$"

ENGLISH: tuple[Rule, ...] = (
    # -- stop
    Rule("en", rf"stop{_ALL} (?:text|contact)\b", _NOT_MEANT, _OTHERS),
    Rule(
        "en",
        rf"stop(?: from)? (?:send|get){_ALL}(?: \w+)? (?:text|contact|stuff|things|anything)\b",
        _NOT_MEANT,
        _LATER,
    ),
    Rule("en", rf"stop (?:send|get)(?: (?:these|those|this|them|to|{_ME}))*{_TAIL}$", _NOT_MEANT),
    Rule("en", rf"stop (?:call|write)(?: to)? {_ME}|stop write{_TAIL}$", _NOT_MEANT, _LATER, _TEXT_INSTEAD),
    Rule("en", r"(?:want|make|like)(?: (?:all|the|these|those|your))* text(?: to)? stop\b"),
    Rule("en", r"\btext (?:need|have|has|must|should|better|got)(?: to)? stop\b"),
    Rule("en", rf"appreciate(?: it)? if you(?: (?:would|could|guys|please))* stop(?:ped)?{_ALL} text\b"),
    Rule("en", r"\b(?:you|yall)(?: (?:guys|people|all))? (?:need|have|gotta|should|better)(?: to)? stop$"),
    Rule("en", r"\bpart of (?:the word )?stop\b|\bplease stop$|\bstop and desist\b"),
    Rule(
        "en",
        r"\bi(?: \w+){0,2} (?:told|asked|said|say|texted|replied|typed)"
        rf"(?: (?:you|yall|guys|people|them|already|to|the word|nicely))* stop{_SO}$",
    ),
    Rule("", rf"^(?:{_AROUND} )*stop{_SO}$"),
    Rule(
        "en",
        rf"^(?:{_AROUND} )*stop{_SO} (?:im|ive|i (?:am|have|already|dont|didnt|never|told|said|asked)|you have|wrong"
        r"|not (?:interested|me)|or (?:i|ill|im|else)|seriously|enough)\b",
    ),
    Rule(
        "en",
        r"^(?:please )?(?:can|could|would|will) you(?: guys)?(?: please| just)* stop(?: it| please| now)*$",
        whole=True,
    ),
    Rule("en", rf"^(?:{_AROUND} )*knock it off{_SO}$"),
    # -- end, turn off, enough
    Rule(
        "en",
        r"\b(?:end|cancel|suspend|terminate|disable|deactivate|turn off)"
        r"(?: (?:all|the|these|those|this|my|your|any|further|future|subscription|to))* text\b",
        r"(?:dont|not|cant)$",
        r"^ (?:(?:i|we|that|about) |(?:on|from|for|in|at) (?:the|my|our) (?!number))",
    ),
    Rule("en", r"\bturn(?: (?:the|these|those|your|all))* text off\b"),
    Rule("en", rf"\benough(?: already)?{_ALL} text\b", _COUNTED),
    Rule(
        "en", r"(?:sick|tired|fed up)(?: (?:of|with|all|get|your|these|those|the|this))+ text\b", "", "^ (?:back|and)"
    ),
    Rule(
        "en", rf"\bno (?:more|further){_ALL} text\b", _COUNTED, r"^ (?:yet|since|after|came|come|until|before|than)\b"
    ),
    Rule("en", rf"^(?:{_AROUND} )*no(?: call (?:or|and))?{_ALL} text(?: text)?{_TAIL}$"),
    Rule("en", rf"^(?:{_AROUND} )*no (?:more|further){_ALL} (?:contact|call){_SO}$"),
    # -- do not
    Rule(
        "en",
        rf"{_DONT}(?: (?:you|ever|be|keep|try to))*(?: call (?:or|and))? (?:text|contact|write)(?: text| or call)?"
        rf"(?: to)? {_ME}",
        _THEY,
        _LATER,
    ),
    Rule("en", rf"{_DONT}(?: (?:you|ever))* call {_ME} {_AGAIN}", _THEY, _LATER, _TEXT_INSTEAD),
    Rule(
        "en",
        rf"^(?:{_AROUND} )*dont(?: ever)?(?: call (?:or|and|nor))? (?:text|contact)(?: (?:or|and|nor) call)?{_TAIL}$",
    ),
    Rule("en", r"\bplease dont (?:text|contact)$"),
    Rule("en", rf"{_DONT}(?: (?:you|ever|keep))* send{_ALL}(?: \w+)? (?:text|anything|stuff)\b", _THEY, _LATER),
    Rule("en", rf"{_DONT}(?: ever)? send(?: me| us)?(?: any)?(?: (?:more|these|those|of|this))+$", _THEY),
    Rule(
        "en",
        rf"{_ASK} not(?: (?:to|ever|be|please|keep))* (?:text|contact|write)\b",
        _OTHERS_TOLD,
        rf"{_LATER}|{_OTHERS}",
    ),
    Rule("en", rf"\bnot to(?: ever)? (?:text|contact|call) {_ME}", rf"{_OTHERS_TOLD}|prefer$", _LATER, _TEXT_INSTEAD),
    Rule("en", r"\bnot (?:to )?be (?:text|contact)\b", r"(?:may|might|can|could|will)$", _LATER),
    Rule(
        "en",
        rf"(?:{_DONT}|stop)(?: (?:you|ever|try|trying|to))* (?:reach(?:ing)? out|get in touch|hit(?:ting)? (?:me|us) up"
        r"|blow(?:ing)? up (?:my|our|this))",
        rf"{_THEY}|{_NOT_MEANT}",
        rf"{_LATER}|^ to (?!me|us|this|my number)",
    ),
    Rule("en", r"no (?:need|reason) to (?:keep |continue )?(?:text|contact)(?: me| us)? (?:any ?more|again|further)"),
    Rule("en", r"\bdont (?:call|contact|text) list\b|(?:on|to|in) (?:your|the|a) dont (?:call|contact|text)\b"),
    Rule(
        "en",
        r"(?:text|contact|call) (?:me|us|this number|here) (?:again|any ?more|one more time|once more)",
        r"(?:please|can you|could you|will you|to)$",
        needs=_THREAT,
    ),
    # -- not wanted
    Rule("en", rf"{_WANT}{_ALL} (?:text|contact)\b", r"(?:they|he|she)$", _LATER),
    Rule("en", r"(?:dont|no longer) want (?:you|anyone)(?: guys)?(?: to)? (?:text|contact)", "", f"{_LATER}|{_OTHERS}"),
    Rule("en", r"(?:dont|no longer|never) (?:want|wish|care) (?:to hear|anything|nothing)(?: else)? from you"),
    Rule(
        "en",
        r"(?:dont|no longer|didnt|never) (?:want|wish|need|like|ask|agreed)(?: to)? be (?:on|in|part of)"
        rf"{_LIST}|not (?:to )?be (?:on|in){_LIST}",
    ),
    Rule(
        "en",
        r"(?:rather|prefer)(?: (?:that|if))? you (?:dont|didnt|wouldnt|stop)(?: send(?: me)?)? (?:text|contact)\b"
        rf"|(?:rather|prefer) (?:to )?not (?:to )?get{_ALL} (?:text|contact)\b",
        "",
        _LATER,
        r"\bcall (?:me|us|instead)",
    ),
    # -- not allowed
    Rule("en", rf"(?:dont|didnt|never|no longer) permission(?: to)?(?: be)?{_ALL} (?:text|contact)\b"),
    Rule(
        "en",
        r"(?:dont|didnt|never|no longer|havent)"
        r"(?: (?:have|gave|give|given|got|my|you|your|any|anyone|us|our|guys|people|company))+"
        rf" permission(?: (?:to|for|be|get|send))*{_ALL} (?:text|contact|call)\b",
    ),
    Rule("en", r"(?:revoke|revoking|withdraw|withdrawing|rescind)(?: my| all| any)* permission"),
    Rule(
        "en", r"\bnot (?:allowed|authorized|permitted) to (?:text|contact|call|send)\b", r"(?:im|i am|we are|they are)$"
    ),
    Rule("en", r"permission (?:is |has been )?(?:revoked|withdrawn|denied)"),
    Rule(
        "en",
        r"(?:never|didnt) (?:sign(?:ed)?|agreed?|subscribed?|opt(?:ed)?|ask(?:ed)?|request(?:ed)?|enroll(?:ed)?"
        rf"|consent(?:ed)?)(?: (?:up|in|for|to|be|get))*(?:{_ALL} (?:text|contact)\b|(?<=get) (?:these|those|this)$)",
    ),
    # -- lists and numbers
    Rule("en", rf"(?:remove|take|get|cross|scratch|strike|pull|drop) {_WHO} (?:off|from|out){_LIST}"),
    Rule("en", rf"(?:be|have me) (?:remove|taken) (?:off|from|out){_LIST}|(?:get|want) off{_LIST}"),
    Rule("en", rf"^(?:{_AROUND} )*(?:remove|get rid of)(?: {_WHO}(?: number)?)?{_SO}$"),
    Rule("en", rf"\bplease remove {_WHO}$"),
    Rule("en", rf"^(?:{_AROUND} )*take {_WHO} off(?: (?:of|here|there|{_AROUND}))*$"),
    Rule("en", rf"^(?:{_AROUND} )*(?:lose|forget) (?:my|this|our) number"),
    Rule("en", r"^(?:i|we) (?:want|need) out$"),
    Rule("en", r"\bun ?sub(?:scribe)?\b|\bunsubscribed\b", _NOT_MEANT),
    Rule(
        "en",
        r"\bopt(?:ed|ing)?(?: me| us)? ?out\b",
        r"(?:an|the|offer|not)$",
        r"^ of (?:the|a|an|my|your) (?!text|list)",
    ),
    # -- leave me
    Rule("en", r"\bleave (?:me|us) (?:alone|be)\b", r"(?:they|to|dont|never|would|will|kids)$"),
    Rule("en", r"^(?:im |i am |i will |ill |im going to |and )*block(?:ing|ed)? (?:you|this number)\b", "", "^ in"),
)
