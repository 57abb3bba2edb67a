"""Stands for gcloud: remembers what was made, records each call, refuses what the real one does not know.

FAKE_GCLOUD names a folder with state.json, calls.jsonl and, to make the Nth changing call fail, fail_at;
`unhealthy` names an image with which the instance never gets healthy. Commands and flags are those of the
Google Cloud CLI's reference.
"""

import json
import os
import shlex
import sys
from pathlib import Path

COMMON = {"project", "format", "quiet", "filter", "flatten"}
PLACED = COMMON | {"zone"}
REGIONAL = COMMON | {"region"}
FLAGS = {
    "compute networks describe": COMMON,
    "compute networks create": COMMON | {"subnet-mode"},
    "compute networks delete": COMMON,
    "compute networks subnets describe": REGIONAL,
    "compute networks subnets create": REGIONAL | {"network", "range", "enable-private-ip-google-access"},
    "compute networks subnets delete": REGIONAL,
    "compute addresses describe": REGIONAL,
    "compute addresses create": REGIONAL,
    "compute addresses delete": REGIONAL,
    "compute firewall-rules describe": COMMON,
    "compute firewall-rules create": COMMON
    | {"network", "direction", "action", "rules", "source-ranges", "target-service-accounts"},
    "compute firewall-rules delete": COMMON,
    "iam service-accounts describe": COMMON,
    "iam service-accounts create": COMMON | {"display-name"},
    "iam service-accounts delete": COMMON,
    "projects get-iam-policy": COMMON,
    "projects add-iam-policy-binding": COMMON | {"member", "role", "condition"},
    "projects remove-iam-policy-binding": COMMON | {"member", "role", "condition"},
    "compute instances describe": PLACED,
    "compute instances create": PLACED
    | {
        "machine-type",
        "maintenance-policy",
        "provisioning-model",
        "instance-termination-action",
        "image-project",
        "image-family",
        "boot-disk-size",
        "boot-disk-type",
        "network-interface",
        "service-account",
        "scopes",
        "labels",
        "metadata",
        "metadata-from-file",
    },
    "compute instances delete": PLACED,
    "compute instances add-metadata": PLACED | {"metadata", "metadata-from-file"},
    "compute ssh": PLACED | {"tunnel-through-iap", "command"},
}
folder = Path(os.environ["FAKE_GCLOUD"])
state_file = folder / "state.json"
state = (
    json.loads(state_file.read_text()) if state_file.exists() else {"things": {}, "roles": [], "running": ""}
)


def stop(code: int, text: str) -> None:
    print(f"ERROR: (gcloud) {text}", file=sys.stderr)
    sys.exit(code)


words = [word for word in sys.argv[1:] if not word.startswith("--")]
flags = dict(word[2:].partition("=")[::2] for word in sys.argv[1:] if word.startswith("--"))
command = next(
    (c for c in sorted(FLAGS, key=len, reverse=True) if words[: len(c.split())] == c.split()), None
)
if command is None:
    stop(2, f"Invalid choice: {' '.join(words)}")
if unknown := set(flags) - FLAGS[command]:
    stop(2, f"unrecognized arguments: {', '.join(sorted(unknown))}")
if not flags.get("project") and not command.startswith("projects "):
    stop(1, "The required property [project] is not currently set.")
kind, verb = command.rsplit(" ", 1)
name = " ".join(words[len(command.split()) :])
changes = verb in (
    "create",
    "delete",
    "add-metadata",
    "add-iam-policy-binding",
    "remove-iam-policy-binding",
) or (verb == "ssh" and "startup" in flags["command"])
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(
        json.dumps({"changes": changes, "text": " ".join(map(shlex.quote, ["gcloud", *sys.argv[1:]]))}) + "\n"
    )
if changes and (folder / "fail_at").exists():
    left = int((folder / "fail_at").read_text()) - 1
    (folder / "fail_at").write_text(str(left))
    if left == 0:
        (folder / "fail_at").unlink()
        stop(1, "The service is currently unavailable.")


def metadata_of(thing: dict) -> dict:
    found = thing.setdefault("metadata", {})
    for pair in filter(None, flags.get("metadata", "").split(",")):
        key, _, value = pair.partition("=")
        found[key] = value
    for pair in filter(None, flags.get("metadata-from-file", "").split(",")):
        key, _, path = pair.partition("=")
        found[key] = Path(path).read_text()
        if len(found[key]) > 256 * 1024:
            stop(1, f"Invalid value for field 'metadata.items[{key}]': too long")
    return found


things = state["things"]
key = f"{kind}/{name}"
match verb:
    case "describe":
        if key not in things:
            stop(1, f"The resource '{name}' was not found")
        wanted = flags.get("filter", "").partition("metadata.items.key=")[2]
        print(things[key].get("metadata", {}).get(wanted, "") if wanted else name)
    case "create":
        identity = f"{kind}/{name}@{flags['project']}.iam.gserviceaccount.com" if "accounts" in kind else key
        if identity in things:
            stop(1, f"The resource '{name}' already exists")
        things[identity] = flags | {"metadata": {}}
        if kind == "compute instances":  # it boots, and its start-up script reads the metadata
            state["running"] = metadata_of(things[identity])["zenlink-images"]
    case "delete":
        if key not in things:
            stop(1, f"The resource '{name}' was not found")
        del things[key]
    case "add-metadata":
        metadata_of(things[key])
    case "get-iam-policy":
        print("\n".join(state["roles"]))
    case "add-iam-policy-binding":
        state["roles"].append(flags["role"])
    case "remove-iam-policy-binding":
        state["roles"].remove(flags["role"])
    case "ssh":
        if "startup" in flags["command"]:
            state["running"] = things[f"compute instances/{name}"]["metadata"]["zenlink-images"]
        else:
            bad = (folder / "unhealthy").read_text() if (folder / "unhealthy").exists() else None
            healthy = state["running"] in flags["command"] and (bad is None or bad not in state["running"])
            sys.exit(0 if healthy else 1)
state_file.write_text(json.dumps(state))
