"""A Twilio that runs on this machine: REST API, voice engine, signed webhooks, phone page. For development and tests.

It is a process of its own and shares nothing with the product but the signature function, so that what the product
sees is what a network would bring. `docs/emulator.md` is its manual and lists what it does not simulate.

Modules, each using only those above it:

    timeflow                             virtual time
    formats, behaviours, errors, magic   plain values
    world                                everything that exists, in memory
    webhooks, delivery                   one signed request; the order, copies and delays of many
    faults, exchange                     what goes wrong on purpose; all of the above, tied together
    twiml, interpreter, line             a document; playing it; the phone it is played to
    recordings, dial, voice, outbound    what a voicemail leaves; several phones; whole calls
    messaging, inbox                     texts to customers; texts from them
    rest, rest_*                         Twilio's REST API
    views, control_api, server           the control API, and the socket both answer on
    control                              the client that tests and demos use
"""
