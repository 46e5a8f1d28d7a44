"""What axe-core says of every page and view: light, dark, on a desktop and a phone."""

import base64

import pytest

PAGES = [
    "/",
    "/camera",
    "/history",
    "/compare",
    "/report",
    "/models",
    "/about",
    "/api",
    "/nowhere",
]
PHOTO = "samples/drawn_tone3_irregular.png"
SCREENS = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 360, "height": 740},
}


@pytest.fixture(scope="session")
def axe(root):
    """The source of axe-core."""
    path = root / ".browser-tests/node_modules/axe-core/axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is absent; run make test-web")
    return path.read_text(encoding="utf-8")


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    """A colour scheme."""
    return request.param


@pytest.fixture(params=SCREENS)
def screen(request):
    """A size of screen."""
    return SCREENS[request.param]


@pytest.fixture
def open_screen(open_page, scheme, screen):
    """Open a page in one colour scheme on one screen."""

    def open_it(path, **settings):
        return open_page(path, color_scheme=scheme, viewport=screen, **settings)

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
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"]


def submit(page, photo):
    page.set_input_files("#photo", photo)


def test_axe_would_find_something(open_page, axe):
    page = open_page("/about")
    page.evaluate(
        "() => document.querySelector('main').append(document.createElement('button'))"
    )

    assert [name for name, *_ in violations(page, axe)] == ["button-name"]


@pytest.mark.parametrize("path", PAGES)
def test_pages(open_screen, axe, path):
    assert_fit(open_screen(path), axe)


def test_several_photos(open_screen, axe, root, wait_for_model):
    page = open_screen("/")
    wait_for_model(page)
    submit(page, [root / PHOTO, root / "samples/blank_unusable.png"])
    page.wait_for_selector("#result tbody")
    assert_fit(page, axe)


def test_a_verdict_with_its_map_and_the_history(open_screen, axe, root, wait_for_model):
    page = open_screen("/")
    wait_for_model(page)
    submit(page, root / PHOTO)
    page.click("#heat")
    page.wait_for_selector("canvas.heat")
    page.click("#keep")
    page.click("#lesion summary")
    page.click("#settings summary")
    for details in page.locator("#result summary").all():
        details.click()
    assert_fit(page, axe)

    page.click("#kept a")
    page.wait_for_selector("article")
    page.click("article button")
    assert_fit(page, axe)


@pytest.mark.parametrize(
    "photo", ["samples/blank_unusable.png", "samples/README.md", PHOTO]
)
def test_the_servers_answer_without_scripts(open_screen, axe, root, photo):
    page = open_screen("/")
    encoded = base64.b64encode((root / photo).read_bytes()).decode()
    # As the form in noscript does, in a page where axe can run.
    with page.expect_navigation():
        page.evaluate(
            """(encoded) => {
              const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
              const data = new DataTransfer();
              data.items.add(new File([bytes], "photo.png"));
              const form = document.createElement("form");
              Object.assign(form, {
                method: "post", action: "/verdict", enctype: "multipart/form-data"});
              const input = Object.assign(
                document.createElement("input"), {type: "file", name: "photo"});
              input.files = data.files;
              form.append(input);
              document.body.append(form);
              form.submit();
            }""",
            encoded,
        )
    assert page.url.endswith("/verdict")

    assert_fit(page, axe)


def test_an_unusable_photo_and_what_is_none(open_screen, axe, root, wait_for_model):
    page = open_screen("/")
    wait_for_model(page)
    submit(page, root / "samples/blank_unusable.png")
    page.wait_for_selector("#result .unusable-photo")
    assert_fit(page, axe)

    submit(page, root / "samples/README.md")
    page.wait_for_selector("#result [role=alert]")
    assert_fit(page, axe)


def test_a_comparison(open_screen, axe, root):
    page = open_screen("/compare")
    submit(page, root / PHOTO)
    page.wait_for_selector("#result tbody")

    assert_fit(page, axe)


def test_a_running_camera(open_screen, axe):
    page = open_screen("/camera")
    page.click("#start")
    page.locator("#sharpness-word", has_text="s").wait_for()

    assert_fit(page, axe)


@pytest.mark.slow
def test_the_form_of_answers_and_what_it_led_to(
    open_screen, asking_site, axe, root, wait_for_model
):
    page = open_screen("/", base=asking_site)
    wait_for_model(page)
    assert page.is_visible("#answers")
    assert_fit(page, axe)

    # An answer that cannot be is marked by the browser.
    page.fill("#answer-age", "300")
    submit(page, root / PHOTO)
    assert_fit(page, axe)

    page.fill("#answer-age", "61")
    page.select_option("#answer-bleed", "yes")
    submit(page, root / PHOTO)
    page.wait_for_selector("#decision")
    page.click("#result details:last-child summary")
    assert_fit(page, axe)
