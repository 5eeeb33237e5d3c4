"""The sheet of components: each in every state, for developers. There is no such page in production."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from cameras.drawing.component_sheet import sheet

THEMES = ("light", "dark")


@require_safe
@login_required
def components(request: PersonRequest) -> HttpResponse:
    """The sheet in `?language=tr|en` and `?theme=light|dark`, whatever the person's own choice is."""
    if settings.PRODUCTION:
        raise Http404
    languages = [code for code, _name in settings.LANGUAGES]
    language = request.GET.get("language", "")
    language = language if language in languages else translation.get_language()
    theme = request.GET.get("theme", "")
    theme = theme if theme in THEMES else THEMES[0]
    with translation.override(language):
        context = {
            **sheet(),
            "theme": theme,
            "variants": [
                {"language": code, "theme": name, "is_shown": (code, name) == (language, theme)}
                for code in languages
                for name in THEMES
            ],
        }
        return render(request, "cameras/components.html", context)
