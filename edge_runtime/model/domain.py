"""Which kind of photo a model is for: through a dermatoscope, or by a phone alone.

A model of one kind does badly on photos of the other, and its score does not show it:
files that learnt from dermoscopic photos call nine of ten benign lesions malignant on
smartphone photos. No test here tells the kinds apart well enough to warn by itself
(docs/decisions/0096): whoever takes the photo has to choose the model.
"""

DERMOSCOPIC, SMARTPHONE = "dermoscopic", "smartphone"

DOMAINS = {
    DERMOSCOPIC: "photos through a dermatoscope",
    SMARTPHONE: "smartphone photos, taken without a dermatoscope",
}
"""What a card's ``domain`` says, in words."""


def expects(domain: str) -> str:
    """One sentence for people.

    >>> expects("smartphone")
    'made for smartphone photos, taken without a dermatoscope; give it no other kind'
    """
    return f"made for {DOMAINS[domain]}; give it no other kind"
