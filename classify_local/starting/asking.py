"""Questions to the user: what could not be guessed, with the answer that is taken when nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from classify_local.errors import InputError, nearest

_BETWEEN = re.compile(r"\s*[,;]\s*|\s+")
_BETWEEN_LABELS = re.compile(r"\s*[,;]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask.

    Parameters
    ----------
    key
        What it is about; answers are given by it.
    text
        The question.
    default
        The answer that is taken when nobody is asked.
    choices
        Possible answers; any if empty.
    count
        How many different names are asked for, if names are.
    phrases
        True if the names may hold spaces; then commas stand between them.
    """

    key: str
    text: str
    default: str
    choices: tuple[str, ...] = ()
    count: int | None = None
    phrases: bool = False

    def problem(self, answer: str) -> str | None:
        """What is wrong with an answer, and what to write instead; None if nothing is."""
        if not answer.strip():
            return "is empty"
        if self.choices and answer not in self.choices:
            return f"is none of {', '.join(self.choices)}{nearest(answer, self.choices)}"
        names = self.names(answer)
        if self.count is not None and len(names) != self.count:
            return f"holds {len(names)} names; write {self.count}, with commas between them"
        if self.count is not None and any(name.isdigit() for name in names):
            return "has a name of digits alone, which is a number; write letters too"
        if self.count is not None and len({name.casefold() for name in names}) < len(names):
            return "names one twice; each needs its own"
        return None

    def names(self, answer: str) -> tuple[str, ...]:
        """The names in an answer."""
        between = _BETWEEN_LABELS if self.phrases else _BETWEEN
        return tuple(name for name in between.split(answer.strip()) if name)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and whether the user gave it."""

    text: str
    given: bool


class Asked:
    """Gives answers and keeps the questions.

    Parameters
    ----------
    answers
        By key of a question; without one the default is taken.
    """

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = answers
        self.questions: list[Question] = []

    def ask(self, question: Question) -> Answer:
        """The answer to a question.

        Raises
        ------
        InputError
            If the answer given is none.
        """
        self.questions.append(question)
        answer = self._answers.get(question.key)
        if answer is None:
            return Answer(question.default, given=False)
        problem = question.problem(answer)
        if problem:
            raise InputError(f"{question.key}: the answer {answer!r} {problem}")
        return Answer(answer.strip(), given=True)
