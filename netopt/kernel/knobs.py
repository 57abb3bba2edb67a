"""Everything that can be set on this host, behind one pair of verbs."""

from __future__ import annotations

from pathlib import Path

from netopt.core.observed import Access, Reading
from netopt.core.settings import Kind, Target
from netopt.kernel.features import Cards
from netopt.kernel.files import Files
from netopt.kernel.links import Links, may_change_links
from netopt.kernel.sysctl import PROC_SYS, SysctlTree


class KernelKnobs:
    """The knobs of the calling thread's network namespace.

    Args:
        root: Folder of the sysctls; another than /proc/sys has no interfaces beside it.
    """

    def __init__(self, root: Path = PROC_SYS) -> None:
        self._sysctls = SysctlTree(root)
        self._files = Files()
        self._links = Links()
        self._cards = Cards()
        self._live = root == PROC_SYS

    def read(self, target: Target) -> Reading:
        """How it is now, and whether it could be written."""
        match target.kind:
            case Kind.SYSCTL:
                return self._sysctls.read(target)
            case Kind.FILE:
                return self._files.read(target)
            case _ if not self._live:
                return Reading(access=Access.ABSENT, problem="no interfaces beside a copied tree")
            case Kind.LINK:
                return self._links.read(target)
            case _:
                missing = "" if may_change_links() else "needs the capability CAP_NET_ADMIN"
                return self._cards.read(target, problem=missing)

    def write(self, target: Target, text: str | None) -> None:
        """Set it; ``None`` removes a file.

        Raises:
            CannotTune: Refused.
        """
        match target.kind:
            case Kind.SYSCTL:
                self._sysctls.write(target, text)
            case Kind.FILE:
                self._files.write(target, text)
            case Kind.LINK:
                self._links.write(target, text)
            case _:
                self._cards.write(target, text)
