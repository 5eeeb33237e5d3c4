"""What apps add to pages that are not theirs. Registered once, in each app's AppConfig.ready().

A page asks for its panels by name (`"device"`, `"position"`, `"today"` ...) and includes their
templates; the page's app never imports the apps that fill it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest

from core import together

Context = Callable[[Any, Any], dict[str, Any] | None]
Permission = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Panel:
    """`context(request, row)` gives the template's names; None means that there is nothing to show."""

    page: str
    order: int
    template: str
    context: Context
    permission: Permission


@dataclass(frozen=True)
class ShownPanel:
    """A panel with its names, ready for `{% include panel.template with panel=panel.context %}`."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True)
class TodayLine:
    """One line of Bugün: a sentence that says what is wrong, and the one thing to do about it.

    `urgency`: 0 is worst. `age_instant`: since when, or how old the evidence is. `kind` and `key` name
    the subject, so that two apps do not tell the same thing twice.
    """

    urgency: int
    sentence: str
    url: str = ""
    action_label: str = ""
    age_instant: dt.datetime | None = None
    kind: str = ""
    key: str = ""
    facts: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, eq=False)
class Question:
    """A small question that Bugün asks together with all others, in one query (see `core.together`).

    `ask(person)` is its queryset, or None where this person is not told about it. Called with a person it
    gives the rows: those that were gathered while a page is made, otherwise freshly asked.
    """

    ask: Callable[[Any], QuerySet[Any] | None]

    def __call__(self, person: Any) -> together.Rows:
        return once((self, person.pk), lambda: self._alone(person))

    def _alone(self, person: Any) -> together.Rows:
        rows = self.ask(person)
        return [] if rows is None else list(rows)


TodaySource = Callable[[Any], Iterable[TodayLine]]

_panels: list[Panel] = []
_today_sources: list[TodaySource] = []
_today_questions: list[Question] = []

T = TypeVar("T")
_look: ContextVar[dict[Hashable, Any] | None] = ContextVar("look", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """While one page is made, what several of its parts ask is asked once (see `once`)."""
    token = _look.set({})
    try:
        yield
    finally:
        _look.reset(token)


def once(key: Hashable, ask: Callable[[], T]) -> T:
    """The answer of `ask`, remembered until the page is made; outside of `one_look` never remembered."""
    known = _look.get()
    if known is None:
        return ask()
    if key not in known:
        known[key] = ask()
    answer: T = known[key]
    return answer


def register(
    page: str, order: int, template: str, context: Context, permission: Permission
) -> None:
    """Adds a panel to a page. `permission(person, row)` decides who gets it."""
    panel = Panel(page, order, template, context, permission)
    if panel not in _panels:
        _panels.append(panel)
        _panels.sort(key=lambda p: (p.page, p.order, p.template))


def shown(page: str, request: HttpRequest, row: Any = None) -> Iterator[ShownPanel]:
    """The panels of a page that the signed-in person may see, in order."""
    for panel in _panels:
        if panel.page != page or not panel.permission(request.user, row):
            continue
        context = panel.context(request, row)
        if context is not None:
            yield ShownPanel(panel.template, context)


def register_today_lines(source: TodaySource, *questions: Question) -> None:
    """Adds `source(person)` to Bugün, and what it asks that can be asked together with others."""
    if source not in _today_sources:
        _today_sources.append(source)
        _today_questions.extend(questions)


def gather(person: Any) -> None:
    """Asks the questions of all sources at once, for the page that is being made (`one_look`)."""
    known = _look.get()
    if known is None:
        return
    asked = {(question, person.pk): question.ask(person) for question in _today_questions}
    told = together.ask({key: rows for key, rows in asked.items() if rows is not None})
    known.update({key: told.get(key, []) for key in asked})


def today_lines(person: Any) -> list[TodayLine]:
    """All lines for one person, most urgent first, oldest first among equals, each subject once."""
    seen: set[tuple[str, str]] = set()
    lines: list[TodayLine] = []
    for line in sorted((line for source in _today_sources for line in source(person)), key=_rank):
        subject = (line.kind, line.key)
        if all(subject) and subject in seen:
            continue
        seen.add(subject)
        lines.append(line)
    return lines


def _rank(line: TodayLine) -> tuple[int, float, str]:
    since = line.age_instant.timestamp() if line.age_instant else float("inf")
    return line.urgency, since, line.sentence
