"""A landing file as blocks of UTF-8 bytes: decompression, decoding and the file's hash.

Bytes that are no text in the contract's encoding stay invalid UTF-8 here, so that the one place that looks
for invalid lines (``records``) finds them for every encoding. Lines and records are not known here.
"""

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

# Bytes of text taken at a time; reading and checking take some ten times as much memory for a moment.
BLOCK_BYTES = 16 << 20
GZIP_MAGIC = b"\x1f\x8b"
_UTF8_BOM = codecs.BOM_UTF8
_UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARK_ERRORS = "assay_mark_undecodable"


class UnreadableFileError(ValueError):
    """The file as a whole cannot be read: truncated, no gzip, no header, changed while it was read."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    # A lone surrogate becomes bytes that are invalid UTF-8: the mark survives up to the check of the lines.
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udc80", error.end


codecs.register_error(_MARK_ERRORS, _mark)


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes as they lie there (compressed or not), in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _HashingFile:
    """Passes a file's bytes on and hashes them, so that what was loaded is what the hash says."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def text_blocks(path: Path, encoding: str, block_bytes: int, sha256: str) -> Iterator[bytes]:
    """Read the file once, block by block, in bounded memory.

    Parameters
    ----------
    path : Path
        Plain or gzip, which its first bytes tell.
    encoding : str
        As Python's codecs name it.
    block_bytes : int
        Bytes (decompressed) of a block; the blocks' ends fall anywhere.
    sha256 : str
        What ``file_sha256`` gave before; another one at the end means that the file changed meanwhile.

    Raises
    ------
    UnreadableFileError
        Truncated or damaged gzip, an unreadable file, a file that changed.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(GZIP_MAGIC))
            file.seek(0)
            source = _HashingFile(file)
            if magic == GZIP_MAGIC:
                unpacked = gzip.GzipFile(fileobj=cast(BinaryIO, source), mode="rb")
                yield from _as_utf8(cast(BinaryIO, unpacked), encoding, block_bytes)
            elif path.name.endswith(".gz"):
                raise UnreadableFileError("the name ends in .gz, but the file does not begin as gzip does")
            else:
                yield from _as_utf8(cast(BinaryIO, source), encoding, block_bytes)
    except EOFError as error:
        raise UnreadableFileError("the gzip file is truncated: it ends before its end mark; get it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFileError(f"the gzip file is damaged: {error}; get it again") from error
    except OSError as error:
        raise UnreadableFileError(f"the file cannot be read: {error.strerror or type(error).__name__}") from error
    if source.digest.hexdigest() != sha256:
        raise UnreadableFileError("the file changed while it was read; load it again when its writer has finished")


def _as_utf8(file: BinaryIO, encoding: str, block_bytes: int) -> Iterator[bytes]:
    is_utf8 = encoding in ("utf-8", "utf-8-sig")
    decoder = None if is_utf8 else codecs.getincrementaldecoder(encoding)(_MARK_ERRORS)
    # The byte order mark must not be cut by a block's end.
    start = _read_at_least(file, len(_UTF8_BOM), block_bytes)
    if is_utf8 and start.startswith(_UTF16_BOMS):
        raise UnreadableFileError(f"begins with a byte order mark of UTF-16, but the contract says {encoding}")
    data, is_first = start, True
    while data:
        text = data
        if decoder is not None:
            text = decoder.decode(data).encode("utf-8", "surrogatepass")
        if is_first and text:
            text, is_first = text.removeprefix(_UTF8_BOM), False
        if text:
            yield text
        data = file.read(block_bytes)
    if decoder is not None:
        rest = decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
        if rest:
            yield rest


def _read_at_least(file: BinaryIO, needed: int, block_bytes: int) -> bytes:
    data = b""
    while len(data) < max(needed, block_bytes) and (more := file.read(max(needed, block_bytes) - len(data))):
        data += more
    return data
