"""Text to learn letters and words from, without a download."""
from __future__ import annotations

__all__ = ["load_text"]


def load_text() -> str:
    """The reference manual of Python, as ``help()`` shows it: about 460,000 characters of English and of examples.

    It is the ``pydoc_data.topics`` of the Python that runs, in the order of the topics' names: other versions have other texts.
    Licence: PSF License Agreement, https://docs.python.org/3/license.html.

    >>> text = nn.data.load_text()
    >>> len(text) > 300_000 and "assert" in text
    True
    """
    from pydoc_data.topics import topics  # 460 KB, parsed when it is wanted

    return "\n\n".join(topics[name].strip() for name in sorted(topics))
