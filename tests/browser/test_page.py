"""What a reader sees and does on the page, in a real browser."""

import hashlib

import pytest

from ledger.testing.scenarios import trade_documents

CONTAINER = "DEMU0000016"


def records(page):
    return page.locator("section > ol.records > li")


def files(page):
    return page.locator("details.documents ol.records > li")


def test_search_shows_the_answer_and_every_record(visit):
    page = visit().open("/")
    page.keyboard.press("/")
    page.keyboard.type(CONTAINER)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert page.locator("h1").text_content() == "passed: All 29 records verified"
    assert page.locator(".read-as").inner_text() == "read as container number, check digit correct"
    assert records(page).count() == 17
    assert files(page).count() == 12
    assert not files(page).first.is_visible()
    stops = page.locator(".journey .place").all_text_contents()
    assert stops == ["Busan", "Tianjin Xingang", "Beijing", "Baoding"]
    assert "net weight 1930.0 → 1924.0 kg" in page.locator(".remarks").inner_text()
    assert page.locator(".answer .aside").inner_text().count("✓ answered") == 3
    facts = page.locator("table.facts tbody tr")
    assert [one.split()[:2] for one in facts.all_inner_texts()][:2] == [
        ["Container", CONTAINER], ["Seal", "DEMOSEAL001"],
    ]  # fmt: skip
    # The count is what a reader looks for: in sight without scrolling, at any width.
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 700})
        box, edge = (
            facts.first.locator(".parties").bounding_box(),
            page.locator(".wide").bounding_box(),
        )
        assert box["x"] + box["width"] <= edge["x"] + edge["width"]


def test_a_record_opens_to_its_checks_by_keyboard(visit):
    page = visit().open(f"/search?q={CONTAINER}")
    first = records(page).first
    assert not first.locator(".checks").is_visible()
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert first.locator(".checks").is_visible()
    checks = first.locator(".checks > li")
    assert checks.count() == 10
    # What was not checked is never shown as passed.
    chain = checks.filter(has_text="Chain")
    assert chain.get_attribute("class") == "unknown"
    with page.expect_download() as download:
        first.get_by_text("Download this record's evidence").click()
    assert download.value.suggested_filename.endswith(".bundle.json")


def test_language_switch_is_remembered(visit):
    page = visit().open(f"/search?q={CONTAINER}")
    page.get_by_text("中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert "29 条记录全部核验通过" in page.locator("h1").text_content()
    page.goto(page.url.split("/search")[0] + "/")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert page.get_by_text("选择文件").is_visible()


def test_theme_switch_is_remembered(visit):
    page = visit(color_scheme="light").open("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("[data-switch=theme]").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != before
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_a_tampered_record_is_named_with_its_field_and_no_other(visit, story):
    with story.tampered():
        page = visit().open(f"/search?q={CONTAINER}")
        assert page.locator("h1").text_content() == (
            "failed: 1 record does not verify: gross weight of the bill of lading "
            "was changed after signing"
        )
        failed = page.locator("ol.records > li.failed")
        assert failed.count() == 1
        # Open from the start; the changed value is shown nowhere, the true one comes from a mirror.
        assert failed.locator(".checks li.failed").is_visible()
        assert "2004" not in page.locator("main").inner_text()
        assert "gross weight is 2104.0 kg" in page.locator(".remarks li.failed").inner_text()
        assert page.locator(".counts").inner_text().split() == [
            "passed",
            "28",
            "pending",
            "0",
            "failed",
            "1",
        ]


def test_a_silent_region_is_named(visit, served):
    served.silent.add("hebei")
    try:
        page = visit().open(f"/search?q={CONTAINER}")
        assert "Hebei did not answer" in page.locator("h1").text_content()
        assert "Hebei ✕ no answer" in page.locator(".answer .aside").inner_text()
        assert "passed" not in page.locator("section.answer").get_attribute("class")
    finally:
        served.silent.clear()


def test_a_dropped_file_is_found_by_its_bytes_alone(visit):
    document = next(one for one in trade_documents() if one.document_type == "commercial_invoice")
    reader = visit()
    page = reader.open("/")
    file = {"name": "renamed.bin", "mimeType": "text/plain", "buffer": document.content}
    page.set_input_files("#file", file)
    page.wait_for_url("**/search?q=*")
    answer = page.locator("#file-answer")
    assert "passed" in answer.get_attribute("class")
    said = answer.inner_text()
    assert "byte for byte" in said
    assert "Commercial invoice" in said
    assert "DEMOB26000001" in said
    assert hashlib.sha256(document.content).hexdigest() in said
    assert page.locator("details.documents").get_attribute("open") is not None
    # Only the digest left the browser.
    assert all("renamed" not in url for url in reader.asked)


def test_a_file_with_one_other_byte_is_not_found(visit):
    content = bytearray(next(trade_documents()).content)
    content[-1] ^= 1
    page = visit().open("/")
    page.set_input_files(
        "#file", {"name": "x.json", "mimeType": "text/plain", "buffer": bytes(content)}
    )
    page.wait_for_url("**/search?q=*")
    assert "No region holds a record of this file" in page.locator("main").inner_text()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_nothing_is_wider_than_the_screen(visit, lang):
    page = visit().open(f"/search?q={CONTAINER}&lang={lang}")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for width in (320, 760):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_text_stands_out_from_its_ground(visit):
    """WCAG AA: 4.5 to 1 for every text shown, measured on the colours as computed."""
    page = visit().open(f"/search?q={CONTAINER}")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    grounds = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert page.evaluate(_CONTRAST) == [], scheme
    assert len(grounds) == 2


def test_it_works_without_javascript(visit):
    page = visit(java_script_enabled=False).open(f"/search?q={CONTAINER}")
    assert records(page).count() == 17
    records(page).first.locator("summary").click()
    assert records(page).first.locator(".checks").is_visible()


_CONTRAST = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (at) => {
    for (; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const at of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...at.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    if (!own || !at.checkVisibility()) continue;
    const a = light(parse(getComputedStyle(at).color)), b = light(ground(at));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${at.tagName} ${at.className}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""
