"""Addresses of the pages of footage requests."""

from django.urls import path

from .exhibit_urls import urlpatterns as exhibit_patterns
from .hold_urls import urlpatterns as hold_patterns
from .release_urls import urlpatterns as release_patterns
from .views import (
    access,
    acting,
    board,
    cameras,
    case,
    deciding,
    filing,
    interests,
    papers,
    rules,
    statistics,
    waiting,
)
from .views import undertakings as sworn
from .views import webhooks as hooks

app_name = "footage_requests"

urlpatterns = [
    path("", board.board, name="board"),
    path("list/", board.all_requests, name="list"),
    path("list/keep/", board.save_filter, name="save_filter"),
    path("list/views/<int:pk>/delete/", board.delete_filter, name="delete_filter"),
    path("new/", filing.new, name="new"),
    path("form.pdf", papers.blank_form, name="blank_form"),
    path("statistics/", statistics.statistics, name="statistics"),
    path("undertaking/", sworn.undertaking, name="undertaking"),
    path("undertaking/paper.pdf", sworn.undertaking_paper, name="undertaking_paper"),
    path("undertaking/text/", sworn.undertaking_text, name="undertaking_text"),
    path("undertakings/", sworn.undertaking_list, name="undertakings"),
    path("undertakings/<int:pk>/scan/", sworn.undertaking_scan, name="undertaking_scan"),
    path("sworn/<int:pk>/paper.pdf", sworn.undertaking_print, name="undertaking_print"),
    path("sworn/<int:pk>/file/", sworn.undertaking_file, name="undertaking_file"),
    path("access/", access.access_report_page, name="access_report"),
    path("rules/", rules.rules, name="rules"),
    path("rules/<slug:rules>/new/", rules.rule, name="rule_new"),
    path("rules/<slug:rules>/<int:pk>/", rules.rule, name="rule"),
    path("webhooks/", hooks.webhook_list, name="webhooks"),
    path("webhooks/new/", hooks.webhook_new, name="webhook_new"),
    path("webhooks/<int:pk>/rotate/", hooks.webhook_rotate, name="webhook_rotate"),
    path("webhooks/<int:pk>/switch/", hooks.webhook_switch, name="webhook_switch"),
    path("webhooks/messages/<int:pk>/again/", hooks.webhook_again, name="webhook_again"),
    path("attachments/<uuid:token>/", papers.paper, name="paper"),
    path("<int:pk>/", case.case, name="case"),
    path("<int:pk>/edit/", filing.edit, name="edit"),
    path("<int:pk>/ebys/", filing.ebys, name="ebys"),
    path("<int:pk>/identity/", case.reveal, name="reveal"),
    path("<int:pk>/form.pdf", papers.form_paper, name="form_paper"),
    path("<int:pk>/attach/", papers.attach, name="attach"),
    path("<int:pk>/cameras/", cameras.cameras, name="cameras"),
    path("<int:pk>/cameras/name/", cameras.name, name="name_cameras"),
    path("<int:pk>/cameras/propose/", cameras.propose, name="propose_cameras"),
    path("<int:pk>/cameras/check/", cameras.check, name="check_cameras"),
    path("<int:pk>/cameras/rest/", cameras.exclude_rest, name="exclude_rest"),
    path("<int:pk>/items/<int:item_pk>/", cameras.decide_item, name="decide_item"),
    path("<int:pk>/register/", acting.register, name="register"),
    path("<int:pk>/submit/", acting.submit, name="submit"),
    path("<int:pk>/missing/", acting.ask_missing, name="ask_missing"),
    path("<int:pk>/complete/", acting.complete, name="complete"),
    path("<int:pk>/opinion/", acting.ask_opinion, name="ask_opinion"),
    path("<int:pk>/opinion/give/", acting.give_opinion, name="give_opinion"),
    path("<int:pk>/extend/", acting.extend_deadline, name="extend_deadline"),
    path("<int:pk>/writing/", waiting.writing_came, name="writing"),
    path("<int:pk>/fee/", waiting.fee, name="fee"),
    path("<int:pk>/fee/paid/", waiting.fee_paid, name="fee_paid"),
    path("<int:pk>/fee/waive/", waiting.fee_waive, name="fee_waive"),
    path("<int:pk>/merge/", acting.merge, name="merge"),
    path("<int:pk>/withdraw/", acting.withdraw, name="withdraw"),
    path("<int:pk>/decide/", deciding.decide, name="decide"),
    path("<int:pk>/interest/", interests.interest, name="interest"),
    path("interests/<int:pk>/back/", interests.let_back, name="interest_back"),
    *exhibit_patterns,
    *hold_patterns,
    *release_patterns,
]
