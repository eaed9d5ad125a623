"""A bug report: what is in it, what is not, and that no secret is."""

import json
import subprocess
import sys
import tarfile

import pytest

from builders import at
from poolkeeper.cli import debug_bundle
from poolkeeper.cli.debug_bundle import Bundle
from poolkeeper.cli.debug_objects import container, event, metadata, pool, template
from poolkeeper.cli.debug_secrets import DEEPEST, LEFT_OUT, scrubbed, without_secrets

CANARY = "cAnArY-8f2c71"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://reader:{CANARY}@prometheus:9090/api",
        f"GET https://{CANARY}@prometheus:9090/api",
        f"redis://:{CANARY}@redis:6379/0 refused",
        f"Authorization: Bearer {CANARY}",
        f'{{"authorization": "Basic {CANARY}=="}}',
        f"authorization={CANARY}",
        f"401 for bearer {CANARY}",
        f"password={CANARY}",
        f"the password: '{CANARY}' is wrong",
        f'{{"apiKey": "{CANARY}"}}',
        f"--api-key={CANARY}",
        f"HF_TOKEN={CANARY}",
        f"GET /query?access_token={CANARY}&x=1",
        f"GET /object?X-Amz-Signature={CANARY}",
        f"hf_{CANARY}abcdefgh",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\ntorn",
    ],
)
def test_a_secret_in_a_text_is_left_out(text):
    assert CANARY not in without_secrets(text)
    assert LEFT_OUT in without_secrets(text)


LONG_WORDS = """
from poolkeeper.cli.debug_secrets import without_secrets
for word in ("a", "a-", "eyJ-", "token", "-token", "token=", "://", "bearer "):
    without_secrets(word * (2**18 // len(word)))
"""


def test_words_without_end_are_looked_through_once():
    """Forms that begin anew at each letter take hours for them; these have two minutes."""
    subprocess.run([sys.executable, "-c", LONG_WORDS], check=True, timeout=120)  # noqa: S603  our own


@pytest.mark.parametrize("text", [f"x-{JWT}", f"{JWT},{JWT}", f"eyJ-{JWT}"])
def test_a_signed_token_is_left_out_wherever_it_stands(text):
    assert JWT[-12:] not in without_secrets(text)


def test_a_signed_token_in_a_text_is_left_out():
    assert JWT[:12] not in without_secrets(f"the token {JWT} has expired")


@pytest.mark.parametrize(
    "text",
    [
        'poolkeeper_pool_cost_per_million_tokens{pool="chat"} 5.02',
        "prompt_tokens: 31200000",
        "the Secret chat-token is not there",
        "mail to ops@example.com",
        "http://prometheus:9090/api/v1/query",
        "tokenFile /var/run/secrets/token",
    ],
)
def test_what_is_no_secret_stays(text):
    assert without_secrets(text) == text


def test_values_under_secret_keys_are_left_out():
    found = scrubbed({"a": [{"password": CANARY, "clientSecret": [CANARY], "tokens": 5}]})
    assert found == {"a": [{"password": LEFT_OUT, "clientSecret": LEFT_OUT, "tokens": 5}]}


def test_where_a_secret_is_may_be_told():
    named = {"tokenSecretRef": {"name": "chat", "key": "bearer"}, "tokenFile": "/token"}
    assert scrubbed(named) == named


def test_what_is_too_deep_is_left_out():
    deep = CANARY
    for _ in range(DEEPEST + 2):
        deep = [deep]
    assert CANARY not in json.dumps(scrubbed(deep))


def test_annotations_of_others_are_left_out():
    last = {"kubectl.kubernetes.io/last-applied-configuration": CANARY, "poolkeeper.io/paused-until": "2026"}
    assert metadata({"metadata": {"annotations": last}})["annotations"] == {"poolkeeper.io/paused-until": "2026"}


def test_a_container_keeps_the_names_of_its_variables_and_its_options():
    found = container(
        {
            "name": "vllm",
            "env": [{"name": "HF_TOKEN", "value": CANARY}, {"name": "PORT", "value": "8000"}],
            "args": ["serve", CANARY, "--api-key", CANARY, f"--key={CANARY}", "--max-num-seqs=64", "--port", "8000"],
            "lifecycle": {"postStart": {"exec": {"command": [CANARY]}}},
        }
    )
    assert CANARY not in json.dumps(found)
    assert found["env"] == ["HF_TOKEN", "PORT"]
    assert found["args"][-3:] == ["--max-num-seqs=64", "--port", "8000"]


def test_a_pools_own_template_is_cut_down_in_spec_and_status():
    held = {"template": {"spec": {"containers": [{"name": "a", "env": [{"name": "X", "value": CANARY}]}]}}}
    found = pool({"metadata": {"name": "chat"}, "spec": held, "status": {"acceptedSpec": held}})
    assert CANARY not in json.dumps(found)
    assert found["spec"]["template"]["spec"]["containers"][0]["env"] == ["X"]


def test_a_pool_that_was_cut_down_is_itself_as_it_was():
    accepted = {"template": {"spec": {"volumes": []}}}
    pool({"metadata": {}, "spec": {}, "status": {"acceptedSpec": accepted}})
    assert accepted == {"template": {"spec": {"volumes": []}}}


def test_volumes_are_left_out_of_a_template():
    assert "volumes" not in template({"spec": {"volumes": [{"csi": {"volumeAttributes": {"x": CANARY}}}]}})["spec"]


def test_an_events_words_are_looked_through():
    assert CANARY not in json.dumps(event({"message": f"pull failed: https://a:{CANARY}@registry/x"}))


def test_the_file_holds_its_parts_and_says_so(tmp_path):
    bundle = Bundle()
    bundle.add("versions.json", {"poolkeeper": "1"})
    bundle.lack("crd.json", "forbidden")
    bundle.write(tmp_path / "report.tar.gz", at(0))
    with tarfile.open(tmp_path / "report.tar.gz") as packed:
        assert packed.getnames() == ["report/contents.txt", "report/versions.json"]
        contents = packed.extractfile("report/contents.txt").read().decode()
    assert "crd.json: forbidden" in contents
    assert "Secrets: never read" in contents


def test_the_file_is_its_owners_alone(tmp_path):
    Bundle().write(tmp_path / "report.tar.gz", at(0))
    assert (tmp_path / "report.tar.gz").stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten(tmp_path):
    there = tmp_path / "report.tar.gz"
    there.write_text("mine")
    with pytest.raises(FileExistsError):
        Bundle().write(there, at(0))
    assert there.read_text() == "mine"


def test_of_a_long_text_the_end_is_kept(monkeypatch):
    monkeypatch.setattr(debug_bundle, "LARGEST", 10)
    bundle = Bundle()
    bundle.add("log.txt", "old line\nnew line")
    assert (bundle.parts["log.txt"], "log.txt" in bundle.missing) == (b"e\nnew line", True)


def test_more_than_the_whole_may_have_is_left_out_and_said(monkeypatch):
    monkeypatch.setattr(debug_bundle, "WHOLE", 10)
    bundle = Bundle()
    for number in range(3):
        bundle.add(f"{number}.txt", "12345")
    assert (len(bundle.parts), bundle.missing) == (2, {"2.txt": "5 bytes are too many"})
