"""How many of something are allowed: a number, or a share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from pytest_parsediff.core.errors import OptionError
from pytest_parsediff.core.problem import clip

#: Nine digits are more sessions than there are, and no trap for ``int``.
_AMOUNT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(%?)")


@dataclass(frozen=True, slots=True)
class Budget:
    """A number, or a share of something that is counted too.

    Attributes:
        amount: At least 0; a whole number, or percent up to 100.
        is_percent: Which of the two it is.
    """

    amount: Fraction
    is_percent: bool = False

    @classmethod
    def of(cls, count: int) -> Budget:
        """Return the budget of *count*."""
        return cls(Fraction(count))

    def covers(self, count: int, total: int) -> bool:
        """Return whether *count* is at most what is allowed of *total*."""
        return count <= self._share_of(total)

    def is_reached(self, count: int, total: int) -> bool:
        """Return whether *count* is at least what is asked of *total*."""
        return count >= self._share_of(total)

    def _share_of(self, total: int) -> Fraction:
        return self.amount * total / 100 if self.is_percent else self.amount

    def __str__(self) -> str:
        whole, rest = divmod(self.amount, 1)
        text = str(float(self.amount)) if rest else str(whole)
        return f"{text}%" if self.is_percent else text


def parse_budget(text: str, setting: str) -> Budget:
    """Return the budget that *text* names: ``N`` or ``N%``, of which N may be 2.5.

    Args:
        text: As typed.
        setting: Flag or ini name, for the message.

    Raises:
        OptionError: PD116, anything else, or more than 100 %.
    """
    found = _AMOUNT.fullmatch(text.strip())
    amount = Fraction(found[1]) if found else Fraction(-1)
    is_percent = bool(found and found[2])
    is_whole = amount.denominator == 1
    if amount < 0 or (amount > 100 if is_percent else not is_whole):
        raise OptionError(
            f"{setting}: expected a whole number, or 0% to 100%, got {clip(text)}"
        )
    return Budget(amount, is_percent)
