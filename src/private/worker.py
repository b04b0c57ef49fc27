"""Speaks the app's own protocol for one account: JSON lines in, JSON lines out.

In: requests on the standard input, one at a time. Out: answers on what was the standard output.
Never: a file of its own, a request that is sent twice, a log of bodies or headers.

Runs beside storypress, which starts it, holds the session and ends it.
"""

import json
import os
import sys
import time

OUT = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
os.dup2(2, 1)


def say(message):
    OUT.write(json.dumps(message, ensure_ascii=True) + "\n")
    OUT.flush()


def bound():
    """An end for memory, and an end with the parent."""
    import resource
    import signal
    import threading

    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()

    def watch():
        # a signal at the parent's death would come when the thread that started us ends, which is sooner
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


bound()

import logging  # noqa: E402
from pathlib import Path  # noqa: E402
from urllib.parse import quote, urlsplit, urlunsplit  # noqa: E402

import pydantic  # noqa: E402

# The library describes eighty kinds of answers, of which few are ever met: each is built when it is first met, which takes
# a fifth off every start.
pydantic.BaseModel.model_config = {"defer_build": True}

import instagrapi.mixins.photo as photo  # noqa: E402
import requests  # noqa: E402
from instagrapi import Client, exceptions  # noqa: E402
from PIL import Image  # noqa: E402
from requests.adapters import BaseAdapter, HTTPAdapter  # noqa: E402

logging.disable(logging.CRITICAL)
LIBRARY = "3.2.2"
HOSTS = ["https://i.instagram.com/", "https://b.i.instagram.com/", "https://www.instagram.com/"]


def untouched(path, **_):
    """In place of the library's own preparing, which encodes every picture anew."""
    with Image.open(path) as picture:
        size = picture.size
    return Path(path).read_bytes(), size


photo.prepare_image = untouched


class Wrong(Exception):
    """Ours: what is said is already sorted."""

    def __init__(self, said, next_="never", scope="story", **more):
        super().__init__(said)
        self.sorted = {"next": next_, "scope": scope, "said": said, "sent": False, **more}


class Road(BaseAdapter):
    """One send for each request, with a timeout; to the sandbox where there is one."""

    def __init__(self, base, inner, timeouts):
        super().__init__()
        self.base = urlsplit(base) if base else None
        self.inner = inner
        self.timeouts = timeouts
        self.handed_on = False

    def send(self, request, **kwargs):
        kwargs["timeout"] = tuple(self.timeouts)
        if self.base:
            asked = urlsplit(request.url)
            request.url = urlunsplit((self.base.scheme, self.base.netloc, asked.path, asked.query, ""))
            kwargs["proxies"] = {}
        self.handed_on = True
        try:
            return self.inner.send(request, **kwargs)
        except requests.exceptions.ConnectTimeout:
            self.handed_on = False
            raise
        except requests.exceptions.ConnectionError as error:
            if "NewConnectionError" in repr(error) or "Failed to establish" in repr(error):
                self.handed_on = False
            raise

    def close(self):
        self.inner.close()


class Once(Client):
    """The library's client, whose calls are sent once."""

    def private_request(
        self,
        endpoint,
        data=None,
        params=None,
        login=False,
        with_signature=True,
        headers=None,
        extra_sig=None,
        domain=None,
    ):
        headers = dict(headers or {})
        if self.authorization and not any(name.lower() == "authorization" for name in headers):
            headers["Authorization"] = self.authorization
        self._send_private_request(
            endpoint,
            data=data,
            params=params,
            login=login,
            with_signature=with_signature,
            headers=headers,
            extra_sig=extra_sig,
            domain=domain,
        )
        return self.last_json


class Worker:
    def __init__(self):
        self.client = None
        self.road = None
        self.usual = (10.0, 120.0)
        self.base = None
        self.ask_code = None

    # making the client

    def hello(self, sandbox=None, timeouts_s=None):
        self.base = sandbox
        if timeouts_s:
            self.usual = tuple(timeouts_s)
        self.fresh()
        return {"protocol": 1, "library": LIBRARY, "python": sys.version.split()[0]}

    def fresh(self, settings=None):
        transport = "requests" if self.base else "curl"
        client = Once(
            request_timeout=0,
            session_retry_total=0,
            private_transport=transport,
            with_challenge_flow=False,
        )
        if settings:
            mine = ("request_timeout", "private_transport", "tls_verify")
            kept = {
                name: value
                for name, value in settings.items()
                if name not in mine and not name.startswith("session_retry")
            }
            client.set_settings({**kept, "private_transport": transport})
            client.init()
            client.request_timeout = 0
        client.challenge_code_handler = self.code_handler
        client.change_password_handler = self.no_password
        for session in (client.private, client.public):
            session.trust_env = False
        inner = HTTPAdapter(max_retries=0) if self.base else client.private.get_adapter(HOSTS[0])
        self.road = Road(self.base, inner, self.usual)
        public = Road(self.base, HTTPAdapter(max_retries=0), self.usual)
        for host in HOSTS:
            client.private.mount(host, self.road)
            client.public.mount(host, public)
        self.client = client

    def code_handler(self, *_):
        code = self.ask_code("email") if self.ask_code else None
        if not code:
            raise Wrong("the platform asks for a code that it has sent by mail", "human", "account")
        return code

    def no_password(self, *_):
        raise Wrong("the platform asks for a new password: set one in the app", "human", "account")

    # logging in

    def settings(self):
        settings = self.client.get_settings()
        return json.loads(json.dumps(settings, default=str))

    def login(self, username, password, settings=None):
        if settings:
            # the same device as before; a login of its own, never a silent one
            device = ("uuids", "device_settings", "user_agent", "usdid", "mid", "country", "locale")
            self.fresh({name: settings[name] for name in device if name in settings})
        client = self.client
        client.username, client.password = username, password
        outcome = client.bloks_caa_login()
        context = outcome.get("two_step_verification_context")
        if not outcome.get("logged_in") and context:
            if client._infer_bloks_two_factor_challenge(outcome) == "sms":
                raise Wrong(
                    "two-factor authentication by SMS is left to a person: set up an authenticator app for the account",
                    "human",
                    "account",
                    status=200,
                )
            code = self.ask_code("two-factor") if self.ask_code else None
            if not code:
                raise Wrong("two-factor authentication asks for a code", "human", "account", status=200)
            refused = exceptions.TwoFactorRequired("the code was refused")
            client._login_with_bloks_two_factor(code, outcome, refused)
        elif not outcome.get("logged_in"):
            raise Wrong(
                "the platform gave no session: the name or the password is wrong, or it does not take this device",
                "human",
                "account",
                status=200,
            )
        client.password = None
        return {"settings": self.settings(), "user_id": str(client.user_id), "username": username}

    def load(self, settings):
        self.fresh(settings)
        return {"user_id": str(self.client.user_id or "")}

    def check(self):
        user = self.get("accounts/current_user/", {"edit": "true"})["user"]
        return {"user_id": str(user["pk"]), "username": user["username"], "settings": self.settings()}

    # asking

    def get(self, path, params=None):
        return self.client.private_request(path, params=params)

    def post(self, path, data):
        return self.client.private_request(path, self.client.with_default_data(data))

    def capabilities(self):
        from instagrapi import config

        return json.dumps(config.SUPPORTED_CAPABILITIES)

    def find_user(self, username):
        user = self.get(f"users/{quote(username, safe='')}/usernameinfo/").get("user") or {}
        if str(user.get("username", "")).lower() != username.lower():
            raise Wrong(f"nobody is called @{username}")
        return {"user_id": str(user["pk"]), "username": user["username"]}

    def find_place(self, pk):
        found = self.get(f"locations/{quote(str(pk), safe='')}/location_info/")
        place = found.get("facebook_places_id") or found.get("external_id") or found.get("pk")
        if not place:
            raise Wrong(f"there is no place {pk}")
        return {"location_id": str(place), "name": found.get("name")}

    def check_link(self, url):
        data = {"url": url, "_uid": str(self.client.user_id), "_uuid": str(self.client.uuid)}
        self.client.private_request("media/validate_reel_url/", data)
        return {}

    def stories(self, user_id):
        params = {"supported_capabilities_new": self.capabilities()}
        reel = self.get(f"feed/user/{user_id}/story/", params).get("reel") or {}
        return {"items": reel.get("items") or []}

    def viewers(self, media_id, max_id=None):
        params = {"supported_capabilities_new": self.capabilities()}
        if max_id:
            params["max_id"] = max_id
        found = self.get(f"media/{media_id}/list_reel_media_viewer/", params)
        names = ("viewers", "next_max_id", "total_viewer_count", "user_count")
        return {name: found.get(name) for name in names}

    def archive(self, max_id=None):
        params = {"include_suggested_highlights": "false", "is_in_archive_home": "true"}
        if max_id:
            params["max_id"] = max_id
        shells = self.get("archive/reel/day_shells_paginated/", params)
        days = [day["id"] for day in shells.get("items") or []]
        items = []
        for start in range(0, len(days), 50):
            some = days[start : start + 50]
            data = {"reel_ids": some, "reason": "on_tap", "source": "archive", "batch_size": len(some)}
            reels = self.post("feed/reels_media_stream/", data).get("reels") or {}
            for day in some:
                items.extend((reels.get(day) or {}).get("items") or [])
        return {"items": items, "next_max_id": shells.get("max_id") if shells.get("more_available") else None}

    def highlights(self, user_id):
        params = {"supported_capabilities_new": self.capabilities()}
        return {"items": self.get(f"highlights/{user_id}/highlights_tray/", params).get("tray") or []}

    # changing

    def upload(self, path, kind, upload_id=None, seconds=None):
        self.client.last_response = None
        if kind == "video":
            # the cover is never sent: the platform takes one of the film's own frames
            found = self.client.video_rupload(Path(path), thumbnail=Path(path), to_story=True)
            upload_id, width, height, seconds, _ = found
        else:
            upload_id, width, height = self.client.photo_rupload(
                Path(path), upload_id or str(int(time.time() * 1000)), for_story=True
            )
        return {"upload_id": str(upload_id), "width": width, "height": height, "seconds": seconds}

    def configure(self, upload_id, kind, width, height, form, seconds=None):
        extra = dict(form)
        if kind == "video":
            answer = self.client.video_configure_to_story(
                upload_id, width, height, seconds, Path("-"), "", extra_data=extra
            )
        else:
            extra.setdefault("text_metadata", "[]")
            extra.setdefault("imported_taken_at", int(time.time()))
            answer = self.client.photo_configure_to_story(upload_id, width, height, "", extra_data=extra)
        media = answer.get("media") or {}
        pk = str(media.get("pk") or "")
        if not pk.isdigit():
            raise Wrong("the answer names no story", "unsure", sent=True, status=200)
        return {"media_id": pk, "taken_at": media.get("taken_at"), "expires_at": media.get("expiring_at")}

    def delete(self, media_id):
        whole = self.whole_id(media_id)
        answer = self.post(f"media/{whole}/delete/", {"media_id": whole})
        return {"did_delete": bool(answer.get("did_delete"))}

    def whole_id(self, media_id):
        return f"{media_id}_{self.client.user_id}"

    def highlight_create(self, title, media_ids, cover=None):
        ids = [self.whole_id(media_id) for media_id in media_ids]
        data = {
            "supported_capabilities_new": self.capabilities(),
            "source": "self_profile",
            "creation_id": str(int(time.time())),
            "_uid": str(self.client.user_id),
            "_uuid": self.client.uuid,
            "cover": json.dumps(self.cover(cover) or {"media_id": ids[0], "crop_rect": "[0.0,0.0,1.0,1.0]"}),
            "title": title,
            "media_ids": json.dumps(ids),
        }
        reel = self.client.private_request("highlights/create_reel/", data=data).get("reel")
        if not reel:
            raise Wrong("the answer names no highlight", "unsure", sent=True, status=200)
        return {"highlight": reel}

    def cover(self, cover):
        """A picture is uploaded first; a story is named."""
        if not cover:
            return None
        if "path" in cover:
            self.client.last_response = None
            upload_id, _, _ = self.client.photo_rupload(Path(cover["path"]))
            return {"upload_id": str(upload_id), "crop_rect": "[0.0,0.0,1.0,1.0]"}
        return {"media_id": self.whole_id(cover["media_id"]), "crop_rect": "[0.0,0.0,1.0,1.0]"}

    def highlight_edit(self, pk, title=None, cover=None, added=(), removed=()):
        data = {
            "supported_capabilities_new": self.capabilities(),
            "source": "self_profile",
            "_uid": str(self.client.user_id),
            "_uuid": self.client.uuid,
            "added_media_ids": json.dumps([self.whole_id(media_id) for media_id in added]),
            "removed_media_ids": json.dumps([self.whole_id(media_id) for media_id in removed]),
        }
        if title:
            data["title"] = title
        if cover:
            data["cover"] = json.dumps(self.cover(cover))
        return {"highlight": self.client.private_request(f"highlights/highlight:{pk}/edit_reel/", data=data)["reel"]}

    def highlight_delete(self, pk):
        data = {"_uid": str(self.client.user_id), "_uuid": self.client.uuid}
        self.client.private_request(f"highlights/highlight:{pk}/delete_reel/", data=data)
        return {}


# requests whose effect nobody can take back or look up by itself
ONCE = ("configure", "highlight_create", "login")

OPS = ONCE + (
    "hello", "load", "check", "find_user", "find_place", "check_link", "upload", "stories", "viewers",
    "archive", "highlights", "delete", "highlight_edit", "highlight_delete",
)


def answer_of(client, error):
    response = getattr(error, "response", None)
    if response is None:
        response = client.last_response if client else None
    if response is None or not hasattr(response, "status_code"):
        return None, {}, ""
    try:
        body = response.json()
    except ValueError:
        body = {}
    return response.status_code, body if isinstance(body, dict) else {}, response.text or ""


def judged(client, road, error, op):
    """What the answer means, by what was said and not by the class of the error."""
    if isinstance(error, Wrong):
        return {"class": "Wrong", **error.sorted}
    status, body, text = answer_of(client, error)
    message = str(body.get("message") or "")
    kind = str(body.get("error_type") or "")
    handed_on = bool(road and road.handed_on)
    url = str((body.get("challenge") or {}).get("url") or "") if isinstance(body.get("challenge"), dict) else ""
    told = {"status": status, "class": type(error).__name__, "sent": handed_on and op in ONCE}

    def verdict(next_, scope, said, after_s=None):
        return {**told, "next": next_, "scope": scope, "said": said, "after_s": after_s}

    words = " ".join(word for word in (message, str(body.get("feedback_message") or "")) if word)[:300]
    if message == "feedback_required" or kind in ("sentry_block", "rate_limit_error"):
        unsure = op == "configure"
        return verdict("unsure" if unsure else "human", "account", words or kind)
    if "Please wait a few minutes" in message or status == 429:
        return verdict("after", "account", words or "too many requests", 3600)
    if "/suspended/" in url:
        return verdict("human", "account", "the account is suspended")
    if message in ("challenge_required", "checkpoint_required") or isinstance(error, exceptions.ChallengeError):
        return verdict("human", "account", message or "challenge_required")
    if status == 404 and text == "Not Found":
        return verdict("human", "account", "challenge_required")
    if isinstance(error, exceptions.TwoFactorRequired) or kind == "two_factor_required":
        return verdict("human", "account", "the two-factor code was refused")
    if message == "login_required":
        return verdict("human", "account", "login_required")
    if kind == "needs_upgrade":
        return verdict("never", "tool", "needs_upgrade: the pinned library is too old")
    if status == 202 and "Transcode" in message:
        return verdict("after", "story", message, 10)
    if message == "media_needs_reupload" or body.get("error_title"):
        return verdict("reupload", "story", message or str(body.get("error_title")))
    if status is not None and 400 <= status < 500 and status != 408 and body.get("status") == "fail":
        return verdict("never", "story", words or f"HTTP {status}")
    if isinstance(error, (OSError, ValueError)) and not isinstance(error, requests.RequestException) and status is None:
        return verdict("unsure" if told["sent"] else "never", "story", f"{type(error).__name__}: {error}"[:300])
    said = words or (f"HTTP {status}" if status and status != 200 else f"no answer: {type(error).__name__}")
    return verdict("unsure" if told["sent"] else "after", "story", said, 5)


def main():
    worker = Worker()
    lines = iter(sys.stdin.readline, "")
    for line in lines:
        try:
            asked = json.loads(line)
            number, op, args = asked["id"], asked["op"], asked.get("args") or {}
        except (ValueError, KeyError, TypeError):
            continue

        def ask_code(by, number=number):
            say({"id": number, "ask": "code", "by": by})
            answer = json.loads(next(lines, "{}"))
            return answer.get("code")

        worker.ask_code = ask_code
        timeout_s = args.pop("timeout_s", None)
        if worker.road:
            worker.road.handed_on = False
            worker.road.timeouts = (worker.usual[0], timeout_s or worker.usual[1])
        try:
            if op.startswith("_") or op not in OPS:
                raise Wrong(f"no request `{op}`")
            say({"id": number, "ok": getattr(worker, op)(**args)})
        except Exception as error:
            say({"id": number, "error": judged(worker.client, worker.road, error, op)})


main()
