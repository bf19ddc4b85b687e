"""Our signature is Twilio's. The SDK's own validator is the oracle."""

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator, get_signature_algorithm

from nevermisscall.twilio import signature

TOKEN = "12345"
URL = "https://nmc.example.com/webhooks/twilio/call"

# twilio-contract §4.2, the first from Twilio's own documentation.
VECTORS = [
    (
        "https://example.com/myapp.php?foo=1&bar=2",
        [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("Digits", "1234"),
            ("From", "+14158675310"),
            ("To", "+18005551212"),
        ],
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    ),
    ("https://example.com/h?CallSid=CA1&From=%2B14158675310", [], "QhV6GIRzaLjZxMgUoySYU4LD18Y="),
    ("wss://example.com/media", [], "7PR3qMkpDyEJtMrVOY/LDyNq8J8="),
    (
        "https://example.com/sms/",
        [("Body", " hi é😀 "), ("FromCity", ""), ("MessageSid", "SM1")],
        "KKZTCDmx/IHZmJkmeL9dq0hJLIs=",
    ),
    (
        "https://example.com/myapp?bodySHA256=5ccde7145dfb8f56479710896586cb9d5911809d83afbe34627818790db0aec9",
        [],
        "hPXmLwIy3Fgqv1i9KPmH/HhQ6zo=",
    ),
]

words = st.text(max_size=12) | st.sampled_from(
    ["", " ", "From", "from", "Body", " hi é😀 ", "+14155550123", "a=b&c=%41"]
)
form = st.lists(st.tuples(words, words), max_size=8)
host = st.sampled_from(["nmc.example.com", "nmc.example.com:443", "nmc.example.com:8443", "10.0.0.1:80", "localhost"])
urls = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "http", "wss"]),
    host,
    st.sampled_from(["/", "/a", "/a/", "/a%2Bb", "/webhooks/twilio/call"]),
    st.sampled_from(["", "?a=1", "?a=1&b=%2B1+2", "?q"]),
)
algorithms = st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"])
quick = settings(derandomize=True, max_examples=200, deadline=None)


def as_django_reads(pairs: list[tuple[str, str]]) -> QueryDict:
    fields = QueryDict(mutable=True)
    for name, value in pairs:
        fields.appendlist(name, value)
    return fields


@pytest.mark.parametrize(("url", "params", "expected"), VECTORS)
def test_twilios_own_examples(url, params, expected):
    assert signature.compute(url, params, TOKEN) == expected
    assert signature.verify(url, params, expected, [TOKEN])


@quick
@given(urls, form, algorithms)
def test_what_we_sign_the_sdk_verifies(url, pairs, algorithm):
    ours = signature.compute(url, pairs, TOKEN, algorithm=algorithm)

    assert RequestValidator(TOKEN).validate(url, as_django_reads(pairs), ours, algorithm)


@quick
@given(urls, urls, form, form, algorithms)
def test_we_verify_exactly_what_the_sdk_verifies(signed_url, url, signed_pairs, pairs, algorithm):
    theirs = RequestValidator(TOKEN).compute_signature(signed_url, as_django_reads(signed_pairs), algorithm)

    for seen_url, seen in ((signed_url, signed_pairs), (url, signed_pairs), (signed_url, pairs)):
        expected = RequestValidator(TOKEN).validate(seen_url, as_django_reads(seen), theirs, algorithm)
        assert signature.verify(seen_url, seen, theirs, [TOKEN], algorithm=algorithm) == expected


@quick
@given(form, st.randoms(use_true_random=False))
def test_the_order_of_the_fields_does_not_matter(pairs, random):
    shuffled = random.sample(pairs, len(pairs))

    assert signature.compute(URL, shuffled, TOKEN) == signature.compute(URL, pairs, TOKEN)


@pytest.mark.parametrize("pairs", [[("Body", "\udcff")], [("Body", "x\ud800")], [("\udcff", "")]])
def test_fields_that_are_not_utf8_are_no_error(pairs):
    signed = signature.compute(URL, pairs, TOKEN)

    assert signature.verify(URL, pairs, signed, [TOKEN])
    assert not signature.verify(URL, [("Body", "\ufffd")], signed, [TOKEN])


@pytest.mark.parametrize("wrong", ["", "é", "AAAA", "L/OH5YylLD5NRKLltdqwSvS0BnU"])
def test_a_signature_that_cannot_be_right_is_only_wrong(wrong):
    assert not signature.verify(URL, [], wrong, [TOKEN])


@pytest.mark.parametrize("tokens", [[], [""]])
def test_without_a_token_nothing_verifies(tokens):
    assert not signature.verify(URL, [], signature.compute(URL, [], ""), tokens)


def test_any_of_several_tokens_verifies():
    assert signature.verify(URL, [], signature.compute(URL, [], "new"), ["old", "new"])


def test_an_unknown_algorithm_verifies_nothing():
    assert not signature.verify(URL, [], signature.compute(URL, [], TOKEN), [TOKEN], algorithm="HMAC_MD5")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ("", "HMAC_SHA1")),
        ("key=K1,algorithm=HMAC_SHA256", ("K1", "HMAC_SHA256")),
        (" key = K1 , algorithm = HMAC_SHA256 ", ("K1", "HMAC_SHA256")),
        ("algorithm=hmac_sha256,key=K1", ("K1", "HMAC_SHA256")),
        ("key=K1", ("K1", "HMAC_SHA1")),
        ("key=K1,algorithm=", ("K1", "HMAC_SHA1")),
        ("key=K1,key=K2,algorithm=HMAC_SHA256,algorithm=X", ("K1", "HMAC_SHA256")),
        ("nonsense,=,", ("", "HMAC_SHA1")),
    ],
)
def test_the_settings_header_is_read_as_the_sdk_reads_it(header, expected):
    assert signature.parse_settings_header(header) == expected
    assert get_signature_algorithm(header).upper() == expected[1]
