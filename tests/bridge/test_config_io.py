"""From real files to a checked configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.config import Config
from bridge.config_io import FlagOverrides, check, check_files, differences, imported, load, schema
from bridge.errors import ConfigError
from tests.integration.support.certificates import Certificates


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "bridge.yaml") -> Path:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def refused(path: Path, **kwargs) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, env={}, **kwargs)
    return str(caught.value)


def test_without_a_file_everything_is_default():
    loaded = load(None, env={})
    assert loaded.config == Config()
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.file is None
    assert not loaded.insecure


def test_every_key_has_an_origin(write):
    file = write("ros:\n  namespace: /r1\nrules:\n  - allow: true\n  - allow: false\n")
    loaded = load(file, FlagOverrides(mode="router"), {"ROS_DOMAIN_ID": "3"})
    assert loaded.config.ros.domain_id == 3
    told = {key: origin for key, origin in loaded.origins.items() if origin != "default"}
    assert told == {
        "ros.domain_id": "environment ROS_DOMAIN_ID",
        "ros.namespace": f"file {file}:2",
        "zenoh.mode": "flag --mode",
        "rules": f"file {file}:3",
        "rules[0]": f"file {file}:4",
        "rules[1]": f"file {file}:5",
    }
    assert loaded.origins["zenoh.tls.ca"] == "default"


def test_rules_are_labelled_with_file_and_line(write):
    file = write("rules:\n  - allow: false\n")
    assert [rule.label for rule in load(file, env={}).policy.rules] == [f"rules[0] ({file}:2)"]


@pytest.mark.parametrize(
    "content", ["", "# nothing\n", "\ufeffros:\n  domain_id: 0\n", "ros:\n  domain_id: 0\r\n"]
)
def test_files_that_come_to_the_defaults(write, content):
    assert load(write(content), env={}).config == Config()


def test_json_is_read_as_the_yaml_it_is(write):
    assert load(write('{"ros": {"domain_id": 9}}', "bridge.json"), env={}).config.ros.domain_id == 9


def test_a_missing_file_is_told(tmp_path):
    assert refused(tmp_path / "no.yaml") == f"{tmp_path}/no.yaml: does not exist; check the path"


def test_a_directory_is_told(tmp_path):
    assert refused(tmp_path) == f"{tmp_path}: is a directory; name the file in it"


def test_a_path_through_a_file_is_told(write):
    file = write("")
    assert "cannot be read: Not a directory" in refused(file / "x.yaml")


def test_an_unreadable_file_is_told():
    assert "cannot be read: Input/output error" in refused(Path("/proc/self/mem"))


def test_a_huge_file_is_not_read_whole():
    assert "is larger than" in refused(Path("/dev/zero"))


def test_other_encodings_are_told_with_their_line(write):
    file = write("ros:\n  namespace: /r\n# caf\xe9\n".encode("latin-1"))
    assert refused(file).startswith(f"{file}:3: byte 0xe9 is not UTF-8; ")


JSON5 = """{
  plugins: { ros2dds: { domain: 3, nodename: "b", deny: { publishers: ["/rosout"] } } },
  connect: { endpoints: { router: ["tcp/127.0.0.1:1"],
                          client: ["tcp/127.0.0.1:2"] } },
}"""


def test_a_json5_file_of_zenoh_bridge_ros2dds_is_read_as_it_is(write):
    file = write(JSON5, "bridge.json5")
    loaded = load(file, env={})
    assert loaded.config.ros.domain_id == 3
    assert loaded.config.zenoh.connect == ("tcp/127.0.0.1:1",)
    assert loaded.origins["ros.domain_id"] == f"file {file}:2"
    assert [rule.label for rule in loaded.policy.rules] == [f"rules[0] ({file}:2)"]
    assert any("plugins.ros2dds.nodename: no equal" in str(note) for note in loaded.notes)


def test_flags_and_environment_win_over_a_json5_file_too(write):
    file = write(JSON5, "bridge.json5")
    loaded = load(file, FlagOverrides(mode="client"), {"ROS_DOMAIN_ID": "9"})
    assert loaded.config.ros.domain_id == 9
    assert loaded.config.zenoh.connect == ("tcp/127.0.0.1:2",), "endpoints go by the mode that holds"


def test_our_own_files_have_no_notes(write):
    assert load(write("ros:\n  domain_id: 1\n"), env={}).notes == ()


def test_an_import_takes_any_name_and_notes_what_needs_a_flag(write):
    document = imported(write('{plugins: {ros2dds: {}}, listen: {endpoints: ["tcp/0.0.0.0:1"]}}', "conf"))
    assert document.data == {"zenoh": {"listen": ["tcp/0.0.0.0:1"]}}
    assert "accept it with --insecure" in str(document.notes[-1])


def test_an_import_refuses_what_our_models_refuse(write):
    file = write("{plugins: {ros2dds:\n{domain: 300}}}", "conf")
    with pytest.raises(ConfigError, match=r"ros\.domain_id: 300 is above 232") as caught:
        imported(file)
    assert caught.value.line == 2


def test_differences_are_between_what_was_loaded(write):
    old, new = load(None, env={}), load(None, env={"ROS_DOMAIN_ID": "5"})
    assert differences(old, new) == ("ros.domain_id: 0 -> 5",)


def test_the_first_fault_by_line_is_raised_and_all_are_checked(write):
    file = write("zenoh:\n  mode: routr\nros:\n  domain_id: 999\n  foo: 1\n")
    assert refused(file).startswith(f"{file}:2: zenoh.mode: ")
    assert [fault.line for fault in check(file, env={})] == [2, 4, 5]


def test_a_good_file_has_no_fault(write):
    assert check(write("ros:\n  domain_id: 5\n"), env={}) == ()


def test_check_tells_a_syntax_error_like_any_other_fault(write):
    assert [fault.line for fault in check(write("ros:\n\tx: 1\n"), env={})] == [2]


def test_a_fault_of_the_environment_names_the_variable(write):
    with pytest.raises(ConfigError) as caught:
        load(write("ros:\n  domain_id: 5\n"), env={"ROS_DOMAIN_ID": "500"})
    told = str(caught.value)
    assert told.startswith("environment ROS_DOMAIN_ID: ros.domain_id: 500 is above 232; ")


def test_a_fault_of_the_command_line_names_the_flag():
    with pytest.raises(ConfigError) as caught:
        load(None, FlagOverrides(connect=("tcp/127.0.0.1:1", "tcp/10.0.0.1:1")), {})
    assert str(caught.value).startswith("flag --connect: zenoh.connect[1]: tcp/10.0.0.1:1 sends everything")


def test_insecure_accepts_clear_text():
    loaded = load(None, FlagOverrides(connect=("tcp/10.0.0.1:1",), insecure=True), {})
    assert loaded.insecure


def test_a_fault_between_keys_that_the_file_does_not_write_names_the_file(write):
    file = write("ros:\n  domain_id: 1\n")
    with pytest.raises(ConfigError) as caught:
        load(file, FlagOverrides(mode="peer"), {})
    assert caught.value.file == "flag --mode"


def test_the_socket_follows_the_domain_unless_it_is_named(write, tmp_path):
    env = {"XDG_RUNTIME_DIR": "/run/user/7", "ROS_DOMAIN_ID": "42"}
    assert load(None, env=env).socket == Path("/run/user/7/zenlink/42.sock")
    file = write("control:\n  socket: z.sock\n")
    assert load(file, env=env).socket == tmp_path / "z.sock"


@pytest.fixture
def certificates(write, tmp_path):
    Certificates(tmp_path).issue("c")
    return write(
        "zenoh:\n  tls:\n    ca: ca.pem\n    certificate: c.pem\n    private_key: c.key\n    mutual: true\n"
    )


def test_certificates_beside_the_file_are_found(certificates):
    assert check_files(load(certificates, env={})) == ()


@pytest.mark.parametrize(("name", "line"), [("ca.pem", 3), ("c.pem", 4), ("c.key", 5)])
def test_a_missing_certificate_is_told_with_the_line_that_names_it(certificates, tmp_path, name, line):
    (tmp_path / name).unlink()
    [fault] = check_files(load(certificates, env={}))
    assert (fault.file, fault.line) == (str(certificates), line)
    assert f"{name}: No such file" in fault.problem


def test_a_certificate_that_is_a_folder_is_told(certificates, tmp_path):
    (tmp_path / "ca.pem").unlink()
    (tmp_path / "ca.pem").mkdir()
    assert "Is a directory" in check_files(load(certificates, env={}))[0].problem


def test_a_key_of_another_certificate_is_refused(certificates, tmp_path):
    _, other = Certificates(tmp_path, "other").issue("d")
    other.replace(tmp_path / "c.key")
    [fault] = check_files(load(certificates, env={}))
    assert (fault.line, fault.key) == (4, "zenoh.tls.certificate")
    assert "is not the key of" in fault.problem


def test_an_expired_certificate_is_no_reason_not_to_start(certificates, tmp_path):
    Certificates(tmp_path, "other").issue("c", days=-1)
    assert check_files(load(certificates, env={})) == ()


@pytest.mark.parametrize(("mode", "good"), [(0o600, True), (0o640, True), (0o604, False), (0o666, False)])
def test_a_private_key_open_to_every_user_is_refused(certificates, tmp_path, mode, good):
    (tmp_path / "c.key").chmod(mode)
    told = check_files(load(certificates, env={}))
    assert [fault.remedy for fault in told] == ([] if good else [f"run `chmod 600 {tmp_path}/c.key`"])


def test_the_schema_documents_every_key():
    text = json.dumps(schema())
    assert "https://json-schema.org/draft/2020-12/schema" in text
    for model in schema()["$defs"].values():
        for name, key in model.get("properties", {}).items():
            assert key.get("description"), name
