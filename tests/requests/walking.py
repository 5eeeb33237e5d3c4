"""One case walked by many people, each in a browser session of his own, while workers and sealer do their part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction

from accounts.models import Person, Role
from audit.sealing import seal_pending
from core import tsi
from footage_requests import hold_tasks, masking_tasks, release_tasks
from footage_requests.holds import hold_life
from footage_requests.models import FootageRequest, MaskPlan, Package
from footage_requests.release import release_work
from tests.browsing import PASSWORD, WIDE, sign_in, with_password
from tests.inventory import rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FilePayload, Page, Route

SCAN: FilePayload = {
    "name": "yazi.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
}


class Office:
    """The people of the unit at their desks, and the machines behind them.

    Only one page is open at a time: work in the background runs while nobody asks for anything.
    """

    def __init__(self, browser: Browser, base_url: str) -> None:
        self._browser, self._base_url = browser, base_url
        self._desks: dict[int, Page] = {}
        self.complaints: list[str] = []
        self.clerk = self.person(Role.REGISTRY_CLERK)
        self.operator = self.person(Role.OPERATOR)
        self.second = self.person(Role.OPERATOR)
        self.superior = self.person(Role.SUPERIOR)
        self.deliverer = self.person(Role.HANDOVER)
        self.privacy = self.person(Role.PRIVACY)

    def person(self, role: str) -> Person:
        return with_password(rows.person(role))

    def stranger(self) -> Page:
        """Somebody outside, who has never signed in."""
        context = self._browser.new_context(
            viewport=WIDE, base_url=self._base_url, locale="tr-TR", accept_downloads=True
        )
        page = context.new_page()
        # A bound on hang: the machine may be busy with other tests.
        page.set_default_timeout(120_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, said: Any) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def at(self, person: Person, address: str) -> Page:
        """The person's page at this address; everybody else's is left."""
        page = self._desks.get(person.pk)
        self.leave(but=page)
        if page is None:
            page = self._desks[person.pk] = self.stranger()
            sign_in(page, person)
        page.goto(address)
        return page

    def leave(self, but: Page | None = None) -> None:
        """Every desk is left; `but` the one whose page another follows on at once."""
        for page in self._desks.values():
            if page is not but and page.url != "about:blank":
                page.goto("about:blank")

    def until(self, page: Page, condition: str) -> None:
        """Waits for something in the page. Playwright's own waiting needs `eval`, which our policy refuses."""
        for _try in range(600):
            if page.evaluate(condition):
                return
            page.wait_for_timeout(50)
        raise AssertionError(f"never true: {condition}")

    def close(self) -> None:
        for page in self._desks.values():
            page.context.close()

    def behind(self, work: Callable[[], Any]) -> Any:
        """Runs what a worker does. Playwright's event loop owns this thread, so it takes another."""
        self.leave()
        mine = connections["default"]
        is_shared = mine.vendor == "sqlite" and mine.is_in_memory_db()  # type: ignore[attr-defined]

        def run() -> Any:
            if is_shared:
                connections["default"] = mine
            try:
                return work()
            finally:
                if not is_shared:
                    connections.close_all()

        mine.inc_thread_sharing()
        try:
            with ThreadPoolExecutor(1) as other:
                return other.submit(run).result(120)
        finally:
            mine.dec_thread_sharing()

    # --- what the machines do ----------------------------------------------------------------

    def fetch(self) -> None:
        """The footage worker."""
        self.behind(hold_tasks.work_parts)

    def ask_recorders(self, row: FootageRequest) -> None:
        self.behind(lambda: hold_tasks.check_request(row.pk))

    def mask(self, plan: MaskPlan) -> None:
        self.behind(lambda: masking_tasks.make_masked_copy(plan.pk))

    def seal_log(self) -> None:
        with transaction.atomic():
            while seal_pending():
                pass

    def seal(self, package: Package) -> None:
        job = release_work.job_for(release_work.SEAL, package)
        assert job is not None
        self.behind(lambda: release_tasks.seal_package(package.pk, job.pk))

    def encrypt(self, package: Package) -> None:
        copy = package.copies.latest("pk")
        self.behind(lambda: release_tasks.make_copy(copy.pk))

    def end_holds(self) -> None:
        self.behind(hold_life.sweep)

    # --- what people do ----------------------------------------------------------------------

    def file(self, start: dt.datetime, seconds: int, **typed: str) -> FootageRequest:
        """The clerk types the letter in, with its scan; `kind` is the key of the requester's kind."""
        page = self.at(self.clerk, "/requests/new/")
        page.select_option("[name=kind]", typed.pop("kind"))
        local = start.astimezone(tsi.TSI)
        end = local + dt.timedelta(seconds=seconds)
        page.fill("[name=first_day]", local.date().isoformat())
        page.fill("[name=first_time]", local.strftime("%H:%M:%S"))
        page.fill("[name=last_time]", end.strftime("%H:%M:%S"))
        page.select_option("[name=building]", typed.pop("building"))
        for name, text in typed.items():
            page.fill(f"[name={name}]", text)
        page.set_input_files("[name=paper]", SCAN)
        page.click("button:not([name]):not([type=button])[data-last-only]")
        page.wait_for_selector(".life")
        row = FootageRequest.objects.latest("pk")
        assert row.attachments.get().kind == "LETTER"
        return row

    def act(self, person: Person, address: str, **typed: str) -> Page:
        """A small form: opened, filled in, sent; the case comes back."""
        page = self.at(person, address)
        for name, text in typed.items():
            field = page.locator(f"main form [name={name}]").first
            if field.get_attribute("type") == "checkbox" or field.get_attribute("type") == "radio":
                page.check(f"main form [name={name}][value='{text}']" if text else f"[name={name}]")
            elif field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(text)
            else:
                field.fill(text)
        page.click("main .card-footer button[type=submit]")
        page.wait_for_selector(".life")
        return page

    def press(self, person: Person, row: FootageRequest, selector: str) -> Page:
        """A button of the case page."""
        page = self.at(person, f"/requests/{row.pk}/")
        with page.expect_navigation():
            page.click(selector)
        page.wait_for_selector(".life")
        return page

    def decide(self, row: FootageRequest) -> None:
        page = self.at(self.superior, f"/requests/{row.pk}/decide/")
        page.check("input[name=kind][value=COPY]")
        page.fill("input[name=password]", PASSWORD)
        page.click("[data-decide] button.btn-primary")
        page.wait_for_selector(".life")

    def open_player(self, person: Person, exhibit_pk: int, purpose: str) -> Page:
        page = self.at(person, f"/requests/exhibits/{exhibit_pk}/")
        page.check(f"[name=purpose][value={purpose}]")
        page.click("main form button[type=submit]")
        page.wait_for_selector("video", state="attached")
        self.until(page, "document.querySelector('video').readyState >= 2")
        return page

    def watch(self, person: Person, exhibit_pk: int) -> None:
        """Plays the exhibit to its end, eight times as fast."""
        page = self.open_player(person, exhibit_pk, "VERIFY")
        page.select_option("[data-speed]", "8")
        page.click("[data-play]")
        self.until(page, "document.querySelector('video').ended")
        page.click("[data-close] button")
        page.wait_for_selector(".life")

    def verify(self, package: Package, exhibit_pk: int) -> None:
        """The second operator watches, confirms every check, and seals once the log is sealed."""
        self.watch(self.second, exhibit_pk)
        page = self.at(self.second, f"/requests/packages/{package.pk}/verify/")
        for box in page.locator("main input[type=checkbox]").all():
            box.check()
        page.click("main form:not([action]) > button[type=submit]")
        page.wait_for_selector(".life")
        self.seal_log()
        self.press(self.second, package.request, "form[action$='/seal/'] button")
        self.seal(package)

    def copy(self, package: Package, recipient: str) -> str:
        """Encrypts for the recipient; returns the passphrase as the deliverer reads it."""
        address = f"/requests/packages/{package.pk}/copies/new/"
        self.act(self.deliverer, address, recipient_name=recipient)
        self.encrypt(package)
        page = self.at(self.deliverer, f"/requests/{package.request_id}/")
        page.click("#release a[href$='/passphrase/']")
        page.click("main form button[type=submit]")
        return page.inner_text("main .font-monospace").strip()

    def save(self, page: Page, selector: str, place: Path) -> Path:
        """What a click downloads."""
        with page.expect_download() as caught:
            page.click(selector)
        caught.value.save_as(place)
        return place

    def printed(self, page: Page, selector: str, place: Path) -> Path:
        """The PDF that a button answers with; the browser's own viewer keeps it from us."""

        def keep(route: Route) -> None:
            place.write_bytes(route.fetch().body())
            route.fulfill(status=204)

        page.route("**/print/", keep)
        with page.expect_response("**/print/"):
            page.click(selector)
        page.unroute("**/print/")
        return place

    def sign_paper(self, row: FootageRequest) -> None:
        """The signed record comes back as a scan."""
        record = row.records.get()
        page = self.at(self.clerk, f"/requests/records/{record.uuid}/signed/")
        page.set_input_files("[name=file]", SCAN)
        page.click("main .card-footer button[type=submit]")
        page.wait_for_selector(".life")

    def destroy(self, package: Package) -> None:
        """Three people, then the act."""
        self.act(
            self.operator,
            f"/requests/packages/{package.pk}/destruction/",
            trigger="PERIODIC",
            reason="Teslim edildi, süresi doldu.",
        )
        row = package.destructions.get()
        for person, step in (
            (self.second, "verify"),
            (self.superior, "approve"),
            (self.operator, "carry-out"),
        ):
            page = self.at(person, f"/requests/{package.request_id}/")
            page.click(f"#release a[href$='{row.uuid}/{step}/']")
            page.click("main .card-footer button[type=submit]")
            page.wait_for_selector(".life")
