"""Addresses of the pages about what devices do."""

from django.urls import path

from .views import (
    adding,
    buildings,
    components,
    days,
    findings,
    paper_settings,
    papers,
    pictures,
    position,
    positions,
    recorder,
    recorders,
    reports,
    runs,
    sheets,
)

app_name = "cameras"

urlpatterns = [
    path("cameras/", positions.positions, name="positions"),
    path("cameras/<int:pk>/", position.position, name="position"),
    path("cameras/<int:pk>/picture/", pictures.picture, name="picture"),
    path("cameras/<int:pk>/reference/", pictures.reference, name="reference"),
    path(
        "cameras/<int:pk>/reference/picture/", pictures.reference_picture, name="reference_picture"
    ),
    path("cameras/<int:pk>/reference/set/", pictures.reference_set, name="reference_set"),
    path(
        "cameras/<int:pk>/reference/compare/", pictures.reference_compare, name="reference_compare"
    ),
    path("recorders/", recorders.recorders, name="recorders"),
    path("recorders/<int:pk>/", recorder.recorder, name="recorder"),
    path("cameras/buildings/<int:pk>/", buildings.building, name="building"),
    path("devices/<int:pk>/", recorder.device, name="device"),
    path("add/", adding.add, name="add"),
    path("add/discover/", adding.discover, name="discover"),
    path("add/<uuid:token>/", adding.survey, name="survey"),
    path("add/<uuid:token>/again/", adding.again, name="survey_again"),
    path("add/<uuid:token>/accept/", adding.accept, name="survey_accept"),
    path("components/", components.components, name="components"),
    path("days/", days.days, name="days"),
    path("days/<str:text>/", days.day, name="day"),
    path("findings/", findings.findings, name="findings"),
    path("findings/<int:pk>/acknowledge/", findings.acknowledge, name="acknowledge"),
    path("checks/", runs.runs, name="runs"),
    path("checks/now/", runs.check_now, name="check_now"),
    path("checks/minute/", runs.play_minute, name="play_minute"),
    path("checks/<int:pk>/", runs.run, name="run"),
    path("checks/<int:pk>/cancel/", runs.cancel, name="cancel"),
    path("sheets/", sheets.sheets, name="sheets"),
    path("sheets/<str:text>/", sheets.sheet, name="sheet"),
    path("sheets/<str:text>/explain/", sheets.explain, name="sheet_explain"),
    path("sheets/<str:text>/sign/", sheets.sign, name="sheet_sign"),
    path("sheets/<str:text>/seen/", sheets.seen, name="sheet_seen"),
    path("sheets/<str:text>/paper.pdf", sheets.paper, name="sheet_paper"),
    path("sheets/<str:text>/filed.pdf", sheets.filed, name="sheet_filed"),
    path("reports/", reports.reports, name="reports"),
    path("reports/clocks/", reports.clocks, name="report_clocks"),
    path("reports/monthly/", reports.monthly, name="report_monthly"),
    path("reports/warranty/", reports.warranty, name="report_warranty"),
    path("reports/last-days/", reports.last_days, name="report_last_days"),
    path("reports/history/", reports.history, name="report_history"),
    path("reports/devices/<int:pk>/", reports.device_card, name="device_card"),
    path("reports/forms/", paper_settings.forms, name="paper_forms"),
    path("reports/holidays/", paper_settings.holidays, name="holidays"),
    path("papers/<uuid:token>/", papers.printing, name="printing"),
    path("papers/<uuid:token>/file/", papers.printed, name="printed"),
]
