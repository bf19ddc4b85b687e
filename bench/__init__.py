"""`make bench`: what a webhook, a text and a timer cost, on one machine, in one readable report.

    python -m bench [cost latency texts timers] [--json FILE]

Modules, each using only those above it:

    webhooks, meter        signed requests as Twilio sends them; CPU and memory of process trees
    load                   sends them: a fixed number at once, or at a fixed rate
    settings, apps, floor  the product with its production logging; an empty Django view in the same process
    seed, stack            businesses; PostgreSQL, Redis, gunicorn, the worker and the emulator, started and ended
    cost, statements       CPU and SQL of each webhook
    latency, texts, timers how long a caller, a customer and a timer wait
    report                 figures as markdown

Times are milliseconds unless a name says otherwise. The figures of one machine compare with each other; across
machines only the ratios do. `docs/performance.md` says what they mean.
"""
