"""DispatchBot: a service that answers customers, asked over HTTP. The contract is in docs/dispatchers.md."""
