"""Keys of Secrets: read with what a Role allows, kept for a while, and never told."""

import pytest

from poolkeeper.core.model import SecretKey
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.kube_errors import Forbidden, NotFound, TimedOut
from poolkeeper.shell.secrets import FRESH, SOON, Secrets

TOKEN = SecretKey("scrape", "token")


class Api:
    """Has one Secret, or raises."""

    def __init__(self, answer):
        self.answer, self.paths = answer, []

    async def get(self, path, *, into):
        self.paths.append(path)
        if isinstance(self.answer, Exception):
            raise self.answer
        return into(data=self.answer)


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


async def refusal(secrets, wanted=TOKEN):
    with pytest.raises(MetricError) as told:
        await secrets.read("inference", wanted)
    return told.value


async def test_a_key_is_read_as_it_was_before_it_was_written():
    api = Api({"token": "czNjcjN0"})
    assert await Secrets(api).read("inference", TOKEN) == b"s3cr3t"
    assert api.paths == ["/api/v1/namespaces/inference/secrets/scrape"]


async def test_it_is_asked_for_once_in_a_while():
    api, clock = Api({"token": "b25l"}), Clock()
    secrets = Secrets(api, clock)
    await secrets.read("inference", TOKEN)
    api.answer = {"token": "dHdv"}
    assert await secrets.read("inference", TOKEN) == b"one"
    clock.now += FRESH.total_seconds()
    assert await secrets.read("inference", TOKEN) == b"two"


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (NotFound("gone", status=404), Reason.METRIC_REFUSED, "there is no secret 'scrape' in inference"),
        (Forbidden("no", status=403), Reason.METRIC_REFUSED, "may not be read: a Role there must allow `get`"),
        (TimedOut("late"), Reason.METRIC_SERVER_ERROR, "secret 'scrape' in inference"),
        ({"other": "b25l"}, Reason.METRIC_REFUSED, "has no key 'token'"),
        ({"token": "no base64"}, Reason.METRIC_GARBAGE, "is no base64"),
    ],
)
async def test_what_goes_wrong_names_the_secret(answer, reason, words):
    told = await refusal(Secrets(Api(answer)))
    assert told.reason is reason
    assert words in told.detail


async def test_a_refusal_is_asked_again_soon():
    api, clock = Api(NotFound("gone", status=404)), Clock()
    secrets = Secrets(api, clock)
    await refusal(secrets)
    api.answer = {"token": "b25l"}
    await refusal(secrets)
    clock.now += SOON.total_seconds()
    assert await secrets.read("inference", TOKEN) == b"one"


async def test_what_was_not_accepted_is_asked_for_again_soon():
    api, clock = Api({"token": "b25l"}), Clock()
    secrets = Secrets(api, clock)
    await secrets.read("inference", TOKEN)
    api.answer = {"token": "dHdv"}
    secrets.doubt("inference", TOKEN)
    assert await secrets.read("inference", TOKEN) == b"one"
    clock.now += SOON.total_seconds()
    assert await secrets.read("inference", TOKEN) == b"two"


async def test_what_nobody_asks_for_any_more_is_forgotten():
    clock = Clock()
    secrets = Secrets(Api({"token": "b25l", "other": "dHdv"}), clock)
    await secrets.read("inference", TOKEN)
    clock.now += FRESH.total_seconds()
    await secrets.read("inference", SecretKey("scrape", "other"))
    assert "b'one'" not in str(vars(secrets))


async def test_doubts_about_what_was_never_read_change_nothing():
    secrets = Secrets(Api({"token": "b25l"}))
    secrets.doubt("inference", TOKEN)
    assert await secrets.read("inference", TOKEN) == b"one"
