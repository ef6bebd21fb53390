"""URL lists as the user writes them."""

import gzip

import pytest

from pipelines.urls.url_lists import UrlConfig, UrlLists, load, normal_form

LISTS = UrlLists(
    domains=frozenset({"bad.co.uk", "user.pages.example"}),
    urls=frozenset({"example.com/Private"}),
    words=frozenset({"casino"}),
    soft_words=frozenset({"free", "win", "bonus"}),
)


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("http://bad.co.uk/x", "domain"),
        ("https://WWW.Bad.co.uk:8080/", "domain"),
        ("http://user.pages.example/", "subdomain"),
        ("https://example.com/Private/#top", "url"),
        ("https://example.com/my-casino.html", "word"),
        ("https://example.com/win-a-bonus", "soft_words"),
        ("https://notbad.co.uk/", None),
        ("http://co.uk/", None),
        ("http://other.pages.example/", None),
        ("https://example.com/private", None),
        ("https://example.com/casinos", None),
        ("https://example.com/win", None),
        ("", None),
        (None, None),
        ("http://[::1/", None),
    ],
)
def test_an_address_is_matched_by_the_most_general_list(url, match):
    assert LISTS.match(url) == match


def test_two_ways_to_write_an_address_are_one():
    assert normal_form("HTTPS://Example.COM/a/#x") == normal_form("example.com/a") == "example.com/a"


def test_lists_are_plain_files_also_compressed(tmp_path):
    (tmp_path / "domains.txt").write_text("# bad ones\n\nBAD.co.uk\n", "utf-8")
    with gzip.open(tmp_path / "urls.gz", "wt", encoding="utf-8") as file:
        file.write("http://Example.com/x/\n")
    lists = load(UrlConfig(domains=(str(tmp_path / "domains.txt"),), urls=(str(tmp_path / "urls.gz"),)))
    assert (lists.domains, lists.urls) == ({"bad.co.uk"}, {"example.com/x"})


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.txt"):
        load(UrlConfig(words=(str(tmp_path / "absent.txt"),)))


def test_an_edited_list_is_another_configuration(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("casino\n", "utf-8")
    config = UrlConfig(words=(str(path),))
    before = config.fingerprint()
    path.write_text("# comment\ncasino\n", "utf-8")
    assert config.fingerprint() == before
    path.write_text("casino\npoker\n", "utf-8")
    assert config.fingerprint() != before


def test_no_lists_is_off():
    assert not UrlConfig().enabled
