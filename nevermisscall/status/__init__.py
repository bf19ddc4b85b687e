"""How the services outside of us are doing, as those who use them saw it last."""
