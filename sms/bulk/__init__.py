"""One text to many people: checked as a whole, sent at the number's pace, paused or canceled at any moment."""
