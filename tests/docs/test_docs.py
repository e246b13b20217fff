"""The documentation says what is so: names, values, commands and output."""

from __future__ import annotations

import ast
import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from docs_blocks import REPOSITORY, Block, Shell, assert_shown, blocks_of, pages

import pytest_parsediff
from pytest_parsediff import hookspecs
from pytest_parsediff.adapters.builtin import BUILTIN
from pytest_parsediff.adapters.command import placeholder_values
from pytest_parsediff.adapters.limits import DEFAULT_OUTPUT_MB, DEFAULT_TIMEOUT_S
from pytest_parsediff.adapters.opencode.events import FIELDS
from pytest_parsediff.adapters.opencode.schema import SESSION_INPUT, WANTED
from pytest_parsediff.adapters.scanfolder import ScanFolder
from pytest_parsediff.core import event
from pytest_parsediff.core.canonical import ENCODER_VERSIONS
from pytest_parsediff.core.config import (
    RESERVED_KEYS,
    AdapterConfig,
    CompareConfig,
    DefaultsConfig,
    Mark,
    ScenarioConfig,
    SessionConfig,
    SQLOutput,
    State,
    StoredConfig,
    StressConfig,
    WriterConfig,
)
from pytest_parsediff.core.errors import ParsediffError
from pytest_parsediff.core.event import Context, Source
from pytest_parsediff.core.rules import compile_rules
from pytest_parsediff.core.store import BuildLimits
from pytest_parsediff.core.toml import check_table

DOCS = REPOSITORY / "docs"
PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
LANGUAGES = {
    *("bash", "text", "python", "toml", "sql", "json", "yaml", "ini", "go", "rust")
}


def blocks(*languages: str) -> list[Any]:
    """Return the blocks in these languages as parameters."""
    return [
        pytest.param(block, id=block.place)
        for block in BLOCKS
        if block.language in languages
    ]


def prose(page: Path) -> str:
    """Return the text of *page* without its fenced blocks."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def section(page: str, heading: str) -> str:
    """Return the text below *heading*, subsections included, fenced blocks not."""
    text = prose(DOCS / page)
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{page} has no heading {heading!r}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def names_in_tables(text: str) -> set[str]:
    """Return the code words in the first cells of all tables of *text*."""
    cells = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def headings(text: str, level: int) -> list[str]:
    """Return the headings of one level, without code quotes."""
    found = re.findall(rf"^{'#' * level} (.+)$", text, re.MULTILINE)
    return [heading.replace("`", "") for heading in found]


# --- names and values ---------------------------------------------------------------


def test_each_flag_and_ini_value_has_a_heading(pytester: pytest.Pytester) -> None:
    """The pages of options has exactly what ``pytest --help`` shows of this plugin."""
    shown = pytester.runpytest_subprocess("--help").stdout.str()

    group = re.search(
        r"^golden scenarios of parsers.*?\n\n", shown, re.MULTILINE | re.DOTALL
    )
    assert group
    flags = re.findall(r"^  (--[\w-]+)", group[0], re.MULTILINE)
    values = re.findall(r"^  (parsediff\w*) \(", shown, re.MULTILINE)
    documented = headings(section("options.md", "Flags"), 3)
    assert sorted(flags) == sorted(re.match(r"[\w-]+", h)[0] for h in documented)  # type: ignore[index]
    assert sorted(values) == sorted(headings(section("options.md", "Ini values"), 3))


def test_each_update_mode_is_documented() -> None:
    """The table of modes is that of the flag."""
    from pytest_parsediff.golden.update import UpdateMode

    table = names_in_tables(section("options.md", "Flags"))

    assert set(UpdateMode) == table


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        (
            "scenario.toml",
            {
                name
                for structure in (ScenarioConfig, Mark, WriterConfig, StressConfig)
                for name in structure.__struct_fields__
            },
        ),
        (
            "parsediff.toml and [tool.parsediff]",
            {*DefaultsConfig.__struct_fields__} - {*ScenarioConfig.__struct_fields__},
        ),
        (
            "[adapters.&lt;name&gt;]",
            {*AdapterConfig.__struct_fields__, *SQLOutput.__struct_fields__},
        ),
        ("[stored.&lt;name&gt;]", {*StoredConfig.__struct_fields__}),
        ('[sessions."&lt;id&gt;"]', {*SessionConfig.__struct_fields__}),
        (
            "[adapters.&lt;name&gt;.compare]",
            {*CompareConfig.__struct_fields__},
        ),
    ],
)
def test_each_key_is_documented(heading: str, expected: set[str]) -> None:
    """The tables of keys hold the fields of the structures, no more and no less."""
    assert expected == names_in_tables(section("scenario-toml.md", heading))


def test_reserved_keys_are_documented() -> None:
    """Each reserved key is listed with the files that it belongs to."""
    rows = re.findall(
        r"^\| (`.+?) \| (.+?) \|$",
        section("scenario-toml.md", "Reserved keys"),
        re.MULTILINE,
    )
    listed = {file: {*re.findall(r"`(\w+)`", keys)} for file, keys in rows}

    names: dict[type[msgspec.Struct], str] = {AdapterConfig: "`[adapters.<name>]`"}
    assert listed == {names[kind]: set(RESERVED_KEYS[kind]) for kind in RESERVED_KEYS}


@pytest.mark.parametrize(
    ("heading", "key", "value"),
    [
        ("scenario.toml", "build_timeout_s", BuildLimits().timeout_s),
        ("scenario.toml", "max_value_mb", BuildLimits().max_value_mb),
        ("[adapters.&lt;name&gt;]", "timeout_s", DEFAULT_TIMEOUT_S),
        ("[adapters.&lt;name&gt;]", "max_output_mb", DEFAULT_OUTPUT_MB),
    ],
)
def test_default_limits_are_documented(heading: str, key: str, value: float) -> None:
    """The default of a limit is the one in force."""
    text = section("scenario-toml.md", heading)
    row = re.search(rf"^\| `{key}` \| .+? \| (.+?) \|", text, re.MULTILINE)

    assert row
    assert f"{value:g}" == row[1]


def test_states_are_documented() -> None:
    """The page on scenarios explains each state that can be asked for."""
    assert {*get_args(State)} == names_in_tables(
        section("howto-scenarios.md", "States")
    )


def test_placeholders_are_documented(tmp_path: Path) -> None:
    """The table of placeholders holds all that are filled in."""
    values = placeholder_values(
        tmp_path,
        Source(tmp_path, tmp_path),
        Context(lambda: 0, tmp_path, tmp_path),
        ScanFolder(tmp_path),
        None,
    )

    assert {f"{{{name}}}" for name in values} == names_in_tables(
        section("howto-adapters.md", "Placeholders")
    )


def test_each_error_has_an_entry_and_each_entry_an_error() -> None:
    """The codes of the classes and the headings of the page are the same list."""

    def codes(base: type[ParsediffError]) -> Iterator[str]:
        for cls in base.__subclasses__():
            yield cls.code
            yield from codes(cls)

    text = prose(DOCS / "errors.md")

    assert sorted(codes(ParsediffError)) == headings(text, 2)


def test_each_error_says_how_to_see_and_to_fix_it() -> None:
    """Every entry has a cause, a way to see it and a fix."""
    text = prose(DOCS / "errors.md")
    entries = re.split(r"^## ", text, flags=re.MULTILINE)[1:]

    incomplete = [
        entry[:5]
        for entry in entries
        if not re.search(r"\n\n\*\*.+?\*\*(?s:.+)\n\nSee it: (?s:.+)\n\nFix: ", entry)
    ]

    assert [] == incomplete


def test_each_hook_is_documented() -> None:
    """The headings below Hook are the hooks, with their arguments."""
    hooks = [
        f"{name}({', '.join(inspect.signature(function).parameters)})"
        for name, function in vars(hookspecs).items()
        if name.startswith("pytest_")
    ]

    assert sorted(hooks) == headings(section("hooks.md", "Hook"), 3)


def test_each_fixture_is_documented(pytester: pytest.Pytester) -> None:
    """The headings below Fixture are the fixtures that pytest shows of this plugin."""
    shown = pytester.runpytest_subprocess("--fixtures").stdout.str()

    mine = re.search(
        r"defined from pytest_parsediff\.plugin -+\n(.*?)(?=^-{3}|^={3}|\Z)",
        shown,
        re.MULTILINE | re.DOTALL,
    )
    assert mine
    fixtures = re.findall(r"^(\w+)(?: \[.*\])? --", mine[1], re.MULTILINE)
    assert sorted(fixtures) == headings(section("hooks.md", "Fixture"), 3)


def test_each_marker_is_documented(pytester: pytest.Pytester) -> None:
    """The table of markers has their signatures."""
    shown = pytester.runpytest_subprocess("--markers").stdout.str()
    markers = set(
        re.findall(r"^@pytest\.mark\.((?:raced|expected_c)[^:]*):", shown, re.MULTILINE)
    )

    assert 2 == len(markers)
    assert markers == names_in_tables(section("hooks.md", "Markers"))


def test_each_public_name_is_documented() -> None:
    """The table of public names is ``__all__``, and each of them can be had."""
    names = pytest_parsediff.__all__

    assert {*names} == names_in_tables(section("hooks.md", "Public names"))
    assert all(getattr(pytest_parsediff, name) for name in names)


def test_encoder_versions_are_documented() -> None:
    """The headings of the encoders carry their versions."""
    found = headings(section("events.md", "Canonical form"), 3)

    assert [f"{e}/{version}" for e, version in ENCODER_VERSIONS.items()] == found[:2]


# --- the built-in adapter -----------------------------------------------------------


def notice_codes() -> set[str]:
    """Return every notice code in the source of the adapter, found by its syntax."""
    codes: set[str] = set()
    folder = Path(pytest_parsediff.__file__).parent / "adapters/opencode"
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name("Notice") | ast.Attribute(attr="notice" | "_notice"),
                    args=[ast.Constant(str(code)), *_],
                ):
                    codes.add(code)
                case ast.Call(
                    func=ast.Name("Notice"), args=[ast.Name(constant), *_]
                ) if constant.isupper():
                    codes.add(getattr(event, constant))
                case ast.Assign(targets=[ast.Name(name)], value=ast.Dict(keys)) if (
                    name.endswith("_NOTICES")
                ):
                    codes |= {str(k.value) for k in keys if isinstance(k, ast.Constant)}
    return codes


def test_each_notice_of_opencode_is_documented() -> None:
    """The table of notices holds all codes that the adapter can give."""
    codes = notice_codes()

    assert len(codes) > 15
    assert codes == names_in_tables(section("opencode.md", "Notices"))


def test_the_tables_of_opencode_are_documented() -> None:
    """Each table is there with the columns that it must have."""
    rows = re.findall(
        r"^\| `(\w+)` \| (.+?) \| (.+?) \|$",
        section("opencode.md", "What it reads"),
        re.MULTILINE,
    )

    assert {
        name: (wanted.required, wanted.may_lack)
        for name, wanted in {**WANTED, "session_input": SESSION_INPUT}.items()
    } == {
        name: (tuple(re.findall(r"`(\w+)`", columns)), "empty" in effect)
        for name, columns, effect in rows
    }


def test_the_events_of_opencode_are_documented() -> None:
    """Each kind of event has a row, and the identity is the one in force."""
    key = BUILTIN["opencode"].config.key

    assert {*FIELDS} == names_in_tables(section("opencode.md", "Events"))
    assert key == re.findall(r"`(/\w+(?:/\w+)*)`", section("opencode.md", "Identity"))


# --- blocks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", [pytest.param(p, id=p.relative_to(REPOSITORY).as_posix()) for p in PAGES]
)
def test_each_command_runs_and_prints_what_is_shown(page: Path, tmp_path: Path) -> None:
    """The blocks of a page do, one after the other, what the page says they do."""
    shell = Shell(tmp_path)

    for block in blocks_of(page):
        shell.take(block)


def test_the_pages_hold_blocks_that_run() -> None:
    """The extraction finds the blocks: a page about commands without any is a bug."""
    ran = {b.page for b in BLOCKS if b.language == "bash" and not b.directive}

    assert ran >= {
        "README.md",
        *(f"docs/{p}.md" for p in ("tutorial", "hooks", "opencode", "gate")),
        *(f"docs/howto-{what}.md" for what in ("adapters", "scenarios", "goldens")),
    }


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("b\n", "a\nb\nc\n"),
        ("a\n...\nc\n", "a\nb\nb\nc\n"),
        ("a\n...\nb\n", "a\nb\n"),
        ("x …/y\n", "x /tmp/1/y\n"),
    ],
)
def test_output_that_is_shown_right(shown: str, printed: str) -> None:
    """Lines match as they are, ``...`` any lines, and ``…`` any characters of one."""
    assert_shown(Block("p", 1, "text", shown, "", ""), printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("b\n", "a\nbc\n"),
        ("a\nc\n", "a\nb\nc\n"),
        ("x …/y\n", "x /tmp\n/y\n"),
        ("a\n...\nd\n", "a\nb\n"),
    ],
)
def test_output_that_is_shown_wrong(shown: str, printed: str) -> None:
    """Anything else is an error that shows both."""
    with pytest.raises(AssertionError, match="p:1: this is not what is printed"):
        assert_shown(Block("p", 1, "text", shown, "", ""), printed)


def test_only_known_languages_and_directives() -> None:
    """A block in another language, or a misspelt comment above one, is not ignored."""
    directives = {b.place: b.directive for b in BLOCKS if b.directive}

    assert {*LANGUAGES} >= {block.language for block in BLOCKS}
    assert {} == {
        place: text
        for place, text in directives.items()
        if not re.fullmatch(r"run: fails|(run|output): no, .+", text)
    }


@pytest.mark.parametrize("block", blocks("toml"))
def test_toml_is_accepted(block: Block) -> None:
    """Each TOML block names its file, and holds only keys that such a file may have."""
    assert block.file, f"{block.place}: the first line must name the file"
    path, table = Path(block.file), tomllib.loads(block.text)

    if path.name == "pyproject.toml":
        table = table.get("tool", {}).get("parsediff", {})
    structure: type[msgspec.Struct] = (
        ScenarioConfig if path.name == "scenario.toml" else DefaultsConfig
    )
    assert path.name in ("pyproject.toml", "scenario.toml", "parsediff.toml")
    check_table(table, structure, path, block.text)


@pytest.mark.parametrize("block", blocks("python"))
def test_python_compiles(block: Block) -> None:
    """Each Python block is a module."""
    compile(block.text, block.place, "exec")


@pytest.mark.parametrize("block", blocks("json"))
def test_json_loads(block: Block) -> None:
    """Each JSON block is one document per line."""
    assert all(json.loads(line) for line in block.text.splitlines())


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml_has_the_shape_of_yaml(block: Block) -> None:
    """Each line of a YAML block is a key, an item or a comment, indented by spaces."""
    line = re.compile(r"(?:  )*(?:- )?(?:#.*|[\w-]+:(?: .+)?|.+)")

    assert "\t" not in block.text
    assert all(line.fullmatch(one) for one in block.text.rstrip("\n").split("\n"))


RULES = [
    pytest.param(*BLOCKS[at : at + 3], id=block.heading)
    for at, block in enumerate(BLOCKS)
    if [b.language for b in BLOCKS[at : at + 3]] == ["toml", "json", "json"]
]


@pytest.mark.parametrize(("toml", "emitted", "golden"), RULES)
def test_rules_do_what_their_examples_show(
    toml: Block, emitted: Block, golden: Block
) -> None:
    """The first JSON block of a rule becomes the second one, byte for byte."""
    table = tomllib.loads(toml.text)["adapters"]["mine"]
    rules = compile_rules(msgspec.convert(table, AdapterConfig))

    lines = rules.apply([json.loads(line) for line in emitted.text.splitlines()], {})

    assert golden.text == "".join(f"{line.decode()}\n" for line in lines)


def test_rules_are_shown_in_the_order_in_which_they_run() -> None:
    """The sections and the table of keys follow the order of the engine."""
    order = ["drop_events", "derive", "rename", "round", "drop", "keep", "sort"]
    shown = headings(section("howto-adapters.md", "Canonicalisation rules"), 3)
    listed = re.findall(
        r"^\| `(\w+)`",
        section("scenario-toml.md", "[adapters.&lt;name&gt;]"),
        re.MULTILINE,
    )
    rules = [*order, "ordered", "encoder"]

    assert rules == [rule for rule in shown if rule in rules]
    assert rules == [rule for rule in listed if rule in rules]
    source = inspect.getsource(compile_rules)
    steps = [f"config.{name}" for name in order[1:6]]
    assert sorted(steps, key=source.index) == steps


# --- the repository -----------------------------------------------------------------


def test_the_gate_runs_the_commands_of_the_readme() -> None:
    """``.ci/run`` runs both commands that the README promises to work."""
    shown = [
        block.text.rstrip("\n").split(" && ")[-1].removeprefix(".venv/bin/python ")
        for block in BLOCKS
        if block.page == "README.md" and block.heading == "Two commands"
    ]
    gate = (REPOSITORY / ".ci/run").read_text(encoding="utf-8").split("\n")
    ran = [
        line.partition('"$venv/bin/python" ')[2].removesuffix(" -q") for line in gate
    ]

    assert ["-m pytest --parsediff scenarios", "-m pytest -n auto"] == shown
    assert {*shown} <= {*ran}


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of *page*, as they are made from the text."""
    found = re.findall(r"^#{1,3} (.+)$", prose(page), re.MULTILINE)
    texts = [heading.replace("&lt;", "<").replace("&gt;", ">") for heading in found]
    return {
        re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
        for text in texts
    }


@pytest.mark.parametrize("page", [pytest.param(p, id=p.name) for p in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that is there, and a heading in it."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert [] == broken


def test_the_pages_build(tmp_path: Path) -> None:
    """Sphinx builds all pages without a warning."""
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    import subprocess
    import sys

    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E"]
    done = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), str(DOCS), str(tmp_path / "html")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)


def test_each_folder_of_tests_is_described() -> None:
    """``tests/README.md`` has a row for each folder that holds tests."""
    tests = REPOSITORY / "tests"
    folders = {path.relative_to(tests).parts[0] for path in tests.glob("*/**/*.py")}
    rows = re.findall(
        r"^\| `(\w+)/` \|", (tests / "README.md").read_text(), re.MULTILINE
    )

    assert {"core", "docs"} <= folders
    assert [] == sorted(folders - {*rows})
