"""Records of a delimited text: physical lines, and which of them belong together.

Works on blocks of UTF-8 bytes with numpy; only what gets rejected is looked at one by one. What the fields of
a record are is the parser's business (``reading``); here counts only where a record begins and ends, and
whether its quotes, bytes and NULs are sound.

Quotes toggle "inside" and "outside" by parity. That is right as long as every opening quote stands at the
start of a field and every closing one at the end of a field (or doubled); the first quote that breaks this
shows where the grouping lost its way, the record there is rejected, and grouping starts anew on a line behind
it.
"""

import codecs
import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orchestration.ingestion.text_blocks import UnreadableFileError

Offsets = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MAX_RECORD_CHARACTERS = 10_000
_NEWLINE, _RETURN = 10, 13


@dataclass(frozen=True)
class Reject:
    """One rejected record; ``record`` may hold personal data and goes to ``ops.rejects`` only."""

    line: int
    column: str | None
    reason: str
    record: str


@dataclass(frozen=True)
class RecordBlock:
    """Records of one block; blank lines are left out, rejected records are only in ``rejects``.

    Attributes
    ----------
    data : bytes
        UTF-8; record i is ``data[starts[i]:ends[i]]``, its line end included.
    lines : array of int
        Number of the record's first physical line, from 1.
    is_unended : bool
        The last record has no line end, so the file ends with it, perhaps in the middle of it.
    """

    data: bytes
    starts: Offsets
    ends: Offsets
    lines: Offsets
    rejects: list[Reject]
    is_unended: bool = False

    def text(self, index: int) -> str:
        """The record as it stood in the file."""
        return record_text(self.data[self.starts[index] : self.ends[index]])


def record_text(raw: bytes) -> str:
    """A record as text that PostgreSQL can keep: undecodable bytes and NULs as escapes, cut when huge."""
    text = raw.decode("utf-8", "backslashreplace").rstrip("\r\n").replace("\x00", "\\x00")
    return text if len(text) <= MAX_RECORD_CHARACTERS else text[:MAX_RECORD_CHARACTERS] + " [cut]"


def truncated(line: int) -> UnreadableFileError:
    """The last record is incomplete, and no line end says that its writer meant it so."""
    return UnreadableFileError(f"the file is truncated: line {line} ends in the middle; get it again")


class RecordSplitter:
    """Cuts a stream of blocks into records; a record may go over the blocks' ends.

    Parameters
    ----------
    delimiter, quote : str
        One ASCII character; quote None: nothing is quoted.
    max_quoted_lines : int
        A quote that is not closed within so many lines counts as never closed.
    max_line_bytes : int
        A longer line makes the file unreadable; bounds the memory.
    """

    def __init__(
        self,
        delimiter: str,
        quote: str | None,
        *,
        max_quoted_lines: int = 1000,
        max_line_bytes: int = 64 << 20,
    ) -> None:
        self._delimiter = ord(delimiter)
        self._quote = None if quote is None else ord(quote)
        self._max_quoted_lines = max_quoted_lines
        self._max_line_bytes = max_line_bytes
        self._carry = b""
        self._next_line = 1
        self._is_unended = False

    def feed(self, block: bytes, *, final: bool = False) -> RecordBlock:
        """Records that are complete with this block; the rest waits for the next one.

        Raises
        ------
        UnreadableFileError
            A line is longer than ``max_line_bytes``; or the last record has neither a line end nor sound quotes and
            bytes, as when the file was cut inside a character, inside quotes, or filled up with zeros.
        """
        data = self._carry + block
        self._is_unended = final and bool(data) and data[-1] not in (_NEWLINE, _RETURN)
        if self._is_unended:
            data += b"\n"
        codes = np.frombuffer(data, dtype=np.uint8)
        line_ends = _line_ends(codes, final=final)
        line_starts = np.concatenate(([0], line_ends[:-1])) if len(line_ends) else line_ends
        unfinished = len(data) - (int(line_ends[-1]) if len(line_ends) else 0)
        if unfinished > self._max_line_bytes:
            raise UnreadableFileError(
                f"line {self._next_line + len(line_ends)} is longer than {self._max_line_bytes} bytes"
            )
        is_start, reasons, taken = self._group(codes, line_starts, line_ends, final=final)
        first = np.flatnonzero(is_start[:taken])
        starts = line_starts[first]
        end_of_taken = int(line_ends[taken - 1]) if taken else 0
        ends = np.append(starts[1:], end_of_taken) if len(starts) else starts
        result = self._sound(data, codes, starts, ends, first, reasons)
        if self._is_unended and result.rejects and result.rejects[-1].line == int(first[-1]) + self._next_line:
            raise truncated(result.rejects[-1].line)
        self._carry = data[end_of_taken:]
        self._next_line += taken
        return result

    def _sound(
        self,
        data: bytes,
        codes: npt.NDArray[np.uint8],
        starts: Offsets,
        ends: Offsets,
        first: Offsets,
        reasons: dict[int, str],
    ) -> RecordBlock:
        """Take out blank lines and records with damaged quotes, bytes or NULs."""
        lines = first + self._next_line
        found: dict[int, str] = {}
        stop = int(ends[-1]) if len(ends) else 0
        for reason, positions in (
            ("nul", np.flatnonzero(codes[:stop] == 0)),
            ("encoding", _undecodable(data, stop)),
        ):
            for index in np.unique(np.searchsorted(starts, positions, side="right") - 1).tolist():
                found[index] = reason
        for line, reason in reasons.items():
            found[int(np.searchsorted(first, line))] = reason
        keep = ~_is_blank(codes, starts, ends)
        rejects = [
            Reject(int(lines[index]), None, found[index], record_text(data[starts[index] : ends[index]]))
            for index in sorted(found)
        ]
        keep[list(found)] = False
        return RecordBlock(data, starts[keep], ends[keep], lines[keep], rejects, self._is_unended)

    def _group(
        self, codes: npt.NDArray[np.uint8], line_starts: Offsets, line_ends: Offsets, *, final: bool
    ) -> tuple[Mask, dict[int, str], int]:
        """Which lines begin a record, which of those are rejected and why, and how many lines are decided."""
        n_lines = len(line_ends)
        is_start = np.ones(n_lines, dtype=np.bool_)
        reasons: dict[int, str] = {}
        stop = int(line_ends[-1]) if n_lines else 0
        quotes = np.empty(0, np.int64) if self._quote is None else np.flatnonzero(codes[:stop] == self._quote)
        if not len(quotes):
            return is_start, reasons, n_lines
        line_of = np.searchsorted(line_ends, quotes, side="right")
        before = np.searchsorted(quotes, line_starts)  # quotes before each line
        broken = self._broken_quotes(codes, quotes, line_of)
        line, base = 0, 0  # grouping is right from this line on, whose first quote is this one
        while True:
            at = int(np.searchsorted(broken[base % 2], base))
            culprit = int(broken[base % 2][at]) if at < len(broken[base % 2]) else len(quotes)
            is_opening = (culprit - base) % 2 == 0
            if culprit == len(quotes):
                if is_opening:
                    is_start[line:] = (before[line:] - base) % 2 == 0
                    return is_start, reasons, n_lines
                opened = int(line_of[-1])
                record = _record_of(opened, base, before, line_of)
                if not final and n_lines - opened < self._max_quoted_lines:
                    is_start[line:record] = (before[line:record] - base) % 2 == 0
                    return is_start, reasons, record
                if self._is_unended:
                    raise truncated(self._next_line + record)
                reason, last = "unclosed_quote", record
            elif is_opening or line_of[culprit] == line_of[culprit - 1]:
                record = _record_of(int(line_of[culprit]), base, before, line_of)
                reason, last = "stray_quote", int(line_of[culprit])
            else:
                record = _record_of(int(line_of[culprit - 1]), base, before, line_of)
                reason, last = "unclosed_quote", record
            is_start[line:record] = (before[line:record] - base) % 2 == 0
            is_start[record + 1 : last + 1] = False
            reasons[record] = reason
            line = last + 1
            base = int(before[line]) if line < n_lines else len(quotes)

    def _broken_quotes(
        self, codes: npt.NDArray[np.uint8], quotes: Offsets, line_of: Offsets
    ) -> tuple[Offsets, Offsets]:
        """Quotes that cannot be what their parity says: with the even ones opening, and with the odd ones."""
        previous = codes[np.maximum(quotes - 1, 0)]
        following = codes[quotes + 1]
        opens = (quotes == 0) | self._is_border(previous) | (previous == self._quote)
        closes = self._is_border(following) | (following == self._quote)
        span = np.diff(line_of, prepend=line_of[:1])
        closes &= span < self._max_quoted_lines
        is_odd = np.arange(len(quotes)) % 2 == 1
        return np.flatnonzero(np.where(is_odd, ~closes, ~opens)), np.flatnonzero(np.where(is_odd, ~opens, ~closes))

    def _is_border(self, codes: npt.NDArray[np.uint8]) -> Mask:
        result: Mask = (codes == self._delimiter) | (codes == _NEWLINE) | (codes == _RETURN)
        return result


def _record_of(line: int, base: int, before: Offsets, line_of: Offsets) -> int:
    """First line of the record that holds the line, grouping from quote ``base`` on."""
    while (before[line] - base) % 2:
        line = int(line_of[before[line] - 1])
    return line


def _line_ends(codes: npt.NDArray[np.uint8], *, final: bool) -> Offsets:
    """Offsets behind each line end: LF, CRLF, or a CR alone."""
    ends = np.flatnonzero(codes == _NEWLINE) + 1
    returns = np.flatnonzero(codes == _RETURN)
    if not len(returns):
        return ends
    is_last = returns == len(codes) - 1
    following = codes[np.minimum(returns + 1, len(codes) - 1)]
    # Whether a CR at the very end stands alone is only known with the next block.
    alone = np.where(is_last, final, following != _NEWLINE)
    return np.sort(np.concatenate((ends, returns[alone] + 1)))


def _is_blank(codes: npt.NDArray[np.uint8], starts: Offsets, ends: Offsets) -> Mask:
    if not len(starts):
        return np.zeros(0, dtype=np.bool_)
    first = codes[starts]
    length = ends - starts
    result: Mask = ((length == 1) & ((first == _NEWLINE) | (first == _RETURN))) | (
        (length == 2) & (first == _RETURN) & (codes[ends - 1] == _NEWLINE)
    )
    return result


_found = threading.local()


def _note(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    _found.positions.append(error.start)
    return "?", error.end


codecs.register_error("assay_note_undecodable", _note)


def _undecodable(data: bytes, stop: int) -> Offsets:
    """Offsets of bytes that are no UTF-8, in one pass."""
    _found.positions = []
    codecs.utf_8_decode(memoryview(data)[:stop], "assay_note_undecodable", True)
    return np.array(_found.positions, dtype=np.int64)
