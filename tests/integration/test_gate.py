"""Whatever fails, and whenever, what is published stays as it was; and the next good build goes on from there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streaming import FeedReader, present_members

from harness import ROOT, DbtProject, Outcome, copy_of_project, environment
from small import (
    ADVICE,
    SEGMENTATIONS,
    WITHOUT_DEMO_SEEDS,
    as_of_dates,
    build_small,
    copy_of_small,
    models,
    registry,
    replace_in,
    small_warehouse,
    variables,
)

OTHER_DAY = "2026-02-15"
"""Another as-of date than that of the warehouse that is published: a build that got through would show."""

GATE = "model.customer_segmentation.publication_gate"
REGISTRY = "model.customer_segmentation.model_registry"
PUBLICATION = "model.customer_segmentation.publication"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


class Before:
    """What readers and later builds find; `assert_kept` proves that nothing of it has changed."""

    def __init__(self, project: DbtProject) -> None:
        self.project = project
        self.state = self._state()

    def _state(self) -> tuple[Any, ...]:
        project = self.project
        files = sorted(path.name for path in project.published.parent.iterdir())
        digest = hashlib.sha256(project.published.read_bytes()).hexdigest()
        return files, digest, project.content(published=True), registry(project)

    def assert_kept(self, *, but_registry: bool = False) -> None:
        now = self._state()
        for what, before, after in zip(("files", "bytes", "content", "registry"), self.state, now, strict=True):
            assert before == after or (but_registry and what == "registry"), f"{what}: no longer as before"


def assert_next_build_publishes(project: DbtProject, before: Before) -> None:
    """Prove that a good build over what the failed one left behind goes on from the published models."""
    good = DbtProject(project.folder)
    build_small(good, as_of_date=OTHER_DAY).check()
    assert registry(good) == before.state[-1]
    assert {is_new for _, _, is_new in models(good).values()} == {False}
    assert as_of_dates(good) == {OTHER_DAY}
    assert good.content(published=True) == good.content()
    assert [path.name for path in good.published.parent.iterdir()] == [good.published.name]


# --- Failures -------------------------------------------------------------------------------------------------------


def too_many_rejects(project: DbtProject) -> Outcome:
    return build_small(project, as_of_date=OTHER_DAY, default_max_reject_share=0.001)


def too_small_a_segment(project: DbtProject) -> Outcome:
    """Ask a new model for three segments of a third each, which these customers do not have, and be strict."""
    behavior = SEGMENTATIONS["behavior"] | {"k": 3, "min_share": 0.33}
    changes = {"segmentations": SEGMENTATIONS | {"behavior": behavior}, "advice": ADVICE | {"not_advised": "error"}}
    return build_small(project, as_of_date=OTHER_DAY, **changes)


def a_failing_python_model(project: DbtProject) -> Outcome:
    broken = DbtProject(project.folder, root=copy_of_project(project.folder))
    replace_in(
        broken.root / "models" / "clustering" / "candidate_parameters.py",
        "    return fit_all(",
        '    raise MemoryError("the fit found no memory")\n    return fit_all(',
    )
    return build_small(broken, as_of_date=OTHER_DAY, refit=True)


def a_mart_that_fails_its_test(project: DbtProject) -> Outcome:
    broken = DbtProject(project.folder, root=copy_of_project(project.folder))
    replace_in(
        broken.root / "models" / "marts" / "core" / "segmentation_quality.sql",
        "select * from final",
        "select * from final union all select * from final",
    )
    return build_small(broken, as_of_date=OTHER_DAY)


@pytest.mark.parametrize(
    ("failure", "message", "is_stopped_by_gate"),
    [
        (too_many_rejects, "rows are rejected, a share of", True),
        (too_small_a_segment, "Failure in test clusters_are_advised", True),
        (a_failing_python_model, "the fit found no memory", True),
        (
            a_mart_that_fails_its_test,
            "segmentation_quality, column segmentation: expected a key that no other row has",
            False,
        ),
    ],
    ids=["rejects", "segment", "python", "mart"],
)
def test_a_failed_build_leaves_what_is_published(
    small: DbtProject,
    tmp_path: Path,
    failure: Callable[[DbtProject], Outcome],
    message: str,
    is_stopped_by_gate: bool,
) -> None:
    project = copy_of_small(small, tmp_path / "warehouse")
    before, marts = Before(project), project.content()
    outcome = failure(project)
    assert outcome.returncode != 0, outcome.output
    assert message in outcome.output
    before.assert_kept()
    if is_stopped_by_gate:
        assert project.content() == marts, "a mart was built although the gate was shut"
    assert_next_build_publishes(project, before)


def test_a_retry_publishes_once_the_mart_is_mended(small: DbtProject, tmp_path: Path) -> None:
    """A retry goes on with the build that failed, and with no other one, though dbt calls both of them `build`."""
    project = DbtProject(copy_of_small(small, tmp_path / "warehouse").folder, root=copy_of_project(tmp_path))
    before = Before(project)
    mart = project.root / "models" / "marts" / "core" / "segment_profiles.sql"
    sound, broken = "judged.customers,", "cast(judged.customers as double) as customers,"
    replace_in(mart, sound, broken)
    failed = build_small(project, as_of_date=OTHER_DAY)
    assert "enforced contract that failed" in failed.output
    before.assert_kept()
    artefacts = tmp_path / "artefacts"
    artefacts.mkdir()
    shutil.copy(project.folder / "target" / "run_results.json", artefacts)

    again = project.dbt("retry")
    assert again.returncode != 0
    before.assert_kept()
    replace_in(mart, broken, sound)
    project.dbt("retry").check()
    assert as_of_dates(project) == {OTHER_DAY}
    assert project.content(published=True) == project.content()
    assert project.query("select count(*) > 0 from refresh.refresh_commit natural join refresh.refresh_scope") == [
        (True,)
    ]

    # A build is killed on its way to other marts. The retry of the earlier one would publish some of either.
    before = Before(project)
    kill_at(project, "START sql refreshed model marts.fct_customer_segments", as_of_date=OTHER_DAY, snapshot_count=2)
    outcome = project.dbt("retry", "--state", str(artefacts))
    assert outcome.returncode != 0
    assert "Nothing is published: this run builds less than what follows from an input" in outcome.output
    before.assert_kept()


def test_a_command_that_was_to_publish_and_does_not_fails(small: DbtProject, tmp_path: Path) -> None:
    """What an earlier build refused is published by no selection and no retry, and each of them says so."""
    project = copy_of_small(small, tmp_path / "warehouse")
    before = Before(project)
    members = project.query("select * from feeds.exported_feed_members order by all")
    empty = build_small(project, "--empty")
    assert empty.returncode != 0
    assert "`--empty` builds no table of this project" in empty.output
    assert project.query("select * from feeds.exported_feed_members order by all") == members
    assert too_many_rejects(project).returncode != 0
    for command in ("retry", "build", "run", "retry"):
        selection = () if command == "retry" else ("--select", "publication")
        changes = None if command == "retry" else variables(project, as_of_date=OTHER_DAY)
        outcome = project.dbt(command, *selection, variables=changes)
        assert outcome.returncode != 0, outcome.output
        assert "Traceback" not in outcome.output
        assert "in macro" not in outcome.output
        if selection:
            assert "Nothing is published" in outcome.output
            assert "Expected a build of everything (`dbt build`)" in outcome.output
    before.assert_kept()
    assert project.query("select * from feeds.exported_feed_members order by all") == members


# --- Death ----------------------------------------------------------------------------------------------------------


def kill_at(project: DbtProject, marker: str | None, **changes: Any) -> None:
    """Start a build and kill its whole process group when it prints the marker; None: it does so itself."""
    words = project.command("build", *WITHOUT_DEMO_SEEDS, variables=variables(project, **changes))
    with subprocess.Popen(
        words,
        cwd=project.root,
        env=environment(**project.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if marker is not None and marker in line:
                os.killpg(process.pid, signal.SIGKILL)
                break
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL, "".join(lines)


def test_a_killed_build_leaves_what_is_published(small: DbtProject, tmp_path: Path) -> None:
    """Several deaths in a row, each over what the one before has left behind; then a good build."""
    project = copy_of_small(small, tmp_path / "warehouse")
    before = Before(project)
    for marker in (
        "START sql refreshed model staging.stg_orders_checked",
        "START python table model clustering.candidate_parameters",
        "START sql refreshed model marts.fct_customer_segments",
    ):
        kill_at(project, marker, as_of_date=OTHER_DAY, segmentations=SEGMENTATIONS | {"second_rfm": {"method": "rfm"}})
        # Behind the gate the new model may already be registered; readers see nothing of it.
        before.assert_kept(but_registry="marts" in marker)
    before = Before(project)
    assert_next_build_publishes(project, before)


def test_a_build_killed_just_before_the_rename_leaves_what_is_published(small: DbtProject, tmp_path: Path) -> None:
    """The new file is complete beside the old one, under a name that no reader opens and the next build removes."""
    root = copy_of_project(tmp_path)
    model = root / "models" / "publication" / "publication.py"
    replace_in(
        model,
        "from segmentation.publishing import Changes, last_digest, publish\n",
        "import os\nimport signal\n\n"
        "from segmentation import publishing\nfrom segmentation.publishing import Changes, last_digest, publish\n\n"
        "publishing.put_in_place = lambda temporary, target: os.killpg(0, signal.SIGKILL)\n",
    )
    project = DbtProject(copy_of_small(small, tmp_path / "warehouse").folder, root=root)
    before = Before(project)
    kill_at(project, None, as_of_date=OTHER_DAY)
    left = sorted(path.name for path in project.published.parent.iterdir())
    assert len(left) == 2
    assert left[0].endswith(".tmp")
    assert project.content(published=True) == before.state[2]
    assert registry(project) == before.state[-1]
    assert_next_build_publishes(project, before)


def test_an_export_that_was_read_but_never_noted_is_followed_by_nobody(small: DbtProject, tmp_path: Path) -> None:
    """A build dies after the rename. Whoever has read its export must not take the next one for the changes since."""
    root = copy_of_project(tmp_path)
    model = root / "models" / "publication" / "publication.py"
    sound = model.read_text(encoding="utf-8")
    replace_in(
        model,
        "from segmentation.publishing import Changes, last_digest, publish\n",
        "import os\nimport signal\n\n"
        "from segmentation import publishing\nfrom segmentation.publishing import Changes, last_digest, publish\n\n"
        "in_place = publishing.put_in_place\n"
        "publishing.put_in_place = lambda *places: (in_place(*places), os.killpg(0, signal.SIGKILL))\n",
    )
    project = DbtProject(copy_of_small(small, tmp_path / "warehouse").folder, root=root)
    everybody = {"segmentations": "auto", "minimum_size": 1, "holdout_share": 0.1, "calling_code": None}
    follower = FeedReader()
    follower.look(project.published)
    noted = project.query("select count(*) from feeds.exported_feed_members")
    kill_at(project, None, audiences=everybody)
    follower.look(project.published)
    told, whole = follower.members, follower.whole
    assert len(told) > noted[0][0]
    assert project.query("select count(*) from feeds.exported_feed_members") == noted

    model.write_text(sound, encoding="utf-8")
    inputs = variables(project)["inputs"]
    (refusing,) = project.query("select min(customer_id) from feeds.feed_candidates where outcome = 'exported'")[0]
    customers = Path(inputs["customers"]["path"])
    rows = duckdb.sql(
        f"""
        select
            * replace (if(customer_id = '{refusing}', 'false', marketing_consent) as marketing_consent)
        from read_csv('{customers}', all_varchar = true)
        """
    )
    rows.write_csv(str(tmp_path / "customers.csv"))
    inputs["customers"] = {"path": str(tmp_path / "customers.csv")}
    build_small(project, inputs=inputs, audiences=everybody).check()
    follower.look(project.published)
    with project.connect(published=True) as connection:
        assert follower.members == present_members(connection)
    assert len(told - follower.members) >= 2
    assert (whole, follower.whole) == (1, 2), "the changes since an export that nobody has noted were followed"


def test_dbt_run_publishes_nothing_and_registers_no_model(small: DbtProject, tmp_path: Path) -> None:
    """`dbt run` skips every test, so nothing vouches for what it makes."""
    project = copy_of_small(small, tmp_path / "warehouse")
    before = Before(project)
    behavior = SEGMENTATIONS["behavior"] | {"k": 2}
    changed = variables(project, as_of_date=OTHER_DAY, segmentations=SEGMENTATIONS | {"behavior": behavior})
    outcome = project.dbt("run", variables=changed).check()
    assert "Nothing is published: `dbt run` tests nothing" in outcome.output
    assert models(project)["behavior"][1:] == (2, True)
    before.assert_kept()
    ((outcome, file),) = project.query("select outcome, published_file from publication.publication")
    assert outcome.startswith("not published: `dbt run` tests nothing")
    assert file is None


# --- The shape of the graph -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def manifest(small: DbtProject) -> dict[str, dict[str, Any]]:
    return dict(json.loads((small.folder / "target" / "manifest.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def nodes(manifest: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Every node of the compiled project by its id."""
    return dict(manifest["nodes"])


def ancestors(nodes: dict[str, dict[str, Any]], node: str) -> set[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for parent in nodes[waiting.pop()]["depends_on"].get("nodes", []):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def below(nodes: dict[str, dict[str, Any]], *folders: str) -> set[str]:
    return {
        name
        for name, node in nodes.items()
        if node["resource_type"] == "model" and node["original_file_path"].startswith(folders)
    }


def gaps(nodes: dict[str, dict[str, Any]], tests: Iterable[str], target: str) -> dict[str, set[str]]:
    """Return the parents of tests that are not among the ancestors of a node.

    dbt holds a node back for a failed test only if the node descends from all parents of the test.
    """
    reached = ancestors(nodes, target)
    missing: dict[str, set[str]] = defaultdict(set)
    for test in tests:
        missing[test] |= set(nodes[test]["depends_on"]["nodes"]) - reached - {target}
    return {test: parents for test, parents in missing.items() if parents}


def test_every_gating_test_holds_back_the_gate(nodes: dict[str, dict[str, Any]]) -> None:
    behind = below(nodes, "models/marts/", "models/publication/")
    gating = [
        name
        for name, node in nodes.items()
        if node["resource_type"] in {"test", "unit_test"} and node["config"]["severity"].lower() == "error"
    ]
    before_the_gate = [test for test in gating if not behind & set(nodes[test]["depends_on"]["nodes"])]
    # What is written down of a publication comes after it, and can hold nothing back.
    behind_it = [
        test
        for test in gating
        if behind & set(nodes[test]["depends_on"]["nodes"]) and PUBLICATION not in ancestors(nodes, test)
    ]
    assert len(before_the_gate) > 50
    assert len(behind_it) > 20
    assert gaps(nodes, before_the_gate, GATE) == {}
    assert gaps(nodes, behind_it, PUBLICATION) == {}


def test_nothing_that_is_kept_or_published_goes_round_the_gate(nodes: dict[str, dict[str, Any]]) -> None:
    marts = below(nodes, "models/marts/")
    assert len(marts) >= 8
    assert {mart for mart in marts if GATE not in ancestors(nodes, mart)} == set()
    assert GATE in ancestors(nodes, REGISTRY)
    assert marts | {REGISTRY} <= set(nodes[PUBLICATION]["depends_on"]["nodes"])


def test_every_mart_is_published_and_nothing_else(small: DbtProject, nodes: dict[str, dict[str, Any]]) -> None:
    marts = {nodes[mart]["name"] for mart in below(nodes, "models/marts/")}
    assert {path.stem for path in (ROOT / "models" / "marts").rglob("*.sql")} == marts
    tables = small.query("select schema_name || '.' || table_name from duckdb_tables()", published=True)
    assert {table for (table,) in tables} == {f"marts.{mart}" for mart in marts}
    views = small.query("select count(*) from duckdb_views() where not internal", published=True)
    assert views == [(0,)]


INPUTS = {f"model.customer_segmentation.raw_{name}" for name in ("customers", "orders", "order_items", "products")}
READS_BY_NAME = re.compile(
    r"adapter\.get_relation|load_(cached_)?relation|Relation\.create|\.incorporate\(|\{\{\s*this\b|\bdbt\.this\b"
)
KEEPS_ROWS = {"incremental", "refreshed", "learned", "snapshot"}


def without_comments(text: str) -> str:
    return re.sub(r"--.*", "", re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL))


def readers_by_name(manifest: dict[str, dict[str, Any]]) -> set[str]:
    """Return the models that read a table which is no parent of theirs in the graph, an earlier form of it included."""
    nodes, macros = manifest["nodes"], manifest["macros"]
    models = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
    places = [f"{node['schema']}.{node['alias']}" for node in models.values()]
    spelled_out = re.compile(rf"\b({'|'.join(map(re.escape, places))})\b")

    def texts(node: dict[str, Any]) -> Iterable[str]:
        yield node["raw_code"]
        waiting, found = list(node["depends_on"]["macros"]), set()
        while waiting:
            name = waiting.pop()
            if name not in found and name.startswith("macro.customer_segmentation."):
                found.add(name)
                waiting += macros[name]["depends_on"]["macros"]
                yield macros[name]["macro_sql"]

    found = {
        name
        for name, node in models.items()
        if node["config"]["materialized"] in KEEPS_ROWS
        or any(READS_BY_NAME.search(code) or spelled_out.search(code) for code in map(without_comments, texts(node)))
    }
    # What has no table of its own is read by whoever refers to it.
    for name in [name for name in found if models[name]["config"]["materialized"] == "ephemeral"]:
        found.remove(name)
        found |= {child for child, node in models.items() if name in node["depends_on"]["nodes"]}
    # Of these everything else descends: what they read is what has changed.
    return found - INPUTS


def test_what_is_read_by_name_is_read_anew_whichever_input_changes(manifest: dict[str, dict[str, Any]]) -> None:
    """A run on some inputs (`raw_orders+`) builds what descends from them; the rest keeps what an earlier run read."""
    nodes = manifest["nodes"]
    readers = readers_by_name(manifest)
    known = ("previous_parameters", "observed_customers", "feed_changes", "exported_feed_members", "last_export")
    assert {f"model.customer_segmentation.{name}" for name in known} <= readers
    assert {reader: INPUTS - ancestors(nodes, reader) for reader in readers if INPUTS - ancestors(nodes, reader)} == {}


def test_a_run_on_any_input_builds_all_that_publication_asks_for(nodes: dict[str, dict[str, Any]]) -> None:
    """What rests on an input, but for the raw inputs themselves, descends from each: `raw_orders+` is a whole run."""
    models = {
        name
        for name, node in nodes.items()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    }
    resting = {model for model in models - INPUTS if ancestors(nodes, model) & INPUTS}
    assert len(resting) > 150
    assert {model for model in resting if not ancestors(nodes, model) >= INPUTS} == set()
