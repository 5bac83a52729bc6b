#!/usr/bin/env python3
"""Prints a sample event with its holes filled from the demo agency of a running `make run`.

    scripts/event.py portal.get_home > .local/event.json

What a hole stands for is made when it is asked for: a session by signing in, an invitation by creating an account for
somebody of the demo who has none, and so on. Nothing else is changed.
"""

import base64
import collections
import csv
import functools
import hashlib
import hmac
import json
import os
import pathlib
import re
import struct
import sys
import time
import urllib.error
import urllib.request
import uuid
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PORTAL = f"http://127.0.0.1:{os.environ.get('PORTAL_PORT') or 8080}"
ADMIN = f"http://127.0.0.1:{os.environ.get('ADMIN_PORT') or 8081}"
PASSWORD = "a lantern over quiet water"
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def stop(message):
    sys.exit(f"event.py: {message}")


def call(method, url, body=None, cookie=None, headers=()):
    """The answer as JSON, and the cookie it sets."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    origin = "/".join(url.split("/")[:3])
    request = urllib.request.Request(url, data, method=method, headers={"origin": origin, **dict(headers)})
    if not isinstance(body, (bytes, type(None))):
        request.add_header("content-type", "application/json")
    if cookie:
        request.add_header("cookie", cookie)
    try:
        with urllib.request.urlopen(request) as answer:
            set_cookie = (answer.headers.get("set-cookie") or "").split(";")[0]
            return json.loads(answer.read() or b"null"), set_cookie
    except urllib.error.HTTPError as error:
        stop(f"{method} {url} was answered {error.code}: {error.read().decode(errors='replace')}")
    except OSError as error:
        stop(f"nothing answers at {origin}; start `make run` first ({error})")


def new_id(prefix):
    bits = int(time.time() * 1000) << 80 | uuid.uuid4().int & ((1 << 80) - 1)
    bits = bits & ~(0xF << 76) | 7 << 76
    bits = bits & ~(0x3 << 62) | 2 << 62
    return prefix + "_" + "".join(DIGITS[bits >> 5 * place & 31] for place in reversed(range(26)))


class Holes:
    """What each `{{hole}}` stands for."""

    @functools.cached_property
    def _workers(self):
        return call("GET", f"{PORTAL}/_local/demo.json")[0]["workers"]

    @functools.cached_property
    def _worker(self):
        return next(worker for worker in self._workers if worker["user_group"] == "Intake-Mgmt")

    worker_email = property(lambda self: self._worker["email"])
    worker_password = property(lambda self: self._worker["password"])

    @functools.cached_property
    def _worker_cookie(self):
        signs_in = {"email": self.worker_email, "password": self.worker_password}
        return call("POST", f"{ADMIN}/api/admin/v1/session", signs_in)[1]

    worker_token = property(lambda self: self._worker_cookie.split("=", 1)[1])

    def _admin(self, method, path, body=None, cookie=None):
        key = {"idempotency-key": str(uuid.uuid4())}
        return call(method, f"{ADMIN}/api/admin/v1{path}", body, cookie or self._worker_cookie, key)[0]

    def _cookie_of(self, user_group):
        worker = next(worker for worker in self._workers if worker["user_group"] == user_group)
        signs_in = {"email": worker["email"], "password": worker["password"]}
        return call("POST", f"{ADMIN}/api/admin/v1/session", signs_in)[1]

    @functools.cached_property
    def _system(self):
        return self._cookie_of("System Administrator")

    system_token = property(lambda self: self._system.split("=", 1)[1])

    def _clinical_workers(self, state):
        listed = self._admin("GET", "/workers", cookie=self._system)["workers"]
        workers = (entry["worker"] for entry in listed)
        return [worker["worker_id"] for worker in workers if (worker["user_group"], worker["state"]) == ("clinical_worker", state)]

    @functools.cached_property
    def worker(self):
        for worker in self._clinical_workers("active"):
            return worker
        stop("no Clinical Worker of the demo is active by now; `make run DEMO=fresh` begins anew")

    @functools.cached_property
    def locked_worker(self):
        for worker in self._clinical_workers("locked"):
            return worker
        self._admin("POST", f"/workers/{self.worker}/suspend", {}, self._system)
        return self.worker

    @functools.cached_property
    def _worker_record(self):
        return self._admin("GET", f"/workers/{self.worker}", cookie=self._system)

    worker_version = property(lambda self: str(self._worker_record["version"]))
    security_class = property(lambda self: self._worker_record["security_class_id"])

    @functools.cached_property
    def invited_worker(self):
        names = {"first_name": "Noor", "last_name": "Sample", "user_group": "clinical_worker", "language": "en"}
        belongs = {"security_class_id": self.security_class, "site_id": self.site}
        address = f"noor.sample.{uuid.uuid4().hex[:8]}@alderquay.example.org"
        hired = {"email": address, "profile": {**names, **belongs}}
        return self._admin("POST", "/workers", hired, self._system)["worker_id"]

    @functools.cached_property
    def disabled_worker(self):
        self._admin("POST", f"/workers/{self.invited_worker}/deactivate", {}, self._system)
        return self.invited_worker

    def _begin(self, cookie, password):
        """The code of a second factor that is begun."""
        secret = self._admin("POST", "/second-factor", {"password": password}, cookie)["secret"]
        mac = hmac.digest(base64.b32decode(secret), struct.pack(">q", int(time.time()) // 30), "sha1")
        place = mac[-1] & 15
        return f"{(struct.unpack('>I', mac[place:place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"

    @functools.cached_property
    def _newcomer(self):
        """Somebody new who chose a password: who, and their cookie."""
        self._seen  # noqa: B018 - what was there before
        worker = self.invited_worker
        chosen = {"token": self._mailed("reset"), "password": PASSWORD}
        call("POST", f"{ADMIN}/api/admin/v1/password-reset", chosen)
        email = self._admin("GET", f"/workers/{worker}", cookie=self._system)["email"]
        return worker, call("POST", f"{ADMIN}/api/admin/v1/session", {"email": email, "password": PASSWORD})[1]

    newcomer_token = property(lambda self: self._newcomer[1].split("=", 1)[1])
    begun_code = functools.cached_property(lambda self: self._begin(self._newcomer[1], PASSWORD))

    @functools.cached_property
    def _second_factor(self):
        """Somebody new with a second factor: who, their cookie, and a recovery code."""
        worker, cookie = self._newcomer
        confirmed, cookie = call("POST", f"{ADMIN}/api/admin/v1/second-factor/confirm", {"code": self.begun_code}, cookie)
        return worker, cookie, confirmed["recovery_codes"][0]

    enrolled_worker = property(lambda self: self._second_factor[0])
    enrolled_token = property(lambda self: self._second_factor[1].split("=", 1)[1])
    enrolled_password = PASSWORD
    recovery_code = property(lambda self: self._second_factor[2])

    @functools.cached_property
    def unused_security_class(self):
        class_ = {"name": f"Sample {uuid.uuid4().hex[:8]}", "allow_activations": False, "denials": []}
        saved = self._admin("POST", "/security-classes", class_, self._system)
        return saved["security_class"]["security_class_id"]

    @property
    def classes_version(self):
        self.unused_security_class  # noqa: B018 - it is one of them
        return str(self._admin("GET", "/security-classes", cookie=self._system)["version"])

    sites_version = property(lambda self: str(self._admin("GET", "/sites", cookie=self._system)["version"]))

    @functools.cached_property
    def _without_account(self):
        """Individuals who consented to mail, are old enough and have no account, one after the other."""

        def look():
            with open(ROOT / "infra/local/demo/individuals.csv", newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            shared = collections.Counter(row["email"].casefold() for row in rows)
            for row in rows:
                if row["email_consent"] != "yes" or shared[row["email"].casefold()] > 1:
                    continue
                if not "1910" < row["birth_date"] < "2000":
                    continue
                search = {"external_id": {"source": "demo", "id": row["external_id"]}}
                for found in self._admin("POST", "/individuals/search", search)["individuals"]:
                    record = self._admin("GET", f"/individuals/{found['individual_id']}")
                    if not record.get("account") and record["individual"]["communication"]["consented_contact_id"]:
                        yield record["individual"]
            stop("everybody of the demo has an account by now; `make run DEMO=fresh` begins anew")

        return look()

    @functools.cached_property
    def _individual(self):
        return next(self._without_account)

    individual = property(lambda self: self._individual["individual_id"])
    site = property(lambda self: self._individual["site_id"])
    version = property(lambda self: str(self._individual["version"]))
    email_contact = property(lambda self: self._individual["communication"]["consented_contact_id"])

    def _invite(self):
        """An individual with a pending account, its id and its link's token."""
        person = next(self._without_account)
        path = f"/individuals/{person['individual_id']}"
        account = self._admin("POST", f"{path}/accounts", {})["account"]
        return person, account["account_id"], self._mailed("activate")

    def _mailed(self, page):
        """The token of the next mail with a link to that page."""
        for _ in range(100):
            for mail in reversed(call("GET", f"{PORTAL}/_local/mail.json")[0]["mails"]):
                token = re.search(rf"/{page}#([0-9A-Za-z-]+)", mail["text"])
                if token and token[1] not in self._seen:
                    self._seen.add(token[1])
                    return token[1]
            time.sleep(0.1)
        stop(f"no mail with a link to /{page} came within ten seconds")

    @functools.cached_property
    def _seen(self):
        mails = call("GET", f"{PORTAL}/_local/mail.json")[0]["mails"]
        return {token for mail in mails for token in re.findall(r"/[a-z]+#([0-9A-Za-z-]+)", mail["text"])}

    @functools.cached_property
    def _pending(self):
        self._seen  # noqa: B018 - what was there before
        return self._invite()

    pending_individual = property(lambda self: self._pending[0]["individual_id"])
    pending_account = property(lambda self: self._pending[1])
    link_token = property(lambda self: self._pending[2])
    birth_date = property(lambda self: self._pending[0]["birth_date"])

    @functools.cached_property
    def _client(self):
        self._seen  # noqa: B018
        person, _, token = self._invite()
        texts = call("POST", f"{PORTAL}/api/portal/v1/links/look", {"token": token})[0]["texts"]
        accepted = {f"accepted_{name}": texts[name] for name in ("privacy_version", "terms_version")}
        activates = {"token": token, "birth_date": person["birth_date"], "password": PASSWORD, **accepted}
        cookie = call("POST", f"{PORTAL}/api/portal/v1/activation", activates)[1]
        address = next(c["value"] for c in person["contacts"] if c["contact_id"] == person["communication"]["consented_contact_id"])
        return address, cookie, person["individual_id"]

    client_email = property(lambda self: self._client[0])
    client_password = PASSWORD
    client_token = property(lambda self: self._client[1].split("=", 1)[1])
    client_account = property(lambda self: self._claims(self.client_token)["sub"])
    client_individual = property(lambda self: self._client[2])
    client_session = property(lambda self: self._claims(self.client_token)["sid"])
    worker_session = property(lambda self: self._claims(self.worker_token)["sid"])

    def _claims(self, token):
        claims = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))

    @functools.cached_property
    def _profile(self):
        return call("GET", f"{PORTAL}/api/portal/v1/profile", cookie=self._client[1])[0]

    client_version = property(lambda self: str(self._profile["version"]))
    client_contact = property(lambda self: next(c["contact_id"] for c in self._profile["contacts"] if c["consented"]))

    @functools.cached_property
    def reset_token(self):
        call("POST", f"{PORTAL}/api/portal/v1/password-reset-requests", {"email": self.client_email})
        return self._mailed("reset")

    def _told(self, external_id):
        """An individual of the demo's stories, and the account that the story is about."""
        found = self._admin("POST", "/individuals/search", {"external_id": {"source": "demo", "id": external_id}})
        individual = found["individuals"][0]["individual_id"]
        record = self._admin("GET", f"/individuals/{individual}")
        return individual, (record["account"] or record["closed_accounts"][0])["account_id"]

    _active = functools.cached_property(lambda self: self._told("AQ-0115"))
    _suspended = functools.cached_property(lambda self: self._told("AQ-0187"))
    _disabled = functools.cached_property(lambda self: self._told("AQ-0173"))
    _expired = functools.cached_property(lambda self: self._told("AQ-0146"))
    active_individual, active_account = (property(lambda self, i=i: self._active[i]) for i in (0, 1))
    suspended_individual, suspended_account = (property(lambda self, i=i: self._suspended[i]) for i in (0, 1))
    disabled_individual, disabled_account = (property(lambda self, i=i: self._disabled[i]) for i in (0, 1))
    expired_individual, expired_account = (property(lambda self, i=i: self._expired[i]) for i in (0, 1))

    @functools.cached_property
    def email_code(self):
        """The code mailed to the address that the client wants to sign in with from now on."""
        wanted = f"new.{self.client_email}"
        body = {"email": wanted, "password": self.client_password}
        call("POST", f"{PORTAL}/api/portal/v1/email-change", body, self._client[1])
        for _ in range(100):
            for mail in reversed(call("GET", f"{PORTAL}/_local/mail.json")[0]["mails"]):
                code = re.search(r"\b\d{4} ?\d{4}\b", mail["text"])
                if code and wanted.casefold() in [to.casefold() for to in mail["to"]]:
                    return code[0]
            time.sleep(0.1)
        stop("no mail with a code came within ten seconds")

    @functools.cached_property
    def _forgetful(self):
        """A worker who signs in nowhere else; a sample that resets their password sets it to what it was."""
        demo, _ = call("GET", f"{PORTAL}/_local/demo.json")
        return demo["workers"][-1]

    forgetful_worker_email = property(lambda self: self._forgetful["email"])
    forgetful_worker_password = property(lambda self: self._forgetful["password"])

    @functools.cached_property
    def worker_reset_token(self):
        self._seen  # noqa: B018
        call("POST", f"{ADMIN}/api/admin/v1/password-reset-requests", {"email": self.forgetful_worker_email})
        return self._mailed("reset")

    @property
    def _settings(self):
        return self._admin("GET", "/settings", cookie=self._system)

    settings_version = property(lambda self: str(self._settings["version"]))
    tiles = property(lambda self: json.dumps(json.dumps(self._settings["images"]["tiles"]))[1:-1])

    def _picture(self, cookie):
        """A PNG of one pixel, uploaded."""
        chunks = (b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(b"\0\x0b\x5d\x66"), b"IEND")
        packed = b"".join(struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
        return self._upload(b"\x89PNG\r\n\x1a\n" + packed, {"kind": "image", "content_type": "image/png"}, cookie)

    image_upload = property(lambda self: self._picture(self._system))

    @functools.cached_property
    def logo(self):
        settings = self._settings
        wanted = {"version": settings["version"], "logo": {"upload_id": self.image_upload}, "tiles": settings["images"]["tiles"]}
        return self._admin("PUT", "/settings/images", wanted, self._system)["images"]["logo"]

    @functools.cached_property
    def photographed_worker(self):
        """A worker of the client's, with a photo."""
        worker = self._admin("GET", f"/individuals/{self.client_individual}")["individual"]["worker_ids"][0]
        self._admin("PUT", f"/workers/{worker}/photo", {"upload_id": self.image_upload}, self._system)
        return worker

    @functools.cached_property
    def upload(self):
        return self._upload(b"external_id,first_name,last_name\nSAMPLE-1,Sam,Ple\n", {}, None)

    def _upload(self, file, kind, cookie):
        digest = base64.b64encode(hashlib.sha256(file).digest()).decode()
        place = self._admin("POST", "/uploads", {"bytes": len(file), "sha256": digest, **kind}, cookie)
        headers = {name: value for name, value in place["headers"].items() if name.lower() != "host"}
        request = urllib.request.Request(place["url"], file, method="PUT", headers=headers)
        with urllib.request.urlopen(request):
            return place["upload_id"]

    @functools.cached_property
    def job(self):
        return self._admin("POST", "/imports", {"upload_id": self.upload, "source": "sample", "mode": "dry_run"})["job_id"]

    @functools.cached_property
    def dry_run(self):
        """A bulk activation that says whom it would invite, at its end."""
        job = self._admin("POST", "/bulk-jobs/activation", {})["job_id"]
        for _ in range(60):
            if self._admin("GET", f"/bulk-jobs/{job}")["state"] == "done":
                return job
            time.sleep(1)
        stop("the dry run of a bulk activation does not finish")

    @functools.cached_property
    def _service(self):
        service = {"kind": "case_service", "name": "Sample counselling", "visibility": "hidden"}
        return self._admin("POST", "/services", service)["service"]

    service = property(lambda self: self._service["service_id"])
    service_version = property(lambda self: self._service["version"])

    def _sample_service(self, kind, parent=None):
        """A service of that kind for the samples alone: nobody of the demo is in it."""
        listed = self._admin("GET", f"/services?kind={kind}&active=true" + (f"&parent={parent}" if parent else ""))["services"]
        ours = [service for service in listed if service["name"] == f"Sample {kind}"]
        if ours:
            return ours[0]["service_id"]
        above = {"parent_id": parent, "visibility": "as_service"} if parent else {"visibility": "hidden"}
        body = {"kind": kind, "name": f"Sample {kind}", **above}
        return self._admin("POST", "/services", body)["service"]["service_id"]

    @functools.cached_property
    def fresh_service(self):
        """A case service that nobody is in, of a name of its own."""
        body = {"kind": "case_service", "name": f"Sample {uuid.uuid4()}", "visibility": "hidden"}
        return self._admin("POST", "/services", body)["service"]["service_id"]

    case_service = functools.cached_property(lambda self: self._sample_service("case_service"))
    group = functools.cached_property(lambda self: self._sample_service("group", self.case_service))

    def _enrolled(self):
        """Somebody with an open service file for the case service, and that file's id."""
        person = next(self._without_account)["individual_id"]
        files = self._files(person)
        if not files:
            body = {"service_id": self.case_service, "opened_on": "2026-01-12", "primary_worker_id": self.worker}
            self._admin("POST", f"/individuals/{person}/service-files", body)
            files = self._files(person)
        return person, files[0]

    def _files(self, person):
        listed = self._admin("GET", f"/individuals/{person}/services")["service_files"]
        return [file for file in listed if file["service_id"] == self.case_service and not file["closed_on"]]

    _open_file = functools.cached_property(_enrolled)

    @functools.cached_property
    def _closed_file(self):
        person, file = self._enrolled()
        path = f"/individuals/{person}/service-files/{file['service_file_id']}"
        body = {"version": file["version"], "closed_on": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))}
        return person, self._admin("POST", f"{path}/close", body)

    enrolled_individual, closed_individual = (
        property(lambda self, of=of: getattr(self, of)[0]) for of in ("_open_file", "_closed_file")
    )
    service_file, closed_file = (
        property(lambda self, of=of: getattr(self, of)[1]["service_file_id"]) for of in ("_open_file", "_closed_file")
    )
    service_file_version, closed_file_version = (
        property(lambda self, of=of: str(getattr(self, of)[1]["version"])) for of in ("_open_file", "_closed_file")
    )

    @functools.cached_property
    def offered_service(self):
        service = {"kind": "case_service", "name": "Sample housing support", "client_facing_name": "Help with housing",
                   "visibility": "visible", "eligible": True}
        return self._admin("POST", "/services", service)["service"]["service_id"]

    @functools.cached_property
    def service_request(self):
        key = {"idempotency-key": str(uuid.uuid4())}
        body = {"service_id": self.offered_service}
        cookie = f"__Host-portal={self.client_token}"
        return call("POST", f"{PORTAL}/api/portal/v1/service-requests", body, cookie, key)[0]["request_id"]

    mail = functools.cached_property(lambda self: new_id("mai"))
    journal = functools.cached_property(lambda self: new_id("jrn"))
    correlation = functools.cached_property(lambda self: new_id("cor"))
    idempotency_key = functools.cached_property(lambda self: str(uuid.uuid4()))


def main():
    if len(sys.argv) != 2:
        stop("name an operation, as in: make event OP=portal.get_home")
    file = ROOT / "events" / f"{sys.argv[1]}.json"
    if not file.exists():
        stop(f"there is no {file.relative_to(ROOT)}; there are " + ", ".join(sorted(f.stem for f in file.parent.glob("*.json"))))
    holes = Holes()
    # A private name would be a mistake in the sample.
    fill = lambda hole: str(getattr(holes, hole[1])) if not hole[1].startswith("_") else hole[0]  # noqa: E731
    text = file.read_text(encoding="utf-8")
    for usual, here in (("http://127.0.0.1:8080", PORTAL), ("http://127.0.0.1:8081", ADMIN)):
        text = text.replace(usual, here)
    print(re.sub(r"\{\{([a-z_]+)\}\}", fill, text).rstrip())


main()
