"""Standard output as JSON lines: one object an event, read by `ralf`. Needs nothing but ansible-core."""

DOCUMENTATION = """
name: ralf_jsonl
type: stdout
short_description: JSON lines
description: One JSON object a line for every event of a run.
"""

import difflib
import json
import time

from ansible.plugins.callback import CallbackBase
from ansible.release import __version__

# What a file of the lab may add to a line; longer text is cut and says so.
LIMIT = 200_000


def text(value):
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, sort_keys=True, indent=1, default=str)
    return value if len(value) <= LIMIT else value[:LIMIT] + "\n[cut after %d characters]\n" % LIMIT


def side(value):
    """One side of a diff as lines; a listing of a folder's content is left out, it changes all the time."""
    if isinstance(value, dict):
        value = "".join("%s: %s\n" % (k, value[k]) for k in sorted(value) if k != "path_content")
    return text(value).splitlines(keepends=True)


def unified(said):
    """A result's diff as one unified text, under the name of what is changed and never of a temporary file."""
    asked = (said.get("invocation") or {}).get("module_args") or {}
    changed = said.get("dest") or said.get("path") or asked.get("dest") or asked.get("path")
    parts = said.get("diff") or []
    out = []
    for part in parts if isinstance(parts, list) else [parts]:
        if not isinstance(part, dict):
            continue
        if part.get("prepared"):
            out.append(text(part["prepared"]))
            continue
        if "before" not in part and "after" not in part:
            out.extend("%s\n" % key for key in ("src_binary", "dst_binary", "src_larger", "dst_larger") if key in part)
            continue
        name = text(changed or part.get("before_header") or part.get("after_header") or "")
        lines = difflib.unified_diff(side(part.get("before")), side(part.get("after")), name, name, n=3)
        out.extend(line if line.endswith("\n") else line + "\n" for line in lines)
    return "".join(out)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "ralf_jsonl"

    def _emit(self, event, **fields):
        line = {"event": event, "ms": int(time.time() * 1000), **fields}
        print(json.dumps(line, default=str), flush=True)

    def _result(self, event, result, item=None, **fields):
        task, said = result._task, result._result
        # A result that arrived is taken as it is: strip and no_log have been applied before it comes here.
        conditional = "false_condition" in said or "skip_reason" in said
        self._emit(
            event,
            host=result._host.get_name(),
            task=task.get_name(),
            uuid=str(task._uuid),
            action=str(task.action),
            item=None if item is None else text(item),
            loop="results" in said and bool(task.loop),
            changed=bool(said.get("changed")),
            conditional=conditional,
            rc=said.get("rc") if isinstance(said.get("rc"), int) else None,
            msg=text(said.get("censored") or said.get("msg")),
            stdout=text(said.get("stdout")),
            stderr=text(said.get("stderr") or said.get("module_stderr")),
            diff=unified(said),
            **fields,
        )

    def v2_playbook_on_start(self, playbook):
        self._emit("start", version=__version__)

    def v2_playbook_on_play_start(self, play):
        tasks = sum(len(block.get_tasks()) for block in play.compile())
        self._emit("play", name=play.get_name().strip(), check=bool(play.check_mode), tasks=tasks)

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._emit("task", task=task.get_name(), uuid=str(task._uuid), action=str(task.action))

    def v2_playbook_on_handler_task_start(self, task):
        self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def _item(self, event, result, **fields):
        label = result._result.get("_ansible_item_label", result._result.get("item"))
        self._result(event, result, item=label, **fields)

    def v2_runner_item_on_ok(self, result):
        self._item("ok", result)

    def v2_runner_item_on_failed(self, result):
        self._item("failed", result)

    def v2_runner_item_on_skipped(self, result):
        self._item("skipped", result)

    def v2_runner_retry(self, result):
        self._emit(
            "retry",
            host=result._host.get_name(),
            task=result._task.get_name(),
            attempt=result._result.get("attempts"),
            of=result._result.get("retries"),
            msg=text(result._result.get("msg")),
        )

    def v2_playbook_on_no_hosts_matched(self):
        self._emit("nohosts")

    def v2_playbook_on_stats(self, stats):
        self._emit("stats", hosts={host: stats.summarize(host) for host in sorted(stats.processed)})
