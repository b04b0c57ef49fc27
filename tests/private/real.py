"""The real library, unpatched but for its host, against a sandbox: real.py URL PICTURE FILM.

Asserts what the library makes of each answer; prints one JSON object.
"""

import json
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from instagrapi import Client
from instagrapi.exceptions import ChallengeRequired, ClientError, FeedbackRequired, LoginRequired, TwoFactorRequired
from instagrapi.types import Hashtag, Location, StoryHashtag, StoryLink, StoryLocation, StoryMention, StoryPoll, UserShort
from requests.adapters import HTTPAdapter

URL, PICTURE, FILM = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])


class ToSandbox(HTTPAdapter):
    def send(self, request, **kwargs):
        asked, base = urlsplit(request.url), urlsplit(URL)
        request.url = urlunsplit((base.scheme, base.netloc, asked.path, asked.query, ""))
        kwargs["proxies"], kwargs["timeout"] = {}, 60
        return super().send(request, **kwargs)


def own(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(URL + path, data=data)) as answer:
        return json.load(answer)


def client():
    made = Client(request_timeout=0, private_transport="requests", with_challenge_flow=False)
    for session in (made.private, made.public):
        session.trust_env = False
        for host in ("i", "b.i", "www"):
            session.mount(f"https://{host}.instagram.com/", ToSandbox(max_retries=0))
    return made


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


account = next(a for a in own("/sandbox")["accounts"] if a["login"] == "private")
raises(ClientError, lambda: client().login(account["username"], "wrong"))
ig = client()
assert ig.login(account["username"], account["password"])
assert str(ig.user_id) == account["user_id"]
assert ig.account_info().username == account["username"]

# a login that was kept
kept = client()
kept.set_settings(json.loads(json.dumps(ig.get_settings(), default=str)))
assert kept.account_info().pk == account["user_id"]

# a second factor
second = own("/sandbox/accounts", {"login": "private"})
two = client()
raises(TwoFactorRequired, lambda: two.login(second["username"], second["password"]))
two = client()
code = two.totp_generate_code(second["totp_seed"])
assert two.login(second["username"], second["password"], verification_code=code)
raises(
    TwoFactorRequired,
    lambda: client().login(second["username"], second["password"], verification_code="000000"),
)

# a picture with all that can be tapped
found = ig.user_info_by_username_v1("chef_ana")
ana = UserShort(pk=found.pk, username=found.username)
box = {"x": 0.5, "y": 0.8, "width": 0.4, "height": 0.06}
story = ig.photo_upload_to_story(
    PICTURE,
    links=[StoryLink(webUri="https://example.com/menu", **box)],
    mentions=[StoryMention(user=ana, x=0.3, y=0.2, width=0.3, height=0.05)],
    hashtags=[StoryHashtag(hashtag=Hashtag(id="1", name="madrid"), x=0.5, y=0.3, width=0.3, height=0.05)],
    locations=[StoryLocation(location=ig.location_info(213385402), x=0.5, y=0.4, width=0.3, height=0.05)],
    polls=[StoryPoll(x=0.5, y=0.6, width=0.6, height=0.2, question="More?", options=["Yes", "No"])],
)
told = next(s for s in own("/sandbox/stories") if s["id"] == story.pk)
kinds = sorted(sticker["kind"] for sticker in told["stickers"])
assert kinds == ["hashtag", "link", "location", "mention", "poll"], told
link = next(s for s in told["stickers"] if s["kind"] == "link")
assert link["url"] == "https://example.com/menu" and abs(link["x"] - 0.5) < 1e-6, link
assert next(s for s in told["stickers"] if s["kind"] == "mention")["username"] == "chef_ana"

# a film
film = ig.video_upload_to_story(FILM, thumbnail=PICTURE)
assert film.media_type == 2, film

# lists
stories = ig.user_stories_v1(ig.user_id)
assert [s.pk for s in stories] == [story.pk, film.pk], stories
assert [str(l.webUri) for l in stories[0].links] == ["https://example.com/menu"]
assert stories[0].polls[0].question == "More?"
own("/sandbox/clock", {"advance_s": 7200})
assert len(ig.story_viewers(int(story.pk))) > 5

# highlights
made = ig.highlight_create("Menu", [story.pk])
assert made.title == "Menu" and made.media_count == 1, made
assert ig.highlight_add_stories(made.pk, [ig.media_id(film.pk)]).media_count == 2
assert ig.highlight_change_title(made.pk, "Food").title == "Food"
assert ig.highlight_remove_stories(made.pk, [ig.media_id(film.pk)]).media_count == 1
assert ig.highlight_change_cover(made.pk, PICTURE).pk == made.pk
assert [h.title for h in ig.user_highlights_v1(ig.user_id)] == ["Food"]
assert len(ig.highlight_info_v1(made.pk).items) == 1
assert ig.highlight_delete(made.pk)
assert ig.user_highlights_v1(ig.user_id) == []

# the archive outlives the day
own("/sandbox/clock", {"advance_s": 90000})
assert ig.user_stories_v1(ig.user_id) == []
assert {s.pk for s in ig.archive_stories_v1()} == {story.pk, film.pk}


# what goes wrong
def fault(**plan):
    own("/sandbox/faults", plan)


fault(on="account", do="expired-token")
raises(LoginRequired, ig.account_info)
fault(on="stories", do="challenge")
raises(ChallengeRequired, lambda: ig.user_stories_v1(ig.user_id))
fault(on="publish", do="blocked")
raises(FeedbackRequired, lambda: ig.photo_upload_to_story(PICTURE))

# one upload, two configure calls, two stories
upload_id, width, height = ig.photo_rupload(PICTURE, for_story=True)
for _ in range(2):
    ig.photo_configure_to_story(upload_id, width, height, "")
assert len([s for s in own("/sandbox/stories") if s["container_id"] == upload_id]) == 2
live = ig.user_stories_v1(ig.user_id)
assert ig.story_delete(live[0].pk)
assert len(ig.user_stories_v1(ig.user_id)) == len(live) - 1
print(json.dumps({"ok": True, "stories": len(own("/sandbox/stories"))}))
