"""How what happens to the inventory reads in the log: moves, steps, and rows that were edited."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.models import Entry

from .models.devices import WITHOUT_PROOFS

# What the inventory's one door for forms does to every kind of row.
EDITED = (
    *("device", "position", "site", "building", "floor", "positiongroup", "network", "channel"),
    *("disk", "contractor", "contract", "modellife"),
)
SENTENCES: dict[str, Any] = {
    **{f"{name}.create": _("%(actor)s entered %(object)s") for name in EDITED},
    **{f"{name}.change": _("%(actor)s changed %(object)s") for name in EDITED},
    # --- steps of devices and positions
    "device.receive": _("%(actor)s took %(object)s back into stock"),
    "device.start_commissioning": _("%(actor)s began to commission %(object)s"),
    "device.put_in_service": _("%(actor)s put %(object)s in service"),
    "device.report_fault": _("%(actor)s reported a fault of %(object)s"),
    "device.repaired": _("%(actor)s repaired %(object)s where it hangs"),
    "device.send_for_repair": _("%(actor)s sent %(object)s for repair"),
    "device.return_from_repair": _("%(actor)s got %(object)s back from repair"),
    "device.remove": _("%(actor)s took %(object)s out of service"),
    "device.scrap": _("%(actor)s scrapped %(object)s"),
    "position.activate": _("%(actor)s activated the position %(object)s"),
    "position.close": _("%(actor)s closed the position %(object)s"),
    # --- moves
    "installation.start": _("%(actor)s fitted a camera at %(object)s"),
    "installation.end": _("%(actor)s took the camera at %(object)s down"),
    "channel.assign": _("%(actor)s assigned the channel %(object)s to a position"),
    "channel.release": _("%(actor)s ended what the channel %(object)s records"),
    "address.give": _("%(actor)s gave %(object)s an address"),
    "address.move": _("%(actor)s moved %(object)s to another address"),
    "device.add_channels": _("%(actor)s added channels to %(object)s"),
    "disk.remove": _("%(actor)s took out the disk %(object)s"),
    "schedule.create": _("%(actor)s set a recording schedule for %(object)s"),
    "schedule.end": _("%(actor)s ended a recording schedule of %(object)s"),
    # --- papers, counts, files
    "contract.add_devices": _("%(actor)s added devices to the contract %(object)s"),
    "contract.remove_device": _("%(actor)s took a device out of the contract %(object)s"),
    "stockcount.start": _("%(actor)s began the stock count %(object)s"),
    "stockcount.check": _("%(actor)s wrote down a line of the stock count %(object)s"),
    "stockcount.add": _("%(actor)s wrote down a surplus device in the stock count %(object)s"),
    "stockcount.close": _("%(actor)s closed the stock count %(object)s"),
    "attachment.add": _("%(actor)s added a file to %(object)s"),
    "attachment.remove": _("%(actor)s took a file off the page of %(object)s"),
    "inventory.import": _("%(actor)s imported a spreadsheet into the inventory"),
    "inventory.export": _("%(actor)s exported a list of the inventory"),
    "floor_plan.add": _("%(actor)s handed in the floor plan %(object)s"),
    "floor_plan.change": _("%(actor)s changed the floor plan %(object)s"),
    "floor_plan.put_away": _("%(actor)s put the floor plan %(object)s away"),
    "floor_plan.bring_back": _("%(actor)s brought the floor plan %(object)s back"),
    "plan_place.put": _("%(actor)s placed %(object)s on a floor plan"),
    "plan_place.move": _("%(actor)s moved %(object)s on a floor plan"),
    "plan_place.remove": _("%(actor)s took %(object)s off a floor plan"),
}


def reason_of(entry: Entry) -> str:
    """The stamp of a device that was put in service unproven."""
    return gettext("without commissioning proofs") if entry.because == WITHOUT_PROOFS else ""
