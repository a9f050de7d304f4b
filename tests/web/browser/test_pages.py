"""What people do on the page, in a real browser."""

from __future__ import annotations

import csv
import io
import re
import shutil
from html import unescape

import pytest
from tests.served import make_run
from tests.web.browser.conftest import LONG, PATIENCE, downloaded

from paribus.web.known import id_of

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

expect.set_options(timeout=PATIENCE)

STUDY = "digits-mlp--model.norm"
STUDY_ID = id_of(STUDY)


class TestHome:
    def test_all_studies_and_runs_are_listed_with_their_states(self, tab):
        page = tab.open("/")
        row = page.get_by_role("row").filter(has_text=STUDY)
        expect(row).to_contain_text("finished")
        expect(page.get_by_role("row").filter(has_text="run · digits-vae/")).to_have_count(1)

    def test_search_stands_in_the_address_and_can_be_taken_back(self, tab):
        page = tab.open("/")
        page.keyboard.press("/")
        page.keyboard.type("vae")
        expect(page.get_by_role("row").filter(has_text=STUDY)).to_have_count(0)
        expect(page).to_have_url(re.compile(r"\?q=vae"))
        page.reload()
        expect(page.get_by_role("searchbox", name="Search runs and studies")).to_have_value("vae")
        page.get_by_role("searchbox", name="Search runs and studies").fill("nothing is like this")
        page.get_by_role("button", name="Show all").click()
        expect(page.get_by_role("row").filter(has_text=STUDY)).to_have_count(1)

    def test_rows_are_sorted_by_a_column_both_ways(self, tab):
        page = tab.open("/")
        head = page.get_by_role("columnheader", name="name")
        first = page.locator(".rows .row .named a").first
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", "ascending")
        top = first.get_attribute("title") or ""
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", "descending")
        expect(first).not_to_have_attribute("title", top)

    def test_a_field_of_the_recipe_becomes_a_column(self, tab):
        page = tab.open("/?kind=run")
        page.get_by_role("button", name="Columns").click()
        page.get_by_label("Search columns").fill("optimizer.lr")
        page.get_by_role("dialog").get_by_role("checkbox").first.check()
        page.keyboard.press("Escape")
        expect(page.get_by_role("columnheader", name="optimizer.lr")).to_be_visible()
        expect(page).to_have_url(re.compile("columns=optimizer.lr"))

    def test_rows_are_walked_chosen_and_compared_by_keys(self, tab):
        page = tab.open("/?kind=run")
        page.locator(".rows .row a").first.wait_for()
        for key in ("j", "x", "j", "x", "c"):
            page.keyboard.press(key)
        expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
        assert page.url.count(",") == 1

    def test_rows_are_saved_as_csv(self, tab):
        page = tab.open("/?kind=run")
        page.locator(".rows .row a").first.wait_for()
        file = downloaded(tab, lambda: page.get_by_role("button", name="CSV").click())
        rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
        known = page.request.get(f"{tab.base}/api/home?kind=run&limit=500").json()["rows"]
        assert [(row["id"], row["name"], row["state"]) for row in rows] == [
            (row["id"], row["name"], row["state"]) for row in known
        ]


class TestRun:
    def test_curves_are_drawn_and_their_values_stand_in_a_table(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-vae')}")
        chart = page.locator("figure.curves").first
        expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile("ends at"))
        chart.locator("summary").click()
        expect(chart.locator("tbody tr")).to_have_count(2)

    def test_settings_of_curves_stand_in_the_address(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-vae')}")
        page.get_by_role("button", name="steps").click()
        page.get_by_role("button", name="log axis").click()
        page.get_by_role("slider").first.fill("0.5")
        expect(page).to_have_url(re.compile(r"x=step.*log=1.*smooth=0.5"))
        page.reload()
        expect(page.get_by_role("button", name="log axis")).to_have_attribute("aria-pressed", "true")

    def test_zooming_in_shows_every_value(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'long/base')}")
        chart = page.locator("figure.curves").first
        expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile("ends at"))
        chart.locator("summary").click()
        noted = chart.locator(".behind p")  # how many points there are for now
        before = int((re.search(r"of ([\d]+) rows", noted.inner_text()) or [0, "0"])[1])
        assert before < LONG / 2
        box = chart.locator("canvas").bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 200, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + 208, middle, steps=2)
        page.mouse.up()
        epochs = chart.locator("tbody td:first-child")
        expect(noted).to_have_count(0)  # all of them stand in the table now
        shown = [int(text.replace(",", "")) for text in epochs.all_inner_texts()]
        assert 3 < len(shown) < 200
        assert shown == list(range(shown[0], shown[-1] + 1))
        losses = chart.locator("tbody td:nth-child(2)").all_inner_texts()
        assert float(losses[0]) == pytest.approx(1 / shown[0], rel=1e-3)
        chart.locator("canvas").dblclick()
        expect(noted).to_contain_text(f"of {before} rows")

    def test_a_run_that_is_deleted_while_it_is_shown_is_one_sentence(self, tab, runs):
        folder = make_run(runs / "leaving" / "base" / "seed-0")
        page = tab.open(f"/runs/{id_of('leaving/base/seed-0')}")
        expect(page.locator("figure.curves").first.get_by_role("img")).to_be_visible()
        shutil.rmtree(folder.parent.parent)
        expect(page.get_by_role("alert").first).to_contain_text("it may have been deleted")
        page.get_by_role("link", name="Runs").click()
        expect(page.get_by_role("heading", name="Studies and runs")).to_be_attached()

    def test_choices_are_found_with_their_meaning(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-vae')}")
        page.get_by_label("Search choices").fill("learning rate")
        expect(page.get_by_text("optimizer.lr", exact=True)).to_be_visible()

    def test_glimpses_run_through_time(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-vae')}")
        slider = page.locator(".glimpses input[type=range]")
        slider.scroll_into_view_if_needed()
        last = page.locator(".glimpses img").first.get_attribute("src")
        slider.fill("0")
        expect(page.locator(".glimpses output")).to_have_text("epoch 1")
        expect(page.locator(".glimpses img").first).not_to_have_attribute("src", last)

    def test_the_log_and_the_environment_are_there(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-mlp')}")
        expect(page.locator("#environment")).to_contain_text("python")
        expect(page.locator("#log")).to_be_attached()

    def test_a_run_that_is_gone_is_one_sentence(self, tab):
        tab.page.goto(f"{tab.base}/runs/0000000000000000")
        expect(tab.page.get_by_role("alert")).to_be_visible()
        expect(tab.page.get_by_role("link", name="To all runs and studies")).to_be_visible()


class TestStudy:
    def test_question_verdict_and_forest_plot_are_those_of_the_report(self, tab, runs):
        page = tab.open(f"/studies/{STUDY_ID}")
        report = unescape((runs / STUDY / "report.html").read_text())
        question = page.locator("h1").inner_text()
        assert question in report
        finding = page.locator(".verdicts strong").first.inner_text()
        assert finding.split(",")[0] in report
        expect(page.locator("figure.charted svg").first).to_be_visible()

    def test_a_table_is_sorted(self, tab):
        page = tab.open(f"/studies/{STUDY_ID}")
        arms = page.locator("#arms")
        arms.get_by_role("button", name="mean", exact=True).click()
        expect(arms.get_by_role("columnheader", name="mean", exact=True)).to_have_attribute("aria-sort", "ascending")

    def test_runs_are_squares_that_lead_to_them(self, tab):
        page = tab.open(f"/studies/{STUDY_ID}")
        expect(page.locator(".square")).to_have_count(6)
        page.locator(".square").first.click()
        expect(page.get_by_role("heading", name="Curves")).to_be_visible()

    def test_adding_seeds_says_how_many_trainings_these_are(self, tab):
        page = tab.open(f"/studies/{STUDY_ID}")
        page.get_by_role("button", name="Add seeds").click()
        page.get_by_label("seeds more").fill("4")
        expect(page.get_by_role("dialog")).to_contain_text("8 more trainings")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


class TestCompare:
    def test_arms_have_colours_and_what_differs_is_listed(self, tab):
        page = tab.open(f"/compare?ids={STUDY_ID}")
        arms = page.locator(".compared .arm").all_inner_texts()
        assert sorted(arms) == ["norm=batch", "norm=none"]
        expect(page.locator("#what-differs")).to_contain_text("model.norm")
        expect(page.locator("figure.curves").first.get_by_role("img")).to_have_attribute(
            "aria-label", re.compile("ends at")
        )
        page.get_by_role("button", name="means of arms").click()
        page.locator("figure.curves summary").first.click()
        expect(page.locator("figure.curves").first.locator("thead th")).to_have_text(["epoch", *arms])
        expect(page).to_have_url(re.compile("lines=arms"))

    def test_a_link_shows_the_same(self, tab):
        page = tab.open(f"/compare?ids={STUDY_ID}&x=seconds&smooth=0.4&log=1&metrics=val/accuracy")
        expect(page.locator("figure.curves")).to_have_count(1)
        expect(page.get_by_role("button", name="seconds")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".smooth output")).to_have_text("0.4")

    def test_without_runs_they_are_chosen_from_a_list(self, tab):
        page = tab.open("/compare")
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Compare").click()
        expect(page).to_have_url(re.compile(r"ids=\w+"))


class TestTheme:
    def test_the_switch_is_kept(self, tab):
        page = tab.open("/")
        paper = "() => getComputedStyle(document.body).backgroundColor"
        day = page.evaluate(paper)
        page.keyboard.press("t")
        night = page.evaluate(paper)
        assert day != night
        page.reload()
        assert page.evaluate(paper) == night

    def test_the_browsers_wish_is_followed(self, tab):
        tab.page.emulate_media(color_scheme="dark")
        page = tab.open("/")
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(22, 27, 33)"


class TestKeys:
    def test_all_are_listed_and_lead_to_every_page(self, tab):
        page = tab.open("/")
        page.keyboard.press("?")
        keys = page.get_by_role("dialog", name="Keys")
        for what in ("search", "next row", "row before", "open the row", "dark or light"):
            expect(keys).to_contain_text(what)
        page.keyboard.press("j")  # nothing moves below a dialog
        expect(page.locator(".row.chosen")).to_have_count(0)
        page.keyboard.press("Escape")
        for key, address in (("d", "/data"), ("t", "/theory"), ("s", "/start"), ("c", "/compare"), ("h", "/")):
            page.keyboard.press("g")
            page.keyboard.press(key)
            expect(page).to_have_url(re.compile(rf"{tab.base}{address}(\?.*)?$"))  # a page may say what it shows
            expect(page.locator("main:not([aria-busy]) h1").first).to_be_attached()
            expect(page.locator("main")).to_be_focused()  # a screen reader begins there

    def test_a_page_that_is_left_before_its_answers_come_says_nothing(self, tab):
        """Answers are held back until the next page is asked for: what was asked for is given up in silence."""
        held = []
        page = tab.open("/?kind=run")
        run = page.locator(".rows .row a").first.get_attribute("href")
        page.route(re.compile("/api/(home|runs/.*/log)"), lambda route: held.append(route))
        for address in ("/compare", str(run)):
            page.evaluate(
                "address => { history.pushState({}, '', address); dispatchEvent(new Event('popstate')) }", address
            )
            page.wait_for_function("() => document.querySelector('main h1')")
            for _ in range(100):
                if held:
                    break
                page.wait_for_timeout(50)
            page.keyboard.press("g")
            page.keyboard.press("d")
            page.wait_for_url(re.compile("/data"))
            held.clear()
        page.unroute_all(behavior="ignoreErrors")

    def test_rows_are_walked_both_ways_and_opened(self, tab):
        page = tab.open("/?kind=run&sort=name")
        rows = page.locator(".rows .row")
        rows.nth(2).wait_for()
        page.keyboard.press("k")  # there is none before
        for key in ("j", "j", "k"):
            page.keyboard.press(key)
        expect(page.locator(".row.chosen")).to_have_attribute("aria-rowindex", "3")
        wanted = page.locator(".row.chosen a").get_attribute("href")
        page.keyboard.press("Enter")
        expect(page).to_have_url(tab.base + str(wanted))

    def test_who_types_is_left_alone(self, tab):
        page = tab.open("/")
        page.keyboard.press("/")
        page.keyboard.type("gdjxt?")
        expect(page.get_by_role("searchbox", name="Search runs and studies")).to_have_value("gdjxt?")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")

    def test_a_menu_and_a_chart_obey_the_arrows(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-vae')}")
        chart = page.locator("figure.curves").first
        expect(chart.get_by_role("img")).to_have_attribute("aria-label", re.compile("ends at"))
        button = chart.get_by_role("button", name=re.compile("^Save"))
        button.press("Enter")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("menuitem", name="PNG")).to_be_focused()
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-expanded", "false")
        chart.get_by_role("img").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(chart.locator(".pointed strong")).to_have_text("epoch 1")


def test_an_unknown_address_leads_back(tab):
    page = tab.open("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


class TestExplain:
    def test_a_cell_of_the_confusion_matrix_opens_its_examples(self, tab):
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-mlp')}/explain/errors")
        page.get_by_role("button", name="Compute").or_(page.get_by_role("button", name="Show")).click()
        cell = page.locator(".matrix button").first
        cell.click()
        expect(page.locator(".opened")).to_contain_text(re.compile("recognised|taken for"))
        expect(page.locator(".opened .card").first).to_be_visible()

    def test_a_dropped_picture_is_predicted(self, tab, tmp_path):
        from PIL import Image

        picture = tmp_path / "seven <b>.png"
        Image.new("L", (8, 8), 128).save(picture)
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-mlp')}/explain/predict")
        page.get_by_label("File", exact=True).set_input_files(picture)
        expect(page.locator(".answer")).to_contain_text("seven <b>.png")
        expect(page.locator(".answer table").first).to_be_visible()

    def test_a_file_that_is_none_is_one_sentence(self, tab, tmp_path):
        broken = tmp_path / "broken.png"
        broken.write_bytes(b"no picture")
        page = tab.open(f"/runs/{tab.id_of('run', 'digits-mlp')}/explain/predict")
        page.get_by_label("File", exact=True).set_input_files(broken)
        expect(page.get_by_role("alert")).to_contain_text("broken.png")


class TestTheory:
    def test_a_derivation_follows_what_is_typed_and_stands_in_the_address(self, tab):
        page = tab.open("/theory/derive?text=x**2&wrt=x")
        answer = page.locator("article.derivation")
        expect(answer.locator("math").first).to_be_visible()
        page.get_by_label("function").fill("x**3")
        expect(answer).to_contain_text("x**3")
        expect(page).to_have_url(re.compile(r"text=x\*\*3"))

    def test_what_cannot_be_read_is_said_while_typing(self, tab):
        page = tab.open("/theory/derive?text=x**&wrt=x")
        expect(page.get_by_role("alert")).to_contain_text("x**")

    def test_layers_of_a_net_in_text(self, tab):
        page = tab.open("/theory/layers?text=conv+8+k3,+relu&input=3,8,8")
        expect(page.locator(".answer table")).to_contain_text("conv")
        page.get_by_role("textbox", name="layers").fill("conv 8 k9")
        expect(page.get_by_role("alert")).to_be_visible()

    def test_a_network_by_hand(self, tab):
        page = tab.open("/theory/networks")
        page.get_by_role("button", name="conv1d").click()
        expect(page.locator("article.derivation")).to_contain_text("Verified")
        page.get_by_label("stride").fill("2")
        expect(page).to_have_url(re.compile("stride=2"))
        expect(page.locator("article.derivation")).to_contain_text("Verified")

    def test_the_arena_moves_and_can_be_held(self, tab):
        page = tab.open("/theory/arena?surface=beale&optimizers=adam&steps=40&lr=0.1")
        hold = page.get_by_role("button", name="Pause")
        hold.click()
        expect(page.get_by_role("button", name="Play")).to_be_visible()


class TestData:
    def test_sets_are_found_and_shown_with_their_classes(self, tab):
        page = tab.open("/data")
        page.get_by_label("Search sets").fill("handwritten digits of 8×8")
        page.get_by_role("link", name="digits", exact=True).click()
        expect(page.locator(".classes li")).to_have_count(10)
