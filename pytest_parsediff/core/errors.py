"""Every error that is raised on purpose, with a code and a hint: the catalogue.

Codes are stable and never reused: ``PD1xx`` scenarios and options, ``PD2xx`` stores,
``PD3xx`` goldens, ``PD4xx`` adapters, ``PD5xx`` parse-diffs. Each one has an entry in
``docs/errors.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_parsediff.core.problem import ParsediffError as ParsediffError
from pytest_parsediff.core.problem import Unavailable as Unavailable
from pytest_parsediff.core.problem import Where as Where
from pytest_parsediff.core.problem import clip as clip
from pytest_parsediff.core.problem import strip_control as strip_control

# --- PD1xx: scenarios, configuration, options -------------------------------------


class UnknownKeyError(ParsediffError):
    """A configuration file has a key that no version knows."""

    code = "PD101"
    hint = "Remove the key, or correct its spelling."


class UnsupportedKeyError(ParsediffError):
    """A configuration file has a key that this version does not act on."""

    code = "PD102"
    hint = "Remove the key, or install a version that acts on it."


class BadValueError(ParsediffError):
    """A configuration key has a value of the wrong type or range."""

    code = "PD103"
    hint = (
        "Correct the value; `python -m pytest_parsediff schema` prints what is allowed."
    )


class BadTOMLError(ParsediffError):
    """A configuration file is not valid TOML, or not UTF-8."""

    code = "PD104"
    hint = "Correct the file at the line given."


class TwoStoresError(ParsediffError):
    """A scenario has both ``fixture.sql`` and ``files/``."""

    code = "PD105"
    hint = "Keep one of the two, or split the scenario into two folders."


class EmptyFolderError(ParsediffError):
    """A folder below a scenario root holds no scenario, and warnings are errors."""

    code = "PD106"
    hint = "Add a fixture.sql, remove the folder, or begin its name with a dot."


class StoreMissingError(ParsediffError):
    """A folder has ``scenario.toml`` but no store."""

    code = "PD107"
    hint = "Add a fixture.sql or a files/ folder beside scenario.toml."


class ScenarioNameError(ParsediffError):
    """A scenario's folder cannot be typed as a node id."""

    code = "PD109"
    hint = "Rename the folder to letters, digits, '_', '.' and '-' only."


class NoScenariosError(ParsediffError):
    """``--parsediff`` was given and there is nothing to run."""

    code = "PD110"
    hint = "Create scenarios/<name>/fixture.sql, or set parsediff_scenarios."


class OutsideFolderError(ParsediffError):
    """A path leaves the folder it must stay in."""

    code = "PD111"
    hint = "Use a relative path without '..' that stays below the folder."


class UnknownAdapterError(ParsediffError):
    """No adapter of that name was found."""

    code = "PD112"
    hint = "Check the spelling, or configure it under [adapters.<name>]."


class NoAdapterError(ParsediffError):
    """Nothing says which adapter reads the scenario."""

    code = "PD113"
    hint = 'Set `adapter = "name"` in parsediff.toml, or parsediff_adapter in pytest\'s configuration.'


class NestedScenarioError(ParsediffError):
    """A scenario lies inside another scenario."""

    code = "PD114"
    hint = "Move the inner folder out of the outer one."


class OptionError(ParsediffError):
    """A command line flag or an ini value cannot be used as given."""

    code = "PD116"
    hint = "See `pytest --help`, section parsediff."


class CursorFileError(ParsediffError):
    """A cursor on the command line cannot be read, or cannot be kept."""

    code = "PD117"
    hint = "Check the path and its permissions; without a cursor a read begins anew."


class OutputError(ParsediffError):
    """Standard output cannot be written, for want of space for example."""

    code = "PD118"
    hint = "Make room, then go on from the last cursor."


# --- PD2xx: stores ----------------------------------------------------------------


class FixtureSQLError(ParsediffError):
    """SQLite refused a statement of ``fixture.sql``."""

    code = "PD201"
    hint = "Correct the statement at the line and column given."


class ForbiddenSQLError(ParsediffError):
    """``fixture.sql`` does something that could reach outside its store."""

    code = "PD202"
    hint = "Remove the statement; a fixture may only fill its own database."


class BuildTimeError(ParsediffError):
    """``fixture.sql`` ran longer than ``build_timeout_s``."""

    code = "PD203"
    hint = "Make the fixture smaller, or raise build_timeout_s in scenario.toml."


class ValueTooLargeError(ParsediffError):
    """A value in ``fixture.sql`` is larger than ``max_value_mb``."""

    code = "PD204"
    hint = "Make the value smaller, or raise max_value_mb in scenario.toml."


class FixtureEncodingError(ParsediffError):
    """``fixture.sql`` is not UTF-8 text."""

    code = "PD205"
    hint = "Save the file as UTF-8; write bytes as a blob literal, x'…'."


class JournalConflictError(ParsediffError):
    """``journal`` in TOML contradicts the script's own ``PRAGMA journal_mode``."""

    code = "PD206"
    hint = "Remove one of the two."


class OpenTransactionError(ParsediffError):
    """``fixture.sql`` ends inside a transaction, which would lose its rows."""

    code = "PD207"
    hint = "Add the missing COMMIT."


class StoreFilesError(ParsediffError):
    """A file of the store could not be copied or set up."""

    code = "PD208"
    hint = "Check the files below files/ and their permissions."


class StoreStateError(ParsediffError):
    """The asked ``state`` cannot be produced for this store or on this machine."""

    code = "PD209"
    hint = "Choose another state, or run on a system that can produce it."


# --- PD3xx: goldens ---------------------------------------------------------------


class GoldenMissingError(ParsediffError):
    """There is no golden yet."""

    code = "PD301"
    hint = "Look at the output, then accept it with --update-golden."


class GoldenMismatchError(ParsediffError):
    """The adapter's events differ from the golden."""

    code = "PD302"
    hint = "Correct the adapter, or accept the new output with --update-golden."


class DuplicateScenarioError(ParsediffError):
    """Two folders give the same scenario id."""

    code = "PD306"
    hint = "Rename one of the two folders."


class GoldenUnreadableError(ParsediffError):
    """The golden is not canonical JSON lines: not UTF-8, not JSON, no object."""

    code = "PD307"
    hint = "Restore the golden from version control, or delete it and accept the output anew."


class MergeMarkersError(ParsediffError):
    """The golden holds markers of an unresolved merge."""

    code = "PD308"
    hint = "Resolve the merge, or delete the golden and accept the output anew."


class GoldenLineEndingsError(ParsediffError):
    """The golden differs from the output only by CRLF line ends or a BOM."""

    code = "PD309"
    hint = "Add `expected*.jsonl -text` to .gitattributes and check the file out again."


class UpdateBlockedError(ParsediffError):
    """An update wrote nothing, because at least one selected scenario is not sound."""

    code = "PD310"
    hint = "Mend what is listed, or deselect it, and update again."


class UnstableProjectionError(ParsediffError):
    """Two runs over the same store gave different events."""

    code = "PD312"
    hint = "Remove what changes from run to run (clock, order of sets, random ids), or list it under redact."


class StaleGoldenError(ParsediffError):
    """A golden was changed by somebody else while the update ran."""

    code = "PD314"
    hint = "Look at the golden and run the update again."


class CommitError(ParsediffError):
    """Writing a golden failed; what had been written was put back."""

    code = "PD316"
    hint = "Check permissions and free space, then run the update again."


class EmptyProjectionError(ParsediffError):
    """An update would write a golden without any event."""

    code = "PD317"
    hint = "Set `empty = true` in scenario.toml when no event is right."


class OrphanGoldenError(ParsediffError):
    """A golden lies in a folder without a store."""

    code = "PD320"
    hint = "Restore fixture.sql, or delete the golden."


class UpdateScopeError(ParsediffError):
    """An update was asked together with flags that make its result unsound."""

    code = "PD330"
    hint = "Run the update without that flag."


class UpdateOnCIError(ParsediffError):
    """An update was asked where ``CI`` is set."""

    code = "PD331"
    hint = "Update on your own machine and commit the golden."


# --- PD4xx: adapters --------------------------------------------------------------


class AdapterError(ParsediffError):
    """The adapter raised an exception."""

    code = "PD401"
    hint = "Correct the adapter; its own traceback is above."


class AdapterTimeoutError(ParsediffError):
    """The adapter did not end within ``timeout_s``."""

    code = "PD402"
    hint = "Correct the adapter, or raise timeout_s in scenario.toml."


class CommandFailedError(ParsediffError):
    """A command of the adapter ended with a non-zero exit status or a signal."""

    code = "PD403"
    hint = "Run the command by hand; the end of its stderr is above."


class OutputFormatError(ParsediffError):
    """The output of a command is not JSON lines, a JSON array, or the document asked."""

    code = "PD404"
    hint = "Make the command print one JSON object per line, or set records."


class NotAnEventError(ParsediffError):
    """An emitted value is not a JSON object of JSON values (NaN is not JSON)."""

    code = "PD405"
    hint = "Emit dictionaries with string keys and finite numbers only."


class StoreChangedError(ParsediffError):
    """The adapter changed the store, which it may only read."""

    code = "PD406"
    hint = "Open the store read-only (`mode=ro`), and never create files beside it."


class OutputTooLargeError(ParsediffError):
    """The adapter emitted more than ``max_output_mb``."""

    code = "PD407"
    hint = "Correct the adapter, or raise max_output_mb of the adapter."


class CommandMissingError(ParsediffError):
    """A required command is not installed."""

    code = "PD408"
    hint = "Install the command, or set required = false to skip."


class AdapterExitError(ParsediffError):
    """The adapter tried to end the process, or its process died."""

    code = "PD409"
    hint = 'Correct the adapter, or set isolation = "process" to contain it.'


class AdapterLoadError(ParsediffError):
    """The adapter could not be imported or is not an adapter."""

    code = "PD410"
    hint = "Give `module:callable`; the module must be importable from the root folder."


class PlaceholderError(ParsediffError):
    """A command, an environment value or a path uses an unknown placeholder."""

    code = "PD411"
    hint = "Use a known placeholder, or double the braces to mean them."


class SQLOutputError(ParsediffError):
    """The query over the tool's own database failed."""

    code = "PD413"
    hint = "Run the query by hand on the tool's database."


class CanonicalRuleError(ParsediffError):
    """A canonicalisation rule does not fit an event."""

    code = "PD414"
    hint = "Correct the rule in [adapters.<name>]."


class SchemaError(ParsediffError):
    """The store lacks a table or column that the built-in adapter cannot do without."""

    code = "PD421"
    hint = "Check that the source is a store of that agent, and its version."


class StoreOpenError(ParsediffError):
    """The built-in adapter could not open or read the store."""

    code = "PD422"
    hint = "Check that the file exists, is a SQLite database and can be read."


class RowError(ParsediffError):
    """A row that the built-in adapter cannot do without is unreadable."""

    code = "PD423"
    hint = "Look at the row named; a required cell is NULL, blank or of the wrong type."


# --- PD5xx: parse-diff --------------------------------------------------------------------


class SourceError(ParsediffError):
    """A source of a live run is missing or cannot be read."""

    code = "PD505"
    hint = "Correct the path after `--parsediff-source NAME=`, or its permissions."


class TwoSourcesError(ParsediffError):
    """Two sources of one adapter claim the same session."""

    code = "PD506"
    hint = "Leave one of the two sources out, or declare a `session` that tells them apart."


class SessionChangedError(ParsediffError):
    """A stored session parses to something else now, and its source stood still."""

    code = "PD509"
    hint = "Correct the parser; or declare the change, or record the session again."


class SessionRacedError(ParsediffError):
    """A session has a class that ``--parsediff-fail-on`` names, though not `changed`."""

    code = "PD510"
    hint = (
        "Run again when nobody writes; or leave the class out of --parsediff-fail-on."
    )


class DeclarationUnmetError(ParsediffError):
    """A session is not what a ``raced`` or ``expected_change`` declares."""

    code = "PD511"
    hint = "Correct the declaration, or remove it; or correct the parser."


class VacuousRunError(ParsediffError):
    """A parse-diff run verified nothing."""

    code = "PD512"
    hint = (
        "Check archive, sources and selection; `--parsediff-min-examined=0` allows it."
    )


class BudgetExceededError(ParsediffError):
    """A parse-diff run has more of something than was allowed, or too few sessions."""

    code = "PD513"
    hint = "Look at the sessions of that class, or change the budget that is named."


class SessionExcludedError(ParsediffError):
    """The parser vetoes a stored session, and no session may be vetoed."""

    code = "PD514"
    hint = "Correct the parser, or allow so many with --parsediff-max-excluded."


class SourceParseError(ParsediffError):
    """An adapter failed on a source of a live run."""

    code = "PD515"
    hint = "Correct the adapter, or look at the place in the source that is named."


class VerdictGoldenError(ParsediffError):
    """The verdicts of a scenario are not those of ``expected.verdicts.jsonl``."""

    code = "PD518"
    hint = "Correct the parser, or accept the verdicts with --update-golden."


class ReportFileError(ParsediffError):
    """The file given with ``--parsediff-report`` cannot be written."""

    code = "PD519"
    hint = "Give a path in a folder that exists and can be written."


class EvidenceQueryError(ParsediffError):
    """The query under ``evidence`` or ``session_list`` failed."""

    code = "PD516"
    hint = "Run the query by hand on the source, with `sqlite3 -readonly`."


class UnknownSessionError(ParsediffError):
    """A session that was asked for is neither stored nor in any source."""

    code = "PD520"
    hint = "Give an id as the adapter emits it; `--collect-only` lists all of them."


class RunDatabaseError(ParsediffError):
    """The database of a live run cannot be used, or another process is stuck in it."""

    code = "PD522"
    hint = "Run again; if a process of an earlier run hangs, end it first."


class ArchiveUnreadableError(ParsediffError):
    """A file is no archive, is damaged, or cannot be read."""

    code = "PD501"
    hint = (
        "Give the path of an archive, or record a new one with --parsediff-record=FILE."
    )


class ArchiveVersionError(ParsediffError):
    """An archive was written by a version with another schema."""

    code = "PD502"
    hint = "Install the pytest-parsediff that wrote the archive, or a newer one."


class ArchiveLockedError(ParsediffError):
    """Another process holds the archive."""

    code = "PD503"
    hint = "Wait until the other process is done, then run again."


class ArchiveMissingError(ParsediffError):
    """There is no archive at the path given."""

    code = "PD504"
    hint = "Correct the path, or record an archive with --parsediff-record=FILE."


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason why a preflight failed.

    Attributes:
        code: Of the error.
        name: Adapter and source, or adapter and session.
        message: One line for people.
    """

    code: str
    name: str
    message: str


class PreflightError(ParsediffError):
    """Something could not be parsed, so nothing at all was recorded.

    Attributes:
        run_id: Of the run in the archive's ledger.
        total: How many sources and sessions were looked at.
        failures: All of them.
    """

    code = "PD507"
    hint = (
        "Correct what failed, leave it out, or name sessions with --parsediff-session."
    )

    def __init__(  # noqa: PLR0913, PLR0917 - those of the base, then its own
        self,
        message: str,
        where: Where | None = None,
        hint: str | None = None,
        detail: str = "",
        run_id: int = 0,
        total: int = 0,
        failures: tuple[Failure, ...] = (),
    ) -> None:
        super().__init__(message, where, hint, detail)
        self.run_id = run_id
        self.total = total
        self.failures = failures


class StalePayloadError(ParsediffError):
    """What the archive holds of a session is fresher than what was to be recorded."""

    code = "PD508"
    hint = "Record again with --parsediff-retry-failed."


class StoredSQLError(ParsediffError):
    """``stored.sql`` or a query for stored sessions gives no stored sessions."""

    code = "PD517"
    hint = "Correct the SQL; docs/archive.md has the tables and columns."


class RecordingAbortedError(ParsediffError):
    """A recording ended before its end; the archive holds what it held before."""

    code = "PD521"
    hint = "Remove the cause, then record again with --parsediff-retry-failed."


class SourceMovedError(ParsediffError):
    """A source was written while it was parsed, so the parse may be torn."""

    code = "PD523"
    hint = "Record again with --parsediff-retry-failed once the source is quiet."


class AppendBaseError(ParsediffError):
    """An incremental parse does not go on from what the archive holds."""

    code = "PD524"
    hint = "Record this source in full."


# --- PD6xx: interleavings ---------------------------------------------------------


class WriterStepError(ParsediffError):
    """SQLite refused what a scripted writer was to do."""

    code = "PD610"
    hint = "Correct the writer's script; steps run in order, on what the store then is."


class WriterScriptError(ParsediffError):
    """A writer's script cannot be cut into steps."""

    code = "PD611"
    hint = (
        "Write one statement or transaction per step, or label steps with `-- step:`."
    )


class BadTokenError(ParsediffError):
    """A replay token is none, or was damaged on the way."""

    code = "PD612"
    hint = "Copy the whole token from the failure, from `pd1:` on."


class ForeignTokenError(ParsediffError):
    """A replay token was made for another scenario, or another state of this one."""

    code = "PD613"
    hint = "Name the scenario it was printed for; after a change, run the stress again."


class TwoLibrariesError(ParsediffError):
    """One process reads and writes one database through two SQLite libraries."""

    code = "PD617"
    hint = (
        "Read the store through one library in every scan, sqlite3 or apsw: two in one "
        "process take each other's locks away."
    )


class RacedDeclarationError(ParsediffError):
    """What a scenario declares raced is not what its writers did."""

    code = "PD618"
    hint = "Declare the sessions raced that the writers change while they are read."


class BadFileStepError(ParsediffError):
    """A step of a writer of files says too little, or cannot be done."""

    code = "PD619"
    hint = "Give each [[step]] one operation, its content, and paths below the store."


class NotDeterministicError(ParsediffError):
    """An adapter does otherwise when the same plan is run again."""

    code = "PD614"
    hint = (
        "Take threads, wall clocks and the order of sets out of the adapter; use the "
        "clock of its context."
    )


class LawBrokenError(ParsediffError, AssertionError):
    """An adapter breaks a law; a failed assertion to whoever tests with it."""

    code = "PD615"
    hint = "Replay the token; look at what stands between the reads of the timeline."


class InconclusiveError(ParsediffError):
    """Plans were run, and what they showed proves nothing."""

    code = "PD616"
    hint = (
        "Read the store in this process, through sqlite3, apsw or plain files, so that "
        "its reads can be followed."
    )
