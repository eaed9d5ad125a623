"""HTML and SVG as a tree: what is text stays text, and what is written is well-formed XML as well as HTML."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, tostring


def element(name: str, attributes: Mapping[str, str], *inside: Element | str) -> Element:
    """Return an element with text and elements in it."""
    made = Element(name, dict(attributes))
    for one in inside:
        if isinstance(one, Element):
            made.append(one)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + one
        else:
            made.text = (made.text or "") + one
    return made


def page(root: Element) -> str:
    """Return a document. An empty element would not be closed for a browser: give it text."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode')}\n"
