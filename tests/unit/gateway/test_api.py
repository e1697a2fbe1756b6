"""The JSON API as programs meet it: typed answers, entity tags, languages, honest silence."""

import pytest

from gateway.answers import DossierAnswer, Problem, SearchAnswer
from tests.unit.gateway.conftest import without

CONTAINER = "DEMU0000016"
EVERY = [
    f"/api/search?q={CONTAINER}",
    f"/api/dossier?q={CONTAINER}",
    f"/api/dossier/bundle?q={CONTAINER}",
    "/api/policy",
    "/api/network",
]


def test_answers_are_of_the_form_that_openapi_promises(site):
    schema = site.get("/api/openapi.json").json()
    shapes = {"/api/search": SearchAnswer, "/api/dossier": DossierAnswer}
    for path, shape in shapes.items():
        shape.model_validate_json(site.get(f"{path}?q={CONTAINER}").content, strict=True)
        said = schema["paths"][path]["get"]["responses"]
        reference = said["200"]["content"]["application/json"]["schema"]["$ref"]
        assert reference == f"#/components/schemas/{shape.__name__}"


def test_openapi_describes_refusals_as_problems(site):
    paths = site.get("/api/openapi.json").json()["paths"]
    for path, route in paths.items():
        responses = route["get"]["responses"]
        assert "304" in responses, path
        for status, said in responses.items():
            if status >= "400":
                form = said["content"]["application/problem+json"]["schema"]
                assert set(form["properties"]) == set(Problem.model_fields), path
        assert "503" in responses, path


@pytest.mark.parametrize("path", EVERY)
def test_what_has_not_changed_is_not_sent_again(site, path):
    first = site.get(path)
    assert first.status_code == 200
    tag = first.headers["etag"]
    for header in (tag, f'"other", {tag}', "*", f"W/{tag.removeprefix('W/')}"):
        again = site.get(path, if_none_match=header)
        assert (again.status_code, again.content) == (304, b""), header
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "no-cache"
    other = site.get(path, if_none_match='"other"')
    assert (other.status_code, len(other.content)) == (200, len(first.content))


def test_a_dossier_in_another_language_or_with_a_silent_region_has_another_tag(site):
    path = f"/api/dossier?q={CONTAINER}"
    tags = [site.get(path, accept_language=one).headers["etag"] for one in ("en", "zh")]
    with without(site, "hebei") as fewer:
        tags.append(fewer.get(path, accept_language="en").headers["etag"])
    assert len(set(tags)) == 3


@pytest.mark.parametrize(
    ("more", "accept", "word"),
    [
        ("", "", "The author's signature"),
        ("", "zh-CN", "作者签名"),
        ("&lang=zh-CN", "en", "作者签名"),
        ("&lang=en", "zh", "The author's signature"),
    ],
)
def test_reasons_come_in_the_readers_language(site, more, accept, word):
    answer = site.get(f"/api/dossier?q={CONTAINER}{more}", accept_language=accept)
    checks = answer.json()["report"]["records"][0]["checks"]
    assert next(one for one in checks if one["name"] == "signature")["reason"].startswith(word)
    assert answer.headers["content-language"] == ("en" if word.isascii() else "zh-CN")
    assert "Accept-Language" in answer.headers["vary"]


def test_problems_come_in_the_readers_language_with_one_code(site):
    path = "/api/records/" + "0" * 64 + "/bundle"
    english, chinese = site.get(path), site.get(path, accept_language="zh")
    assert english.json()["detail"] == "no region that answered holds this record"
    assert chinese.json()["detail"] == "已答复的地区都没有这条记录。"
    assert english.json()["code"] == chinese.json()["code"] == "record_unknown"
    assert chinese.headers["content-language"] == "zh-CN"


def test_a_language_that_is_none_of_ours_is_refused(site):
    answer = site.get(f"/api/dossier?q={CONTAINER}&lang=fr")
    assert (answer.status_code, answer.json()["path"]) == (422, "/lang")


@pytest.mark.parametrize("text", ["!!!", "%20", "-"])
def test_no_region_is_said_to_have_answered_what_it_was_not_asked(site, text):
    assert site.get(f"/api/search?q={text}").json()["regions"] == []
    page = site.get(f"/search?q={text}&lang=en").text
    assert "✓ answered" not in page


def test_a_page_begins_after_the_record_that_the_last_one_ended_with(site):
    whole = site.get(f"/api/search?q={CONTAINER}&limit=200").json()
    assert whole["next"] is None
    ids = [one["id"] for one in whole["records"]]
    page = site.get(f"/api/search?q={CONTAINER}&limit=5&cursor={ids[9]}").json()
    assert [one["id"] for one in page["records"]] == ids[10:15]
    assert page["next"] == ids[14]


def test_a_cursor_that_leads_nowhere_is_said_to(site):
    path = f"/api/search?q={CONTAINER}&cursor={'0' * 64}"
    assert site.get(path).json()["code"] == "cursor_stale"
    # It may be the silent region that holds it: to be asked again, not to be given up.
    with without(site, "hebei") as fewer:
        answer = fewer.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "region_silent")
    assert answer.headers["retry-after"]
