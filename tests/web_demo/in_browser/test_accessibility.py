"""What axe-core says of every page and view, in both colour schemes, and on a phone."""

import pytest

PAGES = ["/", "/camera", "/compare", "/report", "/models", "/about", "/api", "/nowhere"]
PHOTO = "samples/drawn_tone3_irregular.png"
PHONE = {"width": 360, "height": 740}

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="session")
def axe(root):
    """The source of axe-core."""
    path = root / ".browser-tests/node_modules/axe-core/axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is absent; run make test-web")
    return path.read_text(encoding="utf-8")


@pytest.fixture
def open_phone(open_page):
    """Open a page on a phone in one colour scheme."""

    def open_it(path, scheme):
        return open_page(path, color_scheme=scheme, viewport=PHONE)

    return open_it


def violations(page, axe):
    page.evaluate(axe)
    found = page.evaluate(
        "async () => (await axe.run(document, {iframes: false})).violations"
    )
    return [
        (each["id"], each["impact"], [node["html"] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def assert_fit(page, axe):
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def submit(page, photo):
    page.set_input_files("#photo", photo)
    page.click("button[type=submit]")


def test_axe_would_find_something(open_page, axe):
    page = open_page("/about")
    page.evaluate(
        "() => document.querySelector('main').append(document.createElement('button'))"
    )

    assert [name for name, *_ in violations(page, axe)] == ["button-name"]


@schemes
@pytest.mark.parametrize("path", PAGES)
def test_pages(open_phone, axe, path, scheme):
    assert_fit(open_phone(path, scheme), axe)


@schemes
def test_a_verdict_with_its_map_and_the_history(
    open_phone, axe, root, wait_for_model, scheme
):
    page = open_phone("/", scheme)
    wait_for_model(page)
    submit(page, root / PHOTO)
    page.click("#heat")
    page.wait_for_selector("canvas.heat")
    page.click("#keep")
    page.wait_for_selector("#history table")
    page.click("#lesion summary")
    page.click("#result summary")

    assert_fit(page, axe)


@schemes
@pytest.mark.parametrize(
    "photo", ["samples/blank_unusable.png", "samples/README.md", PHOTO]
)
def test_the_servers_answer_without_scripts(open_phone, axe, root, photo, scheme):
    page = open_phone("/", scheme)
    page.set_input_files("#photo", root / photo)
    # Past the page's own script, which would judge it here.
    with page.expect_navigation():
        page.evaluate("() => document.getElementById('upload').submit()")
    assert page.url.endswith("/verdict")

    assert_fit(page, axe)


@schemes
def test_an_unusable_photo_and_what_is_none(
    open_phone, axe, root, wait_for_model, scheme
):
    page = open_phone("/", scheme)
    wait_for_model(page)
    submit(page, root / "samples/blank_unusable.png")
    page.wait_for_selector("#result .unusable-photo")
    assert_fit(page, axe)

    submit(page, root / "samples/README.md")
    page.wait_for_selector("#result [role=alert]")
    assert_fit(page, axe)


@schemes
def test_a_comparison(open_phone, axe, root, scheme):
    page = open_phone("/compare", scheme)
    submit(page, root / PHOTO)
    page.wait_for_selector("#result tbody")

    assert_fit(page, axe)


@schemes
def test_a_running_camera(open_phone, axe, scheme):
    page = open_phone("/camera", scheme)
    page.click("#start")
    page.locator("#sharpness-word", has_text="s").wait_for()

    assert_fit(page, axe)
