"""The container file as far as it can be checked without a container runtime.

``make test-container`` builds and runs it.
"""

import re
import shlex

import pytest

from web_demo import serve


@pytest.fixture(scope="module")
def lines(root):
    """Its instructions: the word and what follows."""
    text = (root / "web_demo/Containerfile").read_text(encoding="utf-8")
    whole = re.sub(r"^#.*\n", "", text.replace("\\\n", " "), flags=re.MULTILINE)
    return [line.split(maxsplit=1) for line in whole.splitlines() if line]


def listed(lines, word):
    """The words of an instruction in its JSON form."""
    (found,) = [rest for name, rest in lines if name == word]
    return re.findall(r'"([^"]*)"', found)


def test_it_copies_what_is_there(lines, root):
    for name, rest in lines:
        if name == "COPY":
            *sources, _ = shlex.split(rest)
            for source in sources:
                # Fetched by the command that docs/web.md names.
                assert source == ".browser-files" or (root / source).exists(), source


def test_it_installs_nothing_that_is_not_locked(lines, root):
    (command,) = [rest for name, rest in lines if name == "RUN"]
    packages = re.search(r"--constraint \S+ +(.*?) +&&", command)[1].split()
    locked = re.findall(
        r"^([a-z0-9-]+)==", (root / "requirements.lock").read_text(), re.M
    )
    assert len(packages) == 7
    assert set(packages) <= set(locked)


def test_it_starts_a_command_that_exists_with_models_that_are_there(lines, root):
    program, script, *words = listed(lines, "ENTRYPOINT")
    settings = serve.parse([*words, "--behind-proxy"])
    assert (program, script) == ("python", "web_demo/serve.py")
    assert settings.host == "0.0.0.0"
    assert all((root / model).is_file() for model in settings.models)


def test_it_runs_without_a_root_user_and_says_whether_it_is_well(lines):
    users = [rest for name, rest in lines if name == "USER"]
    assert users == ["65534:65534"]
    code = next(rest for name, rest in lines if name == "HEALTHCHECK").partition(
        '"-c",'
    )[2]
    compile(code.strip().strip('"]'), "HEALTHCHECK", "exec")
    assert "/healthz" in code
