"""What no webhook brought is found in Twilio's own lists."""
