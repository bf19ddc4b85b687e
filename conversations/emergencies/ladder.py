"""Whom an emergency reaches when: the owner at once, each person a minute later, and around again for half an hour."""

from datetime import timedelta

BETWEEN_PEOPLE = timedelta(minutes=1)
BETWEEN_ROUNDS = timedelta(minutes=5)
ROUNDS = 6


def rungs(people: int) -> int:
    """Return how many rungs the ladder has for so many people."""
    return ROUNDS * people


def person_of(rung: int, people: int) -> int:
    """Return who is told on a rung, as a place in the list of people."""
    return rung % people


def wait_after(rung: int, people: int) -> timedelta:
    """Return how long the person of a rung has before the next one is told.

    A business with one phone is rung again after a minute once, then with the longer pauses of the rounds.
    """
    is_last_of_round = (rung + 1) % people == 0
    if not is_last_of_round or rung == 0:
        return BETWEEN_PEOPLE
    return BETWEEN_ROUNDS


def ends_first_round(rung: int, people: int) -> bool:
    """Tell whether everybody was told once with this rung; a single person twice."""
    return rung + 1 == max(people, 2)
