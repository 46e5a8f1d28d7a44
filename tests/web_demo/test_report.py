import pytest

from web_demo.app import create_app

REPORT = "<!doctype html><title>Report</title><script>draw()</script>"


@pytest.fixture
def client_of(classifier, tmp_path):
    def start(content=None):
        path = tmp_path / "report.html"
        if content is not None:
            path.write_text(content)
        return create_app(
            [classifier], report=None if content is None else path
        ).test_client()

    return start


def test_the_report_has_a_frame_and_a_policy_of_its_own(client_of):
    client = client_of(REPORT)

    assert 'sandbox="allow-scripts"' in client.get("/report").text
    with client.get("/report/document") as document:
        policy = document.headers["Content-Security-Policy"]
        assert document.text == REPORT
        assert document.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox allow-scripts" in policy
    assert "default-src 'none'" in policy
    assert "allow-same-origin" not in policy


def test_without_a_report_the_page_says_that_there_is_none(client_of):
    client = client_of()

    text = client.get("/report").text
    assert "This server shows no report." in text
    # What its keeper would have to do is no visitor's concern.
    assert ".py" not in text
    assert client.get("/report/document").status_code == 404
