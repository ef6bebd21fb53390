"""Which site a document is a page of."""

from pipelines.urls.url_lists import registered_domain

SOURCE = "source "
"""How the site of a document without an address begins: the rest is the name of its source. No domain has a space."""


def site(url: str | None, source: str | None) -> str:
    """The registered domain of the address (`example.co.uk`), else its host, else the document's source."""
    return registered_domain(url or "") or f"{SOURCE}{source or ''}"
