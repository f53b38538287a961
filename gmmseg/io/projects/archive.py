"""The archive that a project file is: a zip of a few named members, written whole and read strictly."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gmmseg.arrays import AnyArray
from gmmseg.control import ShouldStop
from gmmseg.errors import BudgetError, ReadError
from gmmseg.io.decoder_errors import cut_off, damaged, decoding
from gmmseg.io.files import open_file
from gmmseg.io.npy import read_array
from gmmseg.limits import MAX_FILE_BYTES, memory_budget, size_text

MIME_TYPE = b"application/x-gmmseg"
SUFFIX = ".gmmseg"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_HEAD = re.compile(rb"PK\x03\x04.{26}mimetype" + re.escape(MIME_TYPE), re.DOTALL)
HEAD_BYTES = 30 + 8 + len(MIME_TYPE)
"""So much of a file tells whether it is a project."""
_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_MAX_COMMENT = 65_535
_MAX_DIRECTORY = 1 << 16
_MAX_MEMBERS = 64


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive; one that is packed already is stored as it is."""

    name: str
    data: bytes
    is_packed: bool = False


def is_project(head: bytes) -> bool:
    """Whether a file that begins with these bytes, `HEAD_BYTES` at least, is a project."""
    return _HEAD.match(head) is not None


def looks_like_project(path: Path) -> bool:
    """Whether a file begins as a project does; false also where it cannot be read."""
    try:
        with open_file(path, "a project") as (file, _):
            return is_project(file.read(HEAD_BYTES))
    except ReadError:
        return False


def pack(members: Iterable[Member]) -> bytes:
    """Return the archive of members; equal ones give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member in (Member("mimetype", MIME_TYPE, is_packed=True), *members):
            entry = zipfile.ZipInfo(member.name, _EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if member.is_packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.data, compresslevel=1)
    return buffer.getvalue()


class Archive:
    """The members of an archive, read when asked for.

    Parameters
    ----------
    file : binary file
    name : str
        For refusals.

    Raises
    ------
    ReadError
        It is no project, is cut off, or lists more than a project has.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name = name
        if not is_project(file.read(HEAD_BYTES)):
            raise ReadError(f"“{name}” is not a gmmseg project.", "Choose another file.")
        _check_directory(file, name)
        with decoding(name, "project"):
            self._zip = zipfile.ZipFile(file)
        infos = self._zip.infolist()
        self._members = {info.filename: info for info in infos}
        if len(infos) > _MAX_MEMBERS or len(self._members) < len(infos):
            raise damaged(name, "project")

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, limit: int = MAX_FILE_BYTES) -> bytes:
        """Return a member; nothing is unpacked beyond what it says and the limit and the memory allow.

        Raises
        ------
        ReadError
            It is missing or damaged.
        BudgetError
            It is larger than is allowed.
        """
        info = self._members.get(name)
        if info is None:
            raise ReadError(
                f"The project “{self._name}” lacks its part “{name}”.", "Open one of its backups."
            )
        if info.file_size > min(limit, memory_budget()):
            raise BudgetError(
                f"The part “{name}” of the project “{self._name}” has {size_text(info.file_size)}; "
                f"at most {size_text(min(limit, memory_budget()))} are read.",
                "Open one of its backups.",
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise damaged(self._name, "project")
        with decoding(self._name, "project"), self._zip.open(info) as file:
            data = file.read(info.file_size + 1)
        if len(data) != info.file_size:
            raise damaged(self._name, "project")
        return data

    def array(self, name: str, should_stop: ShouldStop) -> AnyArray:
        """Return a member as the array of NumPy that it is; raises as `read`, and `Cancelled`."""
        data = self.read(name)
        return read_array(io.BytesIO(data), len(data), name, should_stop)


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuse an archive with a long list of members before `zipfile` reads that."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END.size - _MAX_COMMENT))
    tail = file.read()
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        raise cut_off(name, "project")
    _, _, _, _, n_members, n_bytes, _, _ = _END.unpack_from(tail, at)
    if n_members > _MAX_MEMBERS or n_bytes > _MAX_DIRECTORY:
        raise damaged(name, "project")
    file.seek(0)
