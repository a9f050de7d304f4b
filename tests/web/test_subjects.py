"""What the page says of real runs and studies is what the command line and Python say."""

from __future__ import annotations

import io
import json
import os
import shlex
import struct
import time
import zlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from PIL import Image
from tests.served import Page, page, wait_for
from tests.small import QUICK, small

import paribus as pb
from paribus.plots import Chart
from paribus.reports.study import study_page
from paribus.web.jobs import Job, Queue
from paribus.web.pages import plain


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> pb.Study:
    found = small(seeds=3, runs=tmp_path_factory.mktemp("runs"), name="rates")
    found.run(jobs=1, device="cpu", listen=lambda _: None)
    return found


@pytest.fixture(scope="module")
def served(study) -> Iterator[Page]:
    pb.Run("digits/vae", {"budget.epochs": 2, "split.limit": 100}, runs=study.folder.parent).train(device="cpu")
    with page(study.folder.parent) as found:
        yield found


def run_of(served: Page, part: str) -> str:
    return next(row["id"] for name, row in served.rows("kind=run").items() if part in name)


def test_a_study_is_the_page_of_its_report(served, study):
    found = served.get(f"/api/studies/{served.id('rates')}")
    assert found["page"] == json.loads(json.dumps(plain(study_page(study.result))))
    assert (found["state"], found["complete"], found["unplanned"]) == ("finished", True, False)
    assert found["progress"]["done"] == found["progress"]["of"] == 6
    assert [run["arm"] for run in found["runs"]] == ["lr=0.05"] * 3 + ["lr=0.1"] * 3
    assert found["arms"] == ["lr=0.05", "lr=0.1"]


def test_charts_are_specifications_that_can_be_drawn(served):
    sections = served.get(f"/api/studies/{served.id('rates')}")["page"]["sections"]
    charts = [section["figure"] for section in sections if section["figure"]]
    assert {chart["name"] for chart in charts} >= {"effects", "arms", "curves", "paired"}
    assert Chart(charts[0]["spec"], charts[0]["title"]).svg().startswith("<svg")
    assert all(chart["alt"] for chart in charts)


def test_the_home_page_tells_the_verdict(served, study):
    row = served.rows("kind=study")["rates"]
    (effect,) = study.result.effects
    assert row["verdict"].startswith(f"{effect.label}: ")
    assert row["verdict"].endswith(f", {effect.verdict.word}")
    assert row["verdict"].removesuffix(f", {effect.verdict.word}") in str(effect)
    assert row["tone"] == effect.verdict.word.replace(" ", "-")


def test_looking_at_an_unfinished_study_is_marked_and_judged_for_every_look(tmp_path):
    planned = small(seeds=3, runs=tmp_path, name="rates")
    planned.run(jobs=1, device="cpu", listen=lambda _: None)
    last = sorted(tmp_path.glob("rates/lr=0.1/seed-2"))[0]
    status = json.loads((last / "status.json").read_text())
    (last / "result.json").unlink()
    (last / "status.json").write_text(json.dumps({**status, "state": "interrupted"}))
    before = (planned.folder / "study.json").read_bytes()
    with page(tmp_path) as served:
        found = served.get(f"/api/studies/{served.id('rates')}")
    assert found["unplanned"]
    assert "unplanned look" in found["unplanned_text"]
    assert found["looks"]["rule"] == planned.result.looks.rule == "anytime"
    assert [run["state"] for run in found["runs"]] == ["finished"] * 5 + ["interrupted"]
    assert found["looks"]["sentence"] == planned.result.looks.sentence
    assert found["page"]["answers"] == json.loads(json.dumps(plain(study_page(planned.result))["answers"]))
    assert (planned.folder / "study.json").read_bytes() == before  # as for paribus report: seeds added later note it


def test_a_run_says_what_its_records_say(served, study):
    wanted = run_of(served, "lr=0.1/seed-1")
    found = served.get(f"/api/runs/{wanted}")
    folder = pb.RunFolder(study.folder / "lr=0.1" / "seed-1")
    assert {one["name"]: one["value"] for one in found["figures"]}.items() <= folder.result.metrics.items()
    assert {one["field"]: one["value"] for one in found["choices"]}["optimizer.lr"] == "0.1"
    assert all(one["meaning"] for one in found["choices"] if one["field"] == "optimizer.lr")
    assert (found["study"]["name"], found["study"]["arm"], found["seed"]) == ("rates", "lr=0.1", 1)
    assert found["problem"] == ""
    assert {one["what"] for one in found["explain"]} >= {"errors", "weights"}


def test_the_command_of_a_run_trains_the_same_recipe(served):
    wanted = run_of(served, "lr=0.1/seed-1")
    found = served.get(f"/api/runs/{wanted}")
    program, verb, recipe, *words = shlex.split(found["command"])
    assert (program, verb, recipe, words[-2:]) == ("paribus", "run", "digits/mlp", ["--seed", "1"])
    changes = dict(word.split("=", 1) for word in words[:-2])
    from paribus.cli.words import parse_overrides

    again = pb.Recipe.load(recipe, parse_overrides([f"{name}={value}" for name, value in changes.items()]))
    folder = served.app.state.desk.known.run(wanted)
    assert again.identity == folder.recipe.identity


def test_curves_are_the_rows_of_the_run(served, study):
    folder = pb.RunFolder(study.folder / "lr=0.1" / "seed-1")
    found = served.get(f"/api/runs/{run_of(served, 'lr=0.1/seed-1')}/curves")
    assert found["metrics"]["val/accuracy"]["y"] == folder.history["val/accuracy"]
    assert found["metrics"]["val/accuracy"]["exact"]
    assert found["best"]["epoch"] == folder.result.best_epoch
    assert not any("recall" in name for name in found["metrics"])
    assert served.get(f"/api/runs/{run_of(served, 'lr=0.1/seed-1')}/curves?metrics=val/recall/3")["metrics"].keys() == {
        "val/recall/3"
    }
    titles = [group["title"] for group in found["groups"]]
    assert titles[:2] == ["loss", "accuracy"]


def test_an_axis_that_was_not_recorded_is_refused(served):
    answer = served.ask(f"/api/runs/{run_of(served, 'lr=0.1/seed-1')}/curves?x=hours")
    assert (answer.status, answer.json["error"]["got"]) == (400, "hours")


def test_previews_are_served_as_what_they_are(served):
    wanted = run_of(served, "digits-vae")
    previews = served.get(f"/api/runs/{wanted}")["previews"]
    assert [one["title"] for one in previews][-1] == "at the end"
    answer = served.ask(previews[0]["url"])
    assert answer.headers["content-type"] == "image/png"
    Image.open(io.BytesIO(answer.body)).verify()


def test_runs_side_by_side_differ_where_their_recipes_do(served):
    found = served.get(f"/api/compare?ids={served.id('rates')}")
    assert [one["field"] for one in found["fields"]] == ["optimizer.lr"]
    assert found["fields"][0]["values"] == ["0.05"] * 3 + ["0.1"] * 3
    assert [len(arm["runs"]) for arm in found["arms"]] == [3, 3]
    curves = served.get(f"/api/compare/curves?ids={served.id('rates')}&metrics=val/accuracy")["curves"]
    assert [set(one["metrics"]) for one in curves] == [{"val/accuracy"}] * 6
    both = served.get(f"/api/compare?ids={run_of(served, 'seed-1')},{run_of(served, 'digits-vae')}")
    assert {"task", "model"} <= {one["field"] for one in both["fields"]}


def test_too_many_and_unknown_runs_are_refused(served):
    assert served.ask("/api/compare?ids=unknown").status == 404


def test_an_analysis_is_asked_in_the_background_and_kept(served, study):
    wanted = run_of(served, "lr=0.1/seed-1")
    assert not next(one for one in served.get(f"/api/explain/{wanted}")["analyses"] if one["what"] == "weights")[
        "ready"
    ]
    address = f"/api/explain/{wanted}/weights"
    found = wait_for(lambda: (answer := served.get(address))["state"] == "ready" and answer, 120)
    from paribus.reports.weights import weights_page

    record = pb.analyse(study.folder / "lr=0.1" / "seed-1", "weights")
    assert found["page"] == json.loads(json.dumps(plain(weights_page(record))))


@pytest.mark.parametrize(
    ("what", "query", "message"),
    [
        ("nothing", "", "there is no analysis of this name"),
        ("errors", "most=x", "most"),
        ("errors", "split=test", "opens the held-out test"),
        ("errors", "strange=1", "there is no strange"),
        ("likelihood", "", "needs"),
    ],
)
def test_analyses_that_cannot_be_made_say_why(served, what, query, message):
    address = f"/api/explain/{run_of(served, 'lr=0.1/seed-1')}/{what}?{query}"
    answer = wait_for(lambda: (found := served.ask(address)).json.get("state") != "working" and found, 120)
    assert answer.status in (400, 422)
    assert message in answer.json["error"]["message"] + answer.json["error"]["hint"]


def png(size: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("L", (size, size), 130).save(file, "PNG")
    return file.getvalue()


def test_a_dropped_picture_is_predicted_for_as_by_the_command(served, study, tmp_path):
    address = f"/api/explain/{run_of(served, 'lr=0.1/seed-1')}/predict"
    found = served.ask(address, "POST", png(), X_Name="my%20picture.png").json["page"]
    (tmp_path / "p.png").write_bytes(png())
    (expected,) = pb.predict(study.folder / "lr=0.1" / "seed-1", [tmp_path / "p.png"])
    assert found["sections"][0]["tables"][0]["rows"][0][:2] == ["my picture.png", expected.label]


@pytest.mark.parametrize(
    ("name", "body"),
    [("a.png", b"nonsense"), ("a.png", b""), ("a.exe", b"MZ"), ("..%2f..%2fetc%2fpasswd", b"x"), ("%00.png", b"x")],
)
def test_what_is_no_picture_is_refused_and_nothing_stays(served, name, body, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answer = served.ask(f"/api/explain/{run_of(served, 'lr=0.1/seed-1')}/predict", "POST", body, X_Name=name)
    assert answer.status == 400
    assert "/tmp" not in answer.json["error"]["message"]
    assert list(tmp_path.iterdir()) == []


def bomb(side: int) -> bytes:
    """A picture of few bytes whose pixels would fill the memory."""

    def piece(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = piece(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + piece(b"IDAT", zlib.compress(bytes(10_000_000))) + piece(b"IEND", b"")


def frames(number: int) -> bytes:
    file, one = io.BytesIO(), Image.new("P", (2000, 2000))
    one.save(file, "GIF", save_all=True, append_images=[one] * (number - 1))
    return file.getvalue()


@pytest.mark.parametrize("body", [bomb(60_000), bomb(1 << 30), bomb(0)], ids=["large", "huge", "none"])
def test_r17_a_picture_that_would_fill_the_memory_is_refused(served, body):
    assert len(body) < 20_000
    address = f"/api/explain/{run_of(served, 'lr=0.1/seed-1')}/predict"
    answer = served.ask(address, "POST", body, X_Name="bomb.png")
    assert answer.status == 400
    assert answer.json["error"]["got"] == "bomb.png"


def test_of_a_picture_of_many_frames_one_is_looked_at(served):
    address = f"/api/explain/{run_of(served, 'lr=0.1/seed-1')}/predict"
    answer = served.ask(address, "POST", frames(40), X_Name="many.gif")
    assert answer.status == 200
    assert len(answer.json["page"]["sections"][0]["tables"][0]["rows"]) == 1


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>.png",
        "..\\..\\a.png",
        "../../../etc/a.png",
        "\r\nX: y.png",
        "‮gnp.a.png",
        "a" * 5000 + ".png",
    ],
)
def test_r27_a_file_may_have_any_name(served, name, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    address = f"/api/explain/{run_of(served, 'lr=0.1/seed-1')}/predict"
    answer = served.ask(address, "POST", png(), X_Name=quote(name))
    assert answer.status == 200
    assert answer.json["page"]["sections"][0]["tables"][0]["rows"][0][0] == name[-200:]
    assert list(tmp_path.iterdir()) == []


def test_theory_is_what_the_library_works_out(served):
    found = served.get("/api/theory/derive?text=x.T%20@%20A%20@%20x&wrt=x")
    assert found["text"] == str(pb.derive("x.T @ A @ x", wrt="x"))
    assert "<math" in found["html"]
    assert " style=" not in found["html"]
    layers = served.get("/api/theory/layers?text=conv%204%20k3,%20relu&input=1,8,8")["page"]
    assert layers["sections"][0]["tables"][0]["rows"]
    assert "conv2d" in served.get("/api/theory/networks")["names"]
    assert "<math" in served.get("/api/theory/networks?name=2-2-1&hidden=relu")["html"]
    race = served.get("/api/theory/arena?surface=beale&optimizers=sgd,adam&lr=0.01&steps=50")
    assert [one["figure"]["name"] for one in race["page"]["sections"] if one["figure"]] == ["arena-0", "arena-1"]


@pytest.mark.parametrize(
    "query",
    [
        "derive?text=x.T%20@&wrt=x",
        "derive?text=x.T%20@%20y",
        "derive?text=" + "x%2B" * 300 + "x&wrt=x",
        "derive?text=__import__('os').system('true')&wrt=x",
        "layers?text=conv%208&input=a",
        "layers?text=nothing%208&input=3,8,8",
        "networks?name=conv2d&filter=secret.npy",
        "networks?name=nothing",
        "networks?name=9-9-x",
        "arena?surface=nothing",
        "arena?surface=beale&start=x",
        "arena?function=open('x')",
    ],
)
def test_theory_refuses_in_one_sentence_what_it_cannot_read(served, query):
    answer = served.ask(f"/api/theory/{query}")
    assert answer.status == 422
    assert answer.json["error"]["message"]


def test_data_sets_are_listed_with_where_they_lie(served):
    sets = {one["name"]: one for one in served.get("/api/data")["sets"]}
    assert sets["digits"]["origin"] == "built in"
    assert "digits/cnn" in sets["digits"]["recipes"]
    digits = served.get("/api/data/digits")
    assert [one["name"] for one in digits["classes"]] == [str(number) for number in range(10)]
    assert all(one["examples"][0].startswith("data:image/png;base64,") for one in digits["classes"])
    assert served.ask("/api/data/nothing").status == 404


def test_a_form_has_the_sentences_limits_and_choices_of_the_schema(served):
    form = served.get("/api/recipes/digits/mlp/schema")
    fields = {field["path"]: field for section in form["sections"] for field in section["fields"]}
    assert (fields["optimizer.lr"]["kind"], fields["optimizer.lr"]["value"]) == ("float", "0.1")
    assert fields["model.norm"]["choices"][:2] == ["none", "batch"]
    assert (fields["split.val"]["low"], fields["split.val"]["open_low"]) == (0, True)
    assert fields["split.val"]["about"].startswith("share of the training examples")
    model = next(section for section in form["sections"] if section["name"] == "model")
    assert {"mlp", "cnn"} <= set(model["uses"])
    assert (fields["augment"]["kind"], fields["augment"]["value"]) == ("several", "[]")
    assert {"flip", "mixup"} <= set(fields["augment"]["choices"])
    chosen = served.get("/api/recipes/digits/cnn/schema?augment=%5Bcrop,+flip%5D")["sections"]
    assert [one["name"] for one in chosen][:4] == ["data", "augment", "augment.crop", "augment.flip"]
    other = served.get("/api/recipes/digits/mlp/schema?optimizer=adam")
    assert "optimizer.beta1" in str(other) or "optimizer.betas" in str(other)


ASKED = {"recipe": "digits/mlp", "overrides": {"budget.epochs": "1"}, "vary": {"optimizer.lr": "0.1,0.2"}, "seeds": "3"}


def test_a_preview_is_the_study_that_the_command_line_would_make(served):
    found = served.post("/api/start/preview", ASKED).json
    assert found["ok"]
    assert found["arms"] == ["lr=0.1", "lr=0.2"]
    assert found["runs"] == 6
    words = shlex.split(found["command"])
    assert words[:4] == ["paribus", "study", "digits/mlp", "budget.epochs=1"]
    assert words[-2:] == ["--runs", str(served.root)]


def test_a_preview_tells_the_time_by_runs_like_these(served):
    overrides = {name: json.dumps(value) if isinstance(value, list) else str(value) for name, value in QUICK.items()}
    asked = {"recipe": "digits/mlp", "overrides": overrides, "vary": {"optimizer.lr": "0.05,0.3"}, "seeds": "4"}
    found = served.post("/api/start/preview", asked).json
    assert found["seconds"] > 0
    assert "by 6 runs like these" in found["about_seconds"]
    tenfold = {**asked, "overrides": {**overrides, "budget.epochs": str(10 * int(overrides["budget.epochs"]))}}
    longer = served.post("/api/start/preview", tenfold).json
    assert "longer or shorter runs of this recipe" in longer["about_seconds"]
    assert 5 * found["seconds"] < longer["seconds"] < 20 * found["seconds"]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"overrides": {"optimizer.lrr": "1"}}, "optimizer.lrr", "there is no optimizer.lrr"),
        ({"overrides": {"training.l2": "-1"}}, "training.l2", "training.l2 must be greater than"),
        ({"vary": {"model.norm": "none,batsh"}}, "model.norm", "model.norm is one of"),
        ({"seeds": "none"}, "seeds", "seeds"),
        ({"recipe": "nothing/here"}, None, "there is no recipe of this name"),
        ({"recipe": "/etc/passwd.yaml"}, None, "there is no recipe of this name"),
        ({"vary": ["x"]}, None, "vary is fields with their values"),
    ],
)
def test_wrong_input_is_refused_with_the_message_of_the_command_line(served, change, path, message):
    found = served.post("/api/start/preview", {**ASKED, **change}).json
    assert not found["ok"]
    assert message in found["problems"][0]["message"]
    assert found["problems"][0]["path"] == path
    answer = served.post("/api/start", {**ASKED, **change})
    assert (answer.status, answer.json["error"]["message"]) == (422, found["problems"][0]["message"])


def test_what_stands_in_the_queue_is_at_work(served, study):
    wanted = served.id("rates")
    queue = Queue(study.folder.parent)
    job = Job("0-other", ("x",), "x", "rates", "running", began=time.time(), pid=os.getpid())
    queue.write(job)
    try:
        about = served.get(f"/api/studies/{wanted}")
        assert (about["at_work"], about["state"]) == ("running", "finished")  # all of its runs are over
        assert about["actions"] == {"stop": True, "resume": False, "seeds": False, "report": True}
    finally:
        (queue.folder / f"{job.id}.json").unlink()
    assert served.get(f"/api/studies/{wanted}")["actions"]["seeds"]


def test_what_is_no_json_is_refused(served):
    for body in (b"[1]", b"{", b"\xff", b"[" * 100_000):
        answer = served.ask("/api/start/preview", "POST", body)
        assert (answer.status, answer.json["error"]["message"]) == (400, "what is sent is a JSON object")


def test_a_report_is_written_and_stands_in_a_box_of_its_own(served):
    wanted = served.id("rates")
    (served.root / "rates" / "report.html").unlink(missing_ok=True)
    assert served.ask(f"/api/studies/{wanted}/report").status == 404
    address = served.post(f"/api/studies/{wanted}/report").json["report"]
    answer = served.ask(address)
    assert b"<h1>" in answer.body
    assert answer.headers["content-security-policy"].startswith("sandbox;")
