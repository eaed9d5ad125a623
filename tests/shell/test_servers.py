from pathlib import Path

import pytest

from poolkeeper.shell.servers import Basic, Google, ServerConfig, SigV4, load_servers, parse_server


def file(tmp_path, text):
    path = tmp_path / "servers.yaml"
    path.write_text(text)
    return path


def test_a_flag_names_a_server():
    assert parse_server("default=http://127.0.0.1:9090/") == ServerConfig(name="default", url="http://127.0.0.1:9090")


def test_a_file_adds_servers_with_auth(tmp_path):
    path = file(tmp_path, "far: {url: 'https://t:9/x', basic: {username: u, passwordFile: /p}}")
    far, near = load_servers(["a=http://h"], path)
    assert (near.url, far.url, far.basic) == (
        "http://h",
        "https://t:9/x",
        Basic(username="u", passwordFile=Path("/p")),
    )


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("http://h", "wants NAME=URL"),
        ("=http://h", "'' is no server name"),
        ("A_b=http://h", "'A_b' is no server name"),
        ("a=ftp://h", "http:// or https://"),
        ("a=h:9090", "http:// or https://"),
        ("a=http://h?x=1", "without \\? or #"),
        ("a=http://u:hunter2@h", "passwordFile"),
    ],
)
def test_a_wrong_flag_says_what_would_be_right(flag, words):
    with pytest.raises(ValueError, match=words) as caught:
        parse_server(flag)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {url: 'http://h', bearer: {token: hunter2}}", "bearer.tokenFile: missing"),
        ("a: {url: 'http://h', password: hunter2}", "password: no such field"),
        ("a: {url: 'http://h', basic: {username: u, passwordFile: /p}, bearer: {tokenFile: /t}}", "not both"),
        ("a: {url: 'http://h', tls: {certFile: /c}}", "belong together"),
        ("a: {url: 'http://h', sigv4: {region: r}, google: {}}", "give sigv4 or google, not both"),
        ("a: {url: 'http://h', sigv4: {}}", "sigv4.region: missing"),
        ("a: {url: 'http://h', sigv4: {region: ''}}", "sigv4.region"),
        ("a: {url: 'http://h', sigv4: {region: r, secretKey: hunter2}}", "secretKey: no such field"),
        ("a: {url: 'http://h', google: {key: hunter2}}", "google.key: no such field"),
        ('a: {url: "http://h", tenant: "a\\r\\nhunter2: b"}', "tenant"),
        ("a: {url: 'http://u:hunter2@h'}", "passwordFile"),
        ("a: hunter2", "must be a mapping"),
        ("a: [", "is no YAML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_repeats_no_secret(tmp_path, text, words):
    with pytest.raises(ValueError, match=words) as caught:
        load_servers([], file(tmp_path, text))
    assert "hunter2" not in str(caught.value)


def test_a_file_names_the_clouds_servers_and_tenants(tmp_path):
    text = "a: {url: 'http://h', sigv4: {region: r}, tenant: t}\ng: {url: 'http://h', google: {}}"
    amazon, google = load_servers([], file(tmp_path, text))
    assert (amazon.sigv4, amazon.tenant, google.google) == (SigV4(region="r", service="aps"), "t", Google())


@pytest.mark.parametrize(
    ("kind", "words"),
    [("sigv4: {region: r}", r"sigv4 wants botocore, .* poolkeeper\[aws\]"), ("google: {}", r"poolkeeper\[google\]")],
)
def test_a_library_that_is_not_here_is_named(tmp_path, monkeypatch, kind, words):
    monkeypatch.setattr("poolkeeper.shell.servers.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=words):
        load_servers([], file(tmp_path, f"a: {{url: 'http://h', {kind}}}"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"none\.yaml cannot be read: No such file"):
        load_servers([], tmp_path / "none.yaml")


def test_a_name_is_given_once():
    with pytest.raises(ValueError, match="a is given twice"):
        load_servers(["a=http://h", "a=http://i"])
