"""Addresses of the inventory's pages."""

from django.urls import path

from .views import (
    contracts,
    counts,
    devices,
    files,
    floorplans,
    imports,
    lists,
    places,
    positions,
    rows,
)

app_name = "inventory"

urlpatterns = [
    path("devices/", lists.devices, name="devices"),
    path("positions/", lists.positions, name="positions"),
    path("buildings/", lists.buildings, name="buildings"),
    path("networks/", lists.networks, name="networks"),
    path("groups/", places.groups, name="groups"),
    path("contracts/", contracts.contracts, name="contracts"),
    path("contractors/", contracts.contractors, name="contractors"),
    path("models/", contracts.models, name="models"),
    path("counts/", counts.counts, name="counts"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/step/<slug:verb>/", devices.step, name="device_step"),
    path("devices/<int:pk>/address/", devices.address, name="device_address"),
    path("devices/<int:pk>/channels/", devices.channels, name="device_channels"),
    path("channels/<int:pk>/assign/", devices.assign_to, name="channel_assign"),
    path("channels/<int:pk>/release/", devices.release, name="channel_release"),
    path("disks/<int:pk>/remove/", devices.disk_out, name="disk_remove"),
    path("positions/<int:pk>/", positions.position, name="position"),
    path("positions/<int:pk>/step/<slug:verb>/", positions.step, name="position_step"),
    path("positions/<int:pk>/install/", positions.install, name="install"),
    path("positions/<int:pk>/replace/", positions.replace, name="replace"),
    path("positions/<int:pk>/uninstall/", positions.uninstall, name="uninstall"),
    path("positions/<int:pk>/assign/", positions.assign, name="assign"),
    path("positions/<int:pk>/schedule/", positions.schedule, name="schedule"),
    path("schedules/<int:pk>/end/", positions.schedule_end, name="schedule_end"),
    path("buildings/<int:pk>/", places.building, name="building"),
    path("plans/", floorplans.plans, name="plans"),
    path("plans/<uuid:token>/picture/", floorplans.picture, name="plan_picture"),
    path("floors/<int:pk>/plan/", floorplans.plan, name="floor_plan"),
    path("floors/<int:pk>/plan/new/", floorplans.plan_new, name="floor_plan_new"),
    path("floors/<int:pk>/plan/facts/", floorplans.plan_facts, name="floor_plan_facts"),
    path("floors/<int:pk>/plan/away/", floorplans.plan_away, name="floor_plan_away"),
    path("floors/<int:pk>/plan/arrange/", floorplans.arrange, name="floor_arrange"),
    path("positions/<int:pk>/place/", floorplans.place, name="position_place"),
    path("positions/<int:pk>/place/remove/", floorplans.take_off, name="position_take_off"),
    path("networks/<int:pk>/", places.network, name="network"),
    path("contracts/<int:pk>/", contracts.contract, name="contract"),
    path("contracts/<int:pk>/devices/", contracts.contract_devices, name="contract_devices"),
    path(
        "contracts/<int:pk>/devices/<int:device_pk>/remove/",
        contracts.contract_drop,
        name="contract_drop",
    ),
    path("contractors/<int:pk>/", contracts.contractor, name="contractor"),
    path("buildings/<int:pk>/count/", counts.start, name="count_new"),
    path("counts/<int:pk>/", counts.count, name="count"),
    path("counts/<int:pk>/lines/<int:line_pk>/", counts.line, name="count_line"),
    path("counts/<int:pk>/surplus/", counts.surplus, name="count_surplus"),
    path("counts/<int:pk>/close/", counts.close, name="count_close"),
    path("devices/<int:pk>/files/new/", files.of_device, name="device_attach"),
    path("positions/<int:pk>/files/new/", files.of_position, name="position_attach"),
    path("import/<slug:table>/", imports.upload, name="import"),
    path("imports/<uuid:token>/", imports.result, name="import_result"),
    path("imports/<uuid:token>/confirm/", imports.confirm, name="import_confirm"),
    path("imports/<uuid:token>/cancel/", imports.cancel, name="import_cancel"),
    path("files/<uuid:token>/", files.attachment, name="attachment"),
    path("files/<uuid:token>/remove/", files.attachment_remove, name="attachment_remove"),
]

for _what in rows.EDITABLES:
    urlpatterns += [
        path(f"{_what}s/new/", rows.edit, {"what": _what}, name=f"{_what}_new"),
        path(f"{_what}s/<int:pk>/edit/", rows.edit, {"what": _what}, name=f"{_what}_edit"),
    ]
