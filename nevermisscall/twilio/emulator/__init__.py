"""A Twilio that runs on this machine: REST API, voice engine, signed webhooks and a phone page. Development and tests only.

It is a process of its own and shares nothing with the product but the signature function, so that what the product
sees is what a network would bring. `docs/emulator.md` is its manual and lists what it does not simulate.

    timeflow                      virtual time
    formats, behaviours, faults   plain values
    world                         everything that exists, in memory
    webhooks › delivery           one signed request › order, copies and delays of many
    twiml › interpreter › dial › voice   a document › one phone running it › several phones › a whole call
    messaging                     texts in both directions
    rest_* , control_api, server  what answers over HTTP
    control                       the client that tests and demos use
"""
