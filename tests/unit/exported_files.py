"""Files as other programs export them, written by hand after what is known of their forms in public."""

import json
import zipfile
from pathlib import Path
from typing import Any

ID = "6912f0c4-0b1c-8327-9c11-3f0f5a7c{:04d}"


def _node(
    key: str, parent: str | None, children: list[str], role: str, parts: list[Any], **more: Any
) -> dict[str, Any]:
    kind = "text" if all(isinstance(part, str) for part in parts) else "multimodal_text"
    message = {
        "id": key,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": more.pop("when", None),
        "update_time": None,
        "content": more.pop("content", {"content_type": kind, "parts": parts}),
        "status": "finished_successfully",
        "end_turn": True if role == "assistant" else None,
        "weight": 1.0,
        "metadata": more,
        "recipient": "all",
        "channel": "final" if role == "assistant" else None,
    }
    return {"id": key, "message": message, "parent": parent, "children": children}


def chatgpt_talk(number: int, title: str | None = None) -> dict[str, Any]:
    """A conversation with a hidden beginning, thoughts, a search on the web, a picture, and an answer made twice."""
    when = 1_762_800_000.0 + number * 1000
    hidden = {"is_visually_hidden_from_conversation": True}
    thoughts = {
        "content_type": "thoughts",
        "thoughts": [
            {"summary": "Comparing hives", "content": "Langstroth is common.", "chunks": [], "finished": True}
        ],
        "source_analysis_msg_id": "x",
    }
    recap = {"content_type": "reasoning_recap", "content": "Thought for 12s"}
    picture = {
        "content_type": "image_asset_pointer",
        "asset_pointer": "sediment://file_0000000012",
        "size_bytes": 91234,
        "width": 1024,
        "height": 768,
        "metadata": {"sanitized": True},
    }
    browsing = {"content_type": "tether_browsing_display", "result": "", "summary": None, "assets": None}
    nodes = [
        {"id": "client-created-root", "message": None, "parent": None, "children": ["sys"]},
        _node("sys", "client-created-root", ["q1"], "system", [""], **hidden),
        _node("q1", "sys", ["th"], "user", [picture, f"Which hive is this? {number}"], when=when),
        _node("th", "q1", ["rc"], "assistant", [], content=thoughts, when=when + 2, model_slug="gpt-5-thinking"),
        _node("rc", "th", ["to"], "assistant", [], content=recap, when=when + 12, finished_duration_sec=12),
        _node("to", "rc", ["a1"], "tool", [], content=browsing, when=when + 13),
        _node(
            "a1", "to", ["q2"], "assistant", ["A **Langstroth** hive.\ue200cite\ue202turn0search1\ue201"],
            when=when + 15, model_slug="gpt-5-thinking", finish_details={"type": "stop"},
        ),
        _node("q2", "a1", ["a2", "a3"], "user", ["Shorter"], when=when + 60),
        _node("a2", "q2", [], "assistant", ["Langstroth, ten frames."], when=when + 62, model_slug="gpt-5"),
        _node("a3", "q2", [], "assistant", ["Langstroth."], when=when + 70, model_slug="gpt-5"),
    ]  # fmt: skip
    return {
        "title": title,
        "create_time": when,
        "update_time": when + 100,
        "mapping": {each["id"]: each for each in nodes},
        "moderation_results": [],
        "current_node": "a3",
        "plugin_ids": None,
        "conversation_id": ID.format(number),
        "conversation_template_id": None,
        "gizmo_id": None,
        "gizmo_type": None,
        "is_archived": number == 1,
        "is_starred": None,
        "safe_urls": [],
        "default_model_slug": "auto",
        "memory_scope": "global_enabled",
        "id": ID.format(number),
    }


def chatgpt_zip(path: Path, count: int, in_one: bool = False) -> Path:
    """The archive as it is sent: in one `conversations.json` as until 2025, or in parts as since then."""
    talks = [chatgpt_talk(number, f"Hive {number}" if number else None) for number in range(count)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if in_one:
            archive.writestr("conversations.json", json.dumps(talks))
        else:
            for number in range(0, count, 2):
                archive.writestr(f"conversations-{number // 2:03d}.json", json.dumps(talks[number : number + 2]))
            archive.writestr("export_manifest.json", json.dumps({"version": 1, "files": []}))
        archive.writestr(
            "user.json", json.dumps({"id": "user-1", "email": "a@example.com", "chatgpt_plus_user": True})
        )
        archive.writestr("user_settings.json", json.dumps({"user_id": "user-1", "settings": {}}))
        archive.writestr("message_feedback.json", json.dumps([{"id": "1", "rating": "thumbs_up", "content": "{}"}]))
        archive.writestr("shared_conversations.json", json.dumps([{"id": "s", "conversation_id": ID, "title": "x"}]))
        archive.writestr("chat.html", "<html><script>var jsonData = [];</script></html>")
        archive.writestr("file_0000000012-sanitized.dat", b"\x89PNG")
    return path


def open_webui_chat(number: int) -> dict[str, Any]:
    """A chat as the server gives it: two models side by side, tags, a folder, a system prompt."""
    when = 1_761_000_000 + number * 100
    messages: dict[str, Any] = {
        "u1": {
            "id": "u1", "parentId": None, "childrenIds": ["m1", "m2"], "role": "user", "timestamp": when,
            "content": f"Name a bird {number}", "models": ["llama3.2:3b", "qwen3:8b"],
        },
        "m1": {
            "id": "m1", "parentId": "u1", "childrenIds": [], "role": "assistant", "timestamp": when + 1,
            "content": "A wren.", "model": "llama3.2:3b", "modelName": "llama3.2:3b", "modelIdx": 0, "done": True,
            "usage": {"response_token/s": 61.2, "eval_count": 4, "prompt_eval_count": 30}, "userContext": None,
        },
        "m2": {
            "id": "m2", "parentId": "u1", "childrenIds": ["u2"], "role": "assistant", "timestamp": when + 2,
            "content": '<details type="reasoning" done="true" duration="4">\n<summary>Thought</summary>\n'
            "> A small one.\n</details>\nA robin.", "model": "qwen3:8b", "modelIdx": 1, "done": True, "followUps": [],
        },
        "u2": {
            "id": "u2", "parentId": "m2", "childrenIds": ["m3"], "role": "user", "timestamp": when + 9,
            "content": "Another", "models": ["qwen3:8b"],
        },
        "m3": {
            "id": "m3", "parentId": "u2", "childrenIds": [], "role": "assistant", "timestamp": when + 10,
            "content": "A tit.", "model": "qwen3:8b", "modelIdx": 0, "done": True,
        },
    }  # fmt: skip
    return {
        "id": f"0b9f3c1e-0000-4000-8000-{number:012d}",
        "user_id": "6e3f",
        "title": f"🐦 Birds {number}",
        "chat": {
            "id": "",
            "title": f"🐦 Birds {number}",
            "models": ["llama3.2:3b", "qwen3:8b"],
            "params": {"system": "Be brief."},
            "history": {"messages": messages, "currentId": "m3"},
            "messages": [messages[key] for key in ("u1", "m2", "u2", "m3")],
            "tags": [],
            "timestamp": when * 1000,
            "files": [],
        },
        "updated_at": when + 10,
        "created_at": when,
        "share_id": None,
        "archived": False,
        "pinned": number == 0,
        "meta": {"tags": ["nature", "birds"]},
        "folder_id": None,
    }


def lm_studio(path: Path) -> Path:
    """A conversation with thoughts, regenerated once, with what a draft model wrote."""

    def text(words: str, draft: bool = False) -> dict[str, Any]:
        return {"type": "text", "text": words, "fromDraftModel": draft, "tokensCount": 2, "isStructural": False}

    def block(parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        shown = {"defaultShouldIncludeInContext": True, "shouldIncludeInContext": True}
        return {"type": "contentBlock", "stepIdentifier": "1763000100500-0.71", "content": parts, **shown, **more}

    thought = {"type": "thinking", "ended": True, "title": "Thought for 3.25 seconds"}
    stats = {"stopReason": "eosFound", "tokensPerSecond": 48.1, "timeToFirstTokenSec": 0.2, "predictedTokensCount": 9}
    info = {"indexedModelIdentifier": "qwen/qwen3-8b", "identifier": "qwen/qwen3-8b", "stats": stats}
    first = block([text("Green", True), text(", I "), text("think.", True)], genInfo=info)
    value = {
        "name": "Lamp",
        "pinned": False,
        "createdAt": 1763000000000,
        "preset": "",
        "tokenCount": 40,
        "userLastMessagedAt": 1763000100000,
        "systemPrompt": "",
        "messages": [
            {
                "versions": [
                    {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": "Its colour?"}]}
                ],
                "currentlySelected": 0,
            },
            {
                "versions": [
                    {
                        "type": "multiStep",
                        "role": "assistant",
                        "senderInfo": {"senderName": "qwen3-8b"},
                        "steps": [first],
                    },
                    {
                        "type": "multiStep",
                        "role": "assistant",
                        "senderInfo": {"senderName": "qwen3-8b"},
                        "steps": [
                            block([text("Look.")], style=thought, prefix="<think>", suffix="</think>"),
                            block([text("Red.")], genInfo=info),
                            {"type": "debugInfoBlock", "stepIdentifier": "1763000101000-0.2", "debugInfo": "x"},
                        ],
                    },
                ],
                "currentlySelected": 1,
            },
        ],
        "usePerChatPredictionConfig": True,
        "perChatPredictionConfig": {"fields": []},
        "clientInput": "",
        "clientInputFiles": [],
        "userFilesSizeBytes": 0,
        "lastUsedModel": {"identifier": "qwen/qwen3-8b", "indexedModelIdentifier": "qwen/qwen3-8b"},
        "notes": [],
        "plugins": [],
        "pluginConfigs": {},
        "disabledPluginTools": [],
        "looseFiles": [],
    }
    path.write_text(json.dumps(value, indent=2), "utf-8")
    return path


def jan_thread(folder: Path) -> Path:
    """A thread as Jan keeps it in `threads/<id>`."""
    folder.mkdir(parents=True)
    thread = {
        "id": "01JABC",
        "object": "thread",
        "title": "Tides",
        "created": 1762000000.25,
        "updated": 1762000300.5,
        "assistants": [
            {"id": "jan", "name": "Jan", "instructions": "Be precise.", "model": {"id": "*", "settings": {}}}
        ],
        "model": {"id": "jan-nano-4b", "provider": "llamacpp"},
        "isFavorite": True,
        "metadata": {"title": "Tides", "is_favorite": True},
    }
    lines = []
    for number, (role, words) in enumerate((("user", "Why do tides come twice?"), ("assistant", "Two bulges."))):
        content: list[dict[str, Any]] = [{"type": "text", "text": {"value": words, "annotations": []}}]
        if role == "assistant":
            content.insert(0, {"type": "reasoning", "text": {"value": "The moon pulls.", "annotations": []}})
        speed = {"message": "m", "tokenSpeed": 22.5, "tokenCount": 90, "lastTimestamp": 0}
        message = {
            "id": f"01JMSG{number}",
            "object": "thread.message",
            "thread_id": "01JABC",
            "role": role,
            "type": "text",
            "content": content,
            "status": "ready",
            "created_at": 1762000000500 + number * 9000,
            "completed_at": 1762000000500 + number * 9000,
            "metadata": {"tokenSpeed": speed} if role == "assistant" else {},
        }
        lines.append(json.dumps(message))
    (folder / "thread.json").write_text(json.dumps(thread, indent=2), "utf-8")
    (folder / "messages.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return folder
