"""The corpus: every wrong reader, in the order in which tables show them."""

from __future__ import annotations

import wrong_costs as costs
import wrong_files as files
import wrong_reports as reports
import wrong_rows as rows
import wrong_snapshots as snapshots
import wrong_trees as trees
from wrong_case import Reader

WRONG: tuple[type[Reader], ...] = (
    rows.BehindTheWatermark,
    trees.NeverAgain,
    trees.AgainTooLate,
    trees.AgainInTheFirstPoll,
    trees.AgainInTwoPolls,
    trees.AgainInOneTable,
    trees.AgainUnlessInserted,
    trees.AgainInItsOwnSnapshot,
    rows.BehindTheLastId,
    rows.SessionsBehindTheLargest,
    rows.TitlesByStamp,
    rows.WatermarkAfterTheRows,
    rows.CheckpointFirst,
    rows.RemembersBefore,
    rows.KeepsTheDeleted,
    rows.BothStorages,
    rows.ManyTotals,
    rows.EmptyAfterTheUpgrade,
    snapshots.TreesInAutocommit,
    snapshots.TwoConnections,
    snapshots.CompactionBeforeTheTree,
    snapshots.VersionAfterRows,
    snapshots.LooksAtTheDatabase,
    snapshots.Immutable,
    snapshots.EmptyWhenBusy,
    costs.EmitsInTransaction,
    costs.EmitsWhileReading,
    costs.DefeatsTheIndex,
    costs.AsksForEachRow,
    costs.TellsWhenItRead,
    costs.MarksWhatItHasRead,
    costs.LooksWhileConnected,
    files.EatsTheTail,
    files.StopsAtTheEarlySize,
    files.StopsAtTheLateSize,
    files.TrustsThePath,
    files.CountsOnFromZero,
    files.LooksAtTheSecond,
    reports.StopsAtABadRow,
    reports.LeavesBadRowsOut,
    reports.StopsAtABadLine,
    reports.EvidenceOfTheStamp,
)
