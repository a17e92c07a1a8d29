"""What documents promise about themselves: decisions with their alternative, every environment variable told."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = ROOT / "DECISIONS.md"


def test_each_decision_is_one_paragraph_that_names_its_alternative() -> None:
    _, _, *parts = DECISIONS.read_text(encoding="utf-8").strip().split("\n\n")
    paragraphs = [part for part in parts if not part.startswith("## ")]
    assert len(paragraphs) > 100
    titles = [re.match(r"\*\*(.+?[.])\*\* ", paragraph, re.DOTALL) for paragraph in paragraphs]
    assert [paragraph[:60] for paragraph, title in zip(paragraphs, titles, strict=True) if title is None] == []
    texts = [" ".join(title[1].split()) for title in titles if title]
    assert sorted(set(texts)) == sorted(texts), "a decision stands twice"
    named = re.compile(
        r"\balternatives?\b|\bfirst (form|answer)\b|\bany other\b|\bwould\b|, instead\b|\binstead of\b", re.IGNORECASE
    )
    assert [text for text, paragraph in zip(texts, paragraphs, strict=True) if not named.search(paragraph)] == []


def test_every_environment_variable_of_the_profile_is_documented() -> None:
    named = set(re.findall(r"env_var\('(\w+)'", (ROOT / "profiles.yml").read_text(encoding="utf-8")))
    documented = {
        name
        for document in ("configuration.md", "scaling.md")
        for name in re.findall(
            r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / document).read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert {"SEGMENTATION_DATABASE", "SPARK_MASTER"} <= named
    assert named - documented == set()
