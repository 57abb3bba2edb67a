"""`zenlink config import`; tests/configs/imported has the golden pairs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.config_import import yaml_text
from bridge.cli.main import main
from bridge.config_faults import Note
from bridge.config_yaml import Document, parse_document


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> str:
        file = tmp_path / "conf.json5"
        file.write_text(text)
        return str(file)

    return write


FILE = "{plugins: {ros2dds: {nodename: 'b', domain: 3}}, listen: {endpoints: ['tcp/127.0.0.1:0']}}"


def test_the_yaml_is_on_stdout_and_what_has_no_equal_beside_it(write, capsys):
    file = write(FILE)
    assert main(["config", "import", file]) == 0
    out, err = capsys.readouterr()
    assert f"{file}:1: plugins.ros2dds.nodename: no equal: the agent is no ROS node\n" in err
    assert "#   line 1: plugins.ros2dds.nodename: no equal: the agent is no ROS node\n" in out
    assert out.endswith("ros: {domain_id: 3}\nzenoh:\n  listen: [tcp/127.0.0.1:0]\n")


def test_what_comes_out_goes_in(write, tmp_path, capsys):
    main(["config", "import", write(FILE)])
    made = tmp_path / "bridge.yaml"
    made.write_text(capsys.readouterr().out)
    assert main(["config", "check", str(made)]) == 0


def test_as_json(write, capsys):
    file = write(FILE)
    assert main(["config", "import", "--json", file]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert err == ""
    assert found["file"] == file
    assert found["config"] == {"ros": {"domain_id": 3}, "zenoh": {"listen": ["tcp/127.0.0.1:0"]}}
    assert found["notes"][0] == {
        "line": 1,
        "key": "plugins.ros2dds.nodename",
        "text": "no equal: the agent is no ROS node",
    }


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_fault_is_one_line_and_exit_2(write, capsys, flags):
    file = write("{plugins: {ros2dds: {\n domian: 3}}}")
    assert main(["config", "import", *flags, file]) == 2
    told = f"{file}:2: plugins.ros2dds.domian: unknown key 'domian'; did you mean 'domain'?\n"
    assert capsys.readouterr() == ("", told)


def test_no_file_is_exit_2(capsys, tmp_path):
    assert main(["config", "import", str(tmp_path / "none")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_a_comment_cannot_become_a_key():
    note = Note(file="f", line=1, key="a\nros: {enabled: false}", text="x\ny")
    document = Document(file="f\nrules: []", data={}, lines={}, notes=(note,))
    assert parse_document(yaml_text(document), file="f").data == {}


printable = st.text(st.characters(exclude_categories=["C"]), max_size=8)
extras = st.dictionaries(
    printable,
    st.recursive(st.none() | st.booleans() | st.integers() | printable, lambda x: st.lists(x, max_size=3)),
)


@given(st.lists(printable, max_size=4), extras)
def test_any_value_survives_being_written(texts, extra):
    """Regular expressions above all: full of what YAML takes for its own."""
    rules = [{"match": {"name": text, "direction": "egress"}, "allow": False} for text in texts]
    data = {"ros": {"namespace": "off"}, "zenoh": {"extra": extra}, "rules": rules}
    document = Document(file="f", data=data, lines={})
    assert parse_document(yaml_text(document), file="f").data == data
