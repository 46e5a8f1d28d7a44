import pytest

from web_demo.app import create_app
from web_demo.judging.capacity import Limits

HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


@pytest.fixture
def post(classifier, form, photo):
    """Post a photo with the given headers; gives the answer."""
    app = create_app([classifier], limits=Limits(rate=None), hosts=HOSTS)
    body, content_type = form(photo)

    def request(**headers):
        return app.test_client().post(
            "/api/v1/classify",
            data=body,
            content_type=content_type,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    return request


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"},
        {"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8000"},
        {"Origin": "http://[::1]:8000", "Host": "[::1]:8000"},
    ],
)
def test_the_page_itself_and_programs_are_answered(post, headers):
    assert post(**headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9000"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "http://[bad"},
    ],
)
def test_pages_of_other_sites_are_refused(post, headers, classifier):
    answer = post(**headers)

    assert answer.status_code == 403
    assert "another site" in answer.json["detail"]
    assert not classifier.judged


@pytest.mark.parametrize("host", ["rebound.example", "localhost.example", "[bad"])
def test_a_name_that_was_pointed_here_is_refused(post, host, classifier):
    answer = post(Host=host)

    assert answer.status_code in (400, 421)
    assert not classifier.judged
