"""Replaced certificates are used once they are complete and right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import CannotRun
from bridge.security.rotation import AGAIN_S, Rotation
from bridge.security.tlsfiles import CertificateFiles
from tests.integration.support import eventually
from tests.integration.support.certificates import Certificates


class Links:
    """Counts how often they were made anew; may refuse."""

    def __init__(self) -> None:
        self.made = 0
        self.refuses = False

    def __call__(self) -> None:
        self.made += 1
        if self.refuses:
            raise CannotRun("no link", remedy="none")


class Stage:
    def __init__(self, folder: Path) -> None:
        self.made = Certificates(folder)
        certificate, key = self.made.issue("robot")
        self.files = CertificateFiles(
            ca=self.made.ca, certificate=certificate, private_key=key, listens=True, names=("127.0.0.1",)
        )
        self.links = Links()

    def rotation(self) -> Rotation:
        """One that looks only when it is told."""
        rotation = Rotation(self.files, every_s=3600.0)
        rotation.start(self.links)
        return rotation


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_files_that_stay_are_left_alone(stage):
    rotation = stage.rotation()
    rotation.look(1.0)
    rotation.look(2.0)
    rotation.close()
    assert stage.links.made == 0


def test_replaced_files_are_used_once_when_they_stay_the_same_for_a_look(stage):
    rotation = stage.rotation()
    stage.made.issue("robot")
    rotation.look(1.0)
    stage.made.issue("robot")
    rotation.look(2.0)
    assert stage.links.made == 0, "they are still being written"
    rotation.look(3.0)
    rotation.look(4.0)
    rotation.close()
    assert stage.links.made == 1


@pytest.mark.parametrize("fault", ["expired", "another_key", "gone"])
def test_faulty_files_are_not_used_until_they_are_put_right(stage, fault):
    rotation = stage.rotation()
    if fault == "expired":
        stage.made.issue("robot", days=-1)
    elif fault == "another_key":
        _, key = stage.made.issue("other")
        stage.files.private_key.write_bytes(key.read_bytes())
    else:
        stage.files.certificate.unlink()
    for now_s in (1.0, 2.0, 100.0):
        rotation.look(now_s)
    assert stage.links.made == 0
    stage.made.issue("robot")
    rotation.look(101.0)
    rotation.look(102.0)
    rotation.close()
    assert stage.links.made == 1


def test_a_refusal_is_tried_again_later(stage):
    rotation = stage.rotation()
    stage.links.refuses = True
    stage.made.issue("robot")
    for now_s in (1.0, 2.0, 3.0, 2.0 + AGAIN_S):
        rotation.look(now_s)
    assert stage.links.made == 2
    stage.links.refuses = False
    rotation.look(2.0 + 2 * AGAIN_S)
    rotation.look(2.0 + 3 * AGAIN_S)
    rotation.close()
    assert stage.links.made == 3


def test_its_thread_looks_by_itself(stage):
    rotation = Rotation(stage.files, every_s=0.01)
    rotation.start(stage.links)
    stage.made.issue("robot")
    eventually(lambda: stage.links.made == 1)
    rotation.close()


def test_without_a_certificate_that_is_shown_nothing_is_looked_at(stage):
    rotation = Rotation(CertificateFiles(ca=stage.made.ca), every_s=0.001)
    rotation.start(stage.links)
    rotation.close()
    assert stage.links.made == 0
