"""What is fitted: devices with their states, their addresses and networks, and recorders' disks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.history import HistoricalRecords
from core.sorting import Turkish
from core.steps import Step, SteppedModel

from ..addresses import check_in_network, normal_ip
from ..dated import DatedModel
from ..queries import AddressQuerySet, DeviceQuerySet, DiskQuerySet, NetworkQuerySet
from ..steps import StepRow, check_step_date, person_or_none
from ..text import normal_mac, search_text, serial_key

if TYPE_CHECKING:
    from accounts.models import Person

WITHOUT_PROOFS = "without commissioning proofs"


class Device(SteppedModel):
    """A camera or a recorder: the thing with the serial number, wherever it is."""

    class Kind(models.TextChoices):
        CAMERA = "CAMERA", _("Camera")
        RECORDER = "RECORDER", _("Recorder")

    class Protocol(models.TextChoices):
        AUTO = "auto", _("Find out")
        ONVIF = "onvif", "ONVIF"
        ISAPI = "isapi", "ISAPI"
        DAHUA = "dahua", "Dahua CGI"

    class Status(models.TextChoices):
        STOCK = "STOCK", _("In stock")
        COMMISSIONING = "COMMISSIONING", _("Being commissioned")
        IN_SERVICE = "IN_SERVICE", _("In service")
        FAULTY = "FAULTY", _("Faulty")
        OUT_FOR_REPAIR = "OUT_FOR_REPAIR", _("Out for repair")
        REMOVED = "REMOVED", _("Removed")
        SCRAPPED = "SCRAPPED", _("Scrapped")

    STEPS = {
        "receive": Step({Status.REMOVED}, Status.STOCK),
        "start_commissioning": Step({Status.STOCK, Status.REMOVED}, Status.COMMISSIONING),
        "put_in_service": Step({Status.COMMISSIONING}, Status.IN_SERVICE),
        "report_fault": Step({Status.IN_SERVICE}, Status.FAULTY),
        "repaired": Step({Status.FAULTY}, Status.IN_SERVICE),
        "send_for_repair": Step({Status.FAULTY, Status.REMOVED}, Status.OUT_FOR_REPAIR),
        # A repaired device has lost its settings: it is commissioned anew.
        "return_from_repair": Step({Status.OUT_FOR_REPAIR}, Status.COMMISSIONING),
        "remove": Step(
            {Status.COMMISSIONING, Status.IN_SERVICE, Status.FAULTY, Status.OUT_FOR_REPAIR},
            Status.REMOVED,
        ),
        "scrap": Step({Status.STOCK, Status.REMOVED, Status.OUT_FOR_REPAIR}, Status.SCRAPPED),
    }

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    maker = models.CharField(_("maker"), max_length=80)
    model = models.CharField(_("model"), max_length=120, blank=True)
    serial = models.CharField(_("serial number"), max_length=120, blank=True)
    serial_key = models.CharField(max_length=210, blank=True, default="", editable=False)
    mac = models.CharField("MAC", max_length=17, blank=True)
    firmware = models.CharField(_("firmware"), max_length=120, blank=True)
    asset_register_no = models.CharField(_("asset register no."), max_length=60, blank=True)
    purchased_on = models.DateField(_("purchased on"), null=True, blank=True)
    warranty_ends_on = models.DateField(_("warranty ends on"), null=True, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    audio_off = models.BooleanField(_("audio is off"), default=True)
    protocol = models.CharField(
        _("protocol"), max_length=10, choices=Protocol.choices, default=Protocol.AUTO
    )
    http_port = models.PositiveIntegerField(_("HTTP port"), default=80)
    rtsp_port = models.PositiveIntegerField(_("RTSP port"), null=True, blank=True)
    tls = models.BooleanField("TLS", default=False)
    status = models.CharField(
        _("status"), max_length=20, choices=Status.choices, default=Status.STOCK, editable=False
    )
    search_text = models.TextField(editable=False, blank=True, default="")

    objects: ClassVar[models.Manager[Device]] = models.Manager.from_queryset(DeviceQuerySet)()
    history = HistoricalRecords(excluded_fields=["search_text", "serial_key"])

    class Meta:
        verbose_name = _("device")
        ordering = ["kind", "maker", "model", "pk"]
        indexes = [
            models.Index(fields=["kind", "status"], name="inventory_device_kind_status"),
            models.Index(fields=["mac"], name="inventory_device_mac"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["serial_key"],
                condition=~Q(serial_key=""),
                name="inventory_device_serial_per_maker",
                violation_error_message=_(
                    "This maker's serial number is already in the inventory."
                ),
            ),
            models.CheckConstraint(
                name="inventory_device_ports",
                condition=Q(http_port__gte=1, http_port__lte=65535)
                & (Q(rtsp_port=None) | Q(rtsp_port__gte=1, rtsp_port__lte=65535)),
            ),
        ]

    def __str__(self) -> str:
        words = [word for word in (self.maker, self.model) if word]
        name = " ".join(words) or str(self.get_kind_display())
        return f"{name} ({self.serial})" if self.serial else name

    def normalise(self) -> None:
        """Brings MAC and serial to their normal form; `bulk_create` callers call it themselves."""
        self.maker, self.model = " ".join(self.maker.split()), " ".join(self.model.split())
        self.serial = self.serial.strip()
        try:
            self.mac = normal_mac(self.mac)
        except ValueError:
            raise ValidationError({"mac": gettext("This is not a MAC address.")}) from None
        self.serial_key = serial_key(self.maker, self.serial)
        self.search_text = search_text(
            self.maker, self.model, self.serial, self.mac, self.asset_register_no, self.purpose
        )

    def clean(self) -> None:
        self.normalise()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normalise()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "serial_key", "search_text"}
        super().save(*args, **kwargs)

    def receive(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """Taken back into stock."""
        self._step("receive", on_date=on_date, by=by, document=document)

    def start_commissioning(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        self._step("start_commissioning", on_date=on_date, by=by, document=document)

    def put_in_service(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """From that day on it counts. Stamped, because nothing has proved its settings."""
        self._step(
            "put_in_service", on_date=on_date, by=by, document=document, remark=WITHOUT_PROOFS
        )

    def report_fault(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """A fault never takes it out of the sum."""
        self._step("report_fault", on_date=on_date, by=by, document=document)

    def repaired(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """Put right where it hangs."""
        self._step("repaired", on_date=on_date, by=by, document=document)

    def send_for_repair(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """Its installation stays open: without a substitute the position counts as not recorded."""
        self._step("send_for_repair", on_date=on_date, by=by, document=document)

    def return_from_repair(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        self._step("return_from_repair", on_date=on_date, by=by, document=document)

    def remove(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        """Taken down for good; `moves` closes its installation."""
        self._step("remove", on_date=on_date, by=by, document=document)

    def scrap(self, *, on_date: dt.date, by: Person | str, document: str) -> None:
        self._step("scrap", on_date=on_date, by=by, document=document)

    for _verb in STEPS:
        locals()[_verb].alters_data = True
    del _verb

    @transaction.atomic
    def _step(
        self, verb: str, *, on_date: dt.date, by: Person | str, document: str, remark: str = ""
    ) -> None:
        check_step_date(self.steps.all(), on_date, document)
        was = self.status
        facts = {"on_date": on_date, "document": document}
        self._take(verb, by=by, because=remark, facts=facts)
        DeviceStep.objects.create(
            device=self,
            remark=remark,
            **StepRow.fields_of(verb, was, self.status, on_date=on_date, by=by, document=document),
        )
        Device.history.bulk_history_create([self], update=True, default_user=person_or_none(by))

    def address_at(self, instant: dt.datetime) -> Address | None:
        """The address that the device had at that instant, with its network."""
        return self.addresses.at(instant).select_related("network__via").first()

    def status_on(self, day: dt.date) -> str:
        """The status that held at the end of that day."""
        rows = Device.objects.filter(pk=self.pk).with_status_on(day)
        return str(rows.values_list("status_on_day", flat=True).get())


class DeviceStep(StepRow):
    """One change of a device's status: when it took effect, who, by which document."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="steps")

    class Meta(StepRow.Meta):
        indexes = [models.Index(fields=["device", "on_date"], name="inventory_devstep_date")]


class Network(models.Model):
    """A range of addresses. `via` is the recorder behind which an inner network lies."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    cidr = models.CharField(_("range"), max_length=43)
    via = models.ForeignKey(
        Device, on_delete=models.PROTECT, null=True, blank=True, related_name="inner_networks"
    )

    objects: ClassVar[models.Manager[Network]] = models.Manager.from_queryset(NetworkQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("network")
        ordering = [Turkish("name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.cidr})"


class Address(DatedModel):
    """The address of a device in a network, for a time."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="addresses")
    network = models.ForeignKey(Network, on_delete=models.PROTECT, related_name="addresses")
    ip = models.GenericIPAddressField("IP", unpack_ipv4=True)
    mac = models.CharField("MAC", max_length=17, blank=True)

    objects: ClassVar[models.Manager[Address]] = models.Manager.from_queryset(AddressQuerySet)()
    history = HistoricalRecords()

    class Meta(DatedModel.Meta):
        verbose_name = _("address")
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["ip", "starts_at"], name="inventory_address_ip")]

    def __str__(self) -> str:
        return f"{self.ip} · {self.device}"

    def normalise(self) -> None:
        """Brings IP and MAC to their normal form. Raises AddressRefused or ValidationError."""
        self.ip = normal_ip(str(self.ip))
        try:
            self.mac = normal_mac(self.mac)
        except ValueError:
            raise ValidationError({"mac": gettext("This is not a MAC address.")}) from None

    def clean(self) -> None:
        self.normalise()
        check_in_network(self.ip, self.network)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normalise()
        # A row that only ends must still be savable after DEVICE_NETWORKS has been narrowed.
        if self._state.adding:
            check_in_network(self.ip, self.network)
        super().save(*args, **kwargs)


class Disk(models.Model):
    """A disk in a slot of a recorder; removed disks stay as rows."""

    recorder = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="disks")
    slot = models.CharField(_("slot"), max_length=20)
    serial = models.CharField(_("serial number"), max_length=120, blank=True)
    capacity_gb = models.PositiveIntegerField(_("capacity in GB"), null=True, blank=True)
    fitted_on = models.DateField(_("fitted on"))
    removed_on = models.DateField(_("removed on"), null=True, blank=True)

    objects: ClassVar[models.Manager[Disk]] = models.Manager.from_queryset(DiskQuerySet)()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("disk")
        ordering = ["recorder", "slot", "fitted_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["recorder", "slot"],
                condition=Q(removed_on=None),
                name="inventory_disk_one_per_slot",
            ),
            models.CheckConstraint(
                name="inventory_disk_removed_after_fitted",
                condition=Q(removed_on=None) | Q(removed_on__gte=F("fitted_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recorder} · {self.slot}"
