"""Every fault that the product promises to survive. A test says which it is about: `@pytest.mark.fault("F14")`.

`waits_for` names parts of the product that a row speaks of and that do not exist yet; its other tests run meanwhile. To
fill one in: mark the test of the new part with the row's number and take the part off the list here.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of fault, and what happens all the same."""

    fault: str
    promise: str
    waits_for: tuple[str, ...] = ()


ROWS = {
    "F1": Row(
        "a web process is killed with requests in flight",
        "the others serve on; what was answered is there once, what was not leaves nothing half done",
    ),
    "F2": Row(
        "the worker is killed while it sends",
        "each text leaves exactly once; what was claimed goes on within 20 s, the rest within 5 s",
    ),
    "F3": Row(
        "one of several workers is killed, the one that holds the work",
        "another goes on within 20 s; nothing lost, nothing doubled",
    ),
    "F4": Row(
        "the sweeper dies at the moment a timer fires",
        "the AI takes over exactly once; 1 s late with another sweeper, 20 s if it held the claim",
    ),
    "F5": Row("beat is killed; two beats at once", "no effect within an hour; nothing twice"),
    "F6": Row(
        "Redis is killed, frozen for 30 s, flushed each second",
        "webhooks p99 ≤ 100 ms throughout; texts and timers at most 1 s late; nothing lost",
        ("events to other services",),
    ),
    "F7": Row(
        "PostgreSQL is killed and back in 2 s",
        "no 5xx on calls, texts and reports are kept; afterwards all is there once",
    ),
    "F8": Row(
        "PostgreSQL is stopped for 60 s under 20 webhooks a second",
        "every webhook 2xx, every caller forwarded, p99 ≤ 300 ms; all recorded once and in order ≤ 30 s after",
    ),
    "F9": Row("PostgreSQL is frozen", "callers are forwarded within 2 s; threads and connections recover"),
    "F10": Row(
        "PostgreSQL fails over: resets, read-only, deadlocks, serialization errors in 5 %",
        "nobody notices: tried again in the request, then kept in the journal",
    ),
    "F11": Row(
        "a service we ask is slow or trickles",
        "webhooks as fast as ever; the fallback answers the customer in time; the breaker opens within 20 s",
        ("events to other services", "call service", "Salesforce"),
    ),
    "F12": Row(
        "Twilio answers 429, 5xx or 401",
        "429: all sent within 60 s; 5xx: nothing doubled; 401: paused, said, nothing lost",
    ),
    "F13": Row(
        "Twilio accepts and the answer is lost",
        "effectively once, each row with the right SID: ≤ 30 s with callbacks, ≤ 200 s without",
    ),
    "F14": Row("the same webhook ten times, also at once", "one receipt, the same answer to the byte, one effect"),
    "F15": Row("webhooks in any order, some repeated", "the same end as in order"),
    "F16": Row(
        "owner, customer and timer within the same 50 ms", "one of them owns the conversation; at most one AI text"
    ),
    "F17": Row(
        "a clock is 10 minutes off, or steps back an hour",
        "no timer early or late by more than 1 s",
        ("Salesforce's tokens",),
    ),
    "F18": Row(
        "a disk is full: journal, PostgreSQL, log, media",
        "callers are forwarded; texts and reports get 503 so that Twilio tries again; logging never raises",
        ("recordings",),
    ),
    "F19": Row("malformed and endless requests", "4xx, never 5xx; valid XML wherever it says XML; calls stay fast"),
    "F20": Row(
        "markup, SQL, control characters and formulas in every field",
        "stored as they came, escaped at each edge; the same verbs as for harmless words",
    ),
    "F21": Row("old signed requests are replayed", "the same answer and no effect; a call that is old gets no text"),
    "F22": Row("one business's key, number or SID at another's door", "404 or 400, nothing written, said in the log"),
    "F23": Row(
        "an address that leads inside",
        "refused before a byte is sent, whatever it is spelled like or resolves to",
        ("notify URLs", "recordings"),
    ),
    "F24": Row(
        "everything is restarted under load; old and new code at once",
        "no request cut, nothing lost or doubled, drained within 30 s",
        ("live AI calls",),
    ),
    "F25": Row(
        "the machine is lost; yesterday's dump is restored",
        "what Twilio knows of the gap is filled in; no old text is sent",
    ),
    "F26": Row(
        "a row that always fails, a bug in one handler",
        "the others go on; it is set aside after its attempts, visible, and can be replayed",
    ),
    "F27": Row(
        "more open sockets of calls than a web process has threads",
        "webhooks as fast as ever, since media has a process of its own",
        ("the media server",),
    ),
    "F28": Row("secrets are rotated under load", "old and new count in between, the old one not after"),
}
