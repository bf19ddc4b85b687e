"""The AI's turn in a conversation: what is known → a dispatcher's answer → one transaction that checks and saves it."""
