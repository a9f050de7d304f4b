"""Attacks on a running server: names, tokens, foreign pages, paths, sizes."""

from __future__ import annotations

import http.client
import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from http.cookies import SimpleCookie

import pytest
from tests.served import TOKEN, Page, make_run, page

from paribus.errors import ParibusError
from paribus.web import guard, protocol, server
from paribus.web.api import runs, studies


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Page]:
    root = tmp_path_factory.mktemp("runs")
    make_run(root / "alone" / "a1" / "seed-0")
    with page(root) as found:
        yield found


def test_who_brings_the_token_sees_the_page_and_its_files(served):
    assert served.ask("/").status == 200
    assert served.get("/api/home?kind=all")["total"] == 1


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.example", "", "0.0.0.0"],
)
@pytest.mark.parametrize("path", ["/", "/api/home", "/nowhere", f"/?token={TOKEN}"])
def test_r23_another_name_is_answered_421_before_anything_is_looked_for(served, host, path):
    found = served.ask(path, Host=host.format(port=served.port))
    assert found.status == 421
    assert "set-cookie" not in found.headers
    assert b"home" not in found.body


def test_r23_no_host_and_two_hosts_are_refused(served):
    assert served.ask("/", Host=None).status in (400, 421)
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        here = f"Host: 127.0.0.1:{served.port}\r\n"
        line.sendall(f"GET / HTTP/1.1\r\n{here}Host: evil.example\r\nCookie: {served.cookie}\r\n\r\n".encode())
        assert line.recv(100).split()[1] in (b"400", b"421")


@pytest.mark.parametrize("name", ["localhost", "[::1]"])
def test_r23_this_machine_has_these_names_too(served, name):
    assert served.ask("/", Host=f"{name}:{served.port}").status == 200


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "https://127.0.0.1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ],
    ids=str,
)
def test_r24_nobody_else_changes_anything(served, method, headers):
    found = served.ask("/api/queue/x", method, b"{}", **headers)
    assert found.status == 403
    assert found.json["error"]["message"] == "changes are asked for by the page itself only"


def test_r24_what_another_page_reads_in_its_name_is_refused(served):
    assert served.ask("/api/home", Sec_Fetch_Site="cross-site").status == 403
    assert served.ask("/static/app.js", Sec_Fetch_Site="same-site", Sec_Fetch_Mode="no-cors").status == 403


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"])
def test_r24_other_verbs_are_not_understood(served, method):
    assert served.ask("/api/home", method).status in (400, 405)


@pytest.mark.parametrize("cookie", [None, "", "paribus=x", "paribus-{port}=wrong", 'paribus-{port}="', "\xff=\xfe"])
@pytest.mark.parametrize("path", ["/", "/api/home", "/api/events", "/static/app.js", "/nowhere"])
def test_r25_without_the_token_nothing_is_shown(served, cookie, path):
    found = served.ask(path, Cookie=cookie and cookie.format(port=served.port))
    assert found.status == 401
    assert TOKEN.encode() not in found.body


@pytest.mark.parametrize(
    "cookies",
    [
        "[1]=x; {own}",
        'a={{"b": 1, "c": "d"}}; {own}',
        '_xsrf=2|1:0; username-127-0-0-1-8888="2|1:0|44:x="; {own}; "',
        "a b c; =; ;;; {own}",
        'x="a; {own}; b"',
        "a=\xff; {own}",
        "{name}=set-by-another-server; {own}",
        "{own}; {name}=set-by-another-server",
    ],
)
def test_r25_cookies_of_other_servers_lock_nobody_out(served, cookies):
    """Browsers send those of all ports, whatever is in them; one of the same name proves and disproves nothing."""
    given = cookies.format(own=served.cookie, name=f"paribus-{served.port}")
    assert served.ask("/api/home", Cookie=given).status == 200
    assert served.ask("/api/home", Cookie=given.replace(TOKEN, "wrong")).status == 401


def test_r25_the_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_see(served):
    found = served.ask(f"/runs/x?token={TOKEN}&tab=log", Cookie=None)
    assert found.status == 303
    assert found.headers["location"] == "/runs/x?tab=log"
    cookie = SimpleCookie(found.headers["set-cookie"])[f"paribus-{served.port}"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (
        TOKEN,
        True,
        "strict",
        "/",
    )
    assert found.headers["referrer-policy"] == "no-referrer"


def test_r25_a_wrong_token_gets_nothing(served):
    for wrong in ("wrong", "", TOKEN[:-1], TOKEN + "a", "\N{SNOWMAN}"):
        found = served.ask("/?token=" + "".join(f"%{byte:02x}" for byte in wrong.encode()), Cookie=None)
        assert found.status == 401
        assert "set-cookie" not in found.headers


def test_r25_the_way_on_leads_nowhere_else(served):
    for path in ("//evil.example/?token=", "/%2f%2fevil.example?token=", "/\\evil.example?token="):
        found = served.ask(f"{path}{TOKEN}", Cookie=None)
        assert not found.headers.get("location", "/").startswith(("//", "http", "/\\", "/%5C"))


def test_r25_tokens_are_compared_in_constant_time_and_long():
    assert len({server.make_token() for _ in range(100)}) == 100
    assert all(len(server.make_token()) >= 43 for _ in range(20))  # 256 bits
    assert "compare_digest" in guard._same.__code__.co_names


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com"])
def test_r25_beyond_this_machine_there_is_a_token(host):
    with pytest.raises(ParibusError, match="without a token the page is for this machine only"):
        server.listen(host, 0, token=False)


def test_r25_without_a_token_on_this_machine(tmp_path):
    with page(tmp_path, token=None) as found:
        assert found.ask("/", Cookie=None).status == 200
        assert found.ask("/", Cookie=None, Host="evil.example").status == 421
        assert found.ask("/api/queue/x", "DELETE", Cookie=None, Origin="http://evil.example").status == 403


PATHS = [
    "/static/../app.py",
    "/static/..%2fapp.py",
    "/static/%2e%2e/app.py",
    "/static/%2e%2e%2fapp.py",
    "/static/..%5capp.py",
    "/static/....//app.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/app.js%00.css",
    "/static/app.js%23",
    "/static/app.js/",
    "/api/runs/../../etc/passwd",
    "/api/runs/..%2f..%2fetc%2fpasswd",
    "/api/runs/alone%2fa1%2fseed-0",
    "/api/runs/{id}/files/..%2frecipe.json",
    "/api/runs/{id}/files/%2e%2e",
    "/api/runs/{id}/files/recipe.json%00",
    "/api/runs/{id}/files/linked.txt",
    "/api/runs/{id}/files/lock",
    "/api/runs/{id}/files/..%5crecipe.json",
    "/api/runs/{id}/previews/..%2frecipe.json",
    "/api/runs/{id}/previews/linked.png",
    "/api/runs/{id}/previews/0001.png%00.txt",
    "/api/studies/{id}",
    "/api/runs/{linked}",
    "/api/runs/{arm}",
]


@pytest.fixture(scope="module")
def linked(served, tmp_path_factory) -> dict[str, str]:
    """Links out of the folder, in every place where a run may have one."""
    secret = tmp_path_factory.mktemp("secret")
    make_run(secret / "arm" / "seed-0")
    (secret / "private.png").write_bytes(b"private")
    folder = served.root / "alone" / "a1" / "seed-0"
    (folder / "previews").mkdir()
    for place in (folder / "linked.txt", folder / "previews" / "linked.png"):
        place.symlink_to(secret / "private.png")
    (served.root / "outside").symlink_to(secret)
    (served.root / "alone" / "other").symlink_to(secret / "arm")
    served.app.state.desk.known.changed()
    names = {"id": "alone/a1/seed-0", "linked": "outside/arm/seed-0", "arm": "alone/other/seed-0"}
    return {key: served.id(name) for key, name in names.items()}


@pytest.mark.parametrize("path", PATHS)
def test_r26_files_are_found_by_what_is_known_and_never_by_a_path(served, linked, path):
    found = served.ask(path.format(**linked))
    assert found.status == 404
    assert b"private" not in found.body
    assert b"root:" not in found.body


def test_r26_runs_behind_links_are_not_listed(served, linked):
    served.look_again()
    assert list(served.rows()) == ["alone/a1/seed-0"]


@pytest.mark.parametrize("place", ["recipe.json", "log.txt", "previews/0001.png", "report.html"])
def test_r26_a_file_that_becomes_a_link_between_the_look_and_the_opening_is_not_read(tmp_path, monkeypatch, place):
    """The race is won for the attacker: the link is there as soon as the look is over."""
    folder = make_run(tmp_path / "runs" / "a" / "b" / "seed-0")
    (tmp_path / "secret").write_text("private")
    target = folder.parents[1] / place if place == "report.html" else folder / place
    target.parent.mkdir(exist_ok=True)
    target.write_text("mine")

    def swapped(path, *given, ask, **more):
        target.unlink()
        target.symlink_to(tmp_path / "secret")
        return ask(path, *given, **more)

    with page(tmp_path / "runs") as found:
        run, study = found.id("a/b/seed-0"), found.id("a")
        found.rows()
        for module, name in ((runs.files, "read_regular"), (runs.files, "open_regular"), (studies, "read_regular")):
            monkeypatch.setattr(module, name, partial(swapped, ask=getattr(module, name)))
        address = {"log.txt": f"runs/{run}/log", "report.html": f"studies/{study}/report"}.get(place)
        if place.startswith("previews"):
            address = f"runs/{run}/{place}"
        answer = found.ask(f"/api/{address or f'runs/{run}/files/{place}'}")
    assert answer.status in (400, 404, 409)
    assert b"private" not in answer.body


def test_r26_a_folder_that_becomes_a_link_is_not_shown(served, linked, tmp_path):
    folder = make_run(served.root / "alone" / "moved" / "seed-0")
    served.look_again()
    wanted = served.rows()["alone/moved/seed-0"]["id"]
    assert served.ask(f"/api/runs/{wanted}/curves").status == 200
    folder.rename(tmp_path / "away")
    folder.symlink_to(tmp_path / "away")
    assert served.ask(f"/api/runs/{wanted}/curves").status == 404
    folder.unlink()
    folder.parent.rmdir()


HOSTILE = "<img src=x onerror=alert(1)>\"'`{{7*7}}\u202e</script>"


def test_r27_hostile_names_arrive_as_text_and_never_as_a_page(tmp_path):
    make_run(tmp_path / HOSTILE.replace("/", "") / "<b>arm" / "seed-0", name=HOSTILE, error=HOSTILE)
    with page(tmp_path) as found:
        answer = found.ask("/api/home?kind=all")
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        row = answer.json["rows"][0]
        assert row["recipe"] == HOSTILE
        assert found.ask(f"/api/home?query={'%3Cscript%3E'}").headers["content-type"] == "application/json"
        assert b"onerror" not in found.ask("/runs/%3Cimg%20src=x%20onerror=alert(1)%3E").body
        missing = found.ask("/api/runs/%3Cscript%3E")
        assert (missing.status, missing.headers["content-type"]) == (404, "application/json")


def test_r27_files_of_a_run_are_saved_and_not_shown(tmp_path):
    folder = make_run(tmp_path / "a" / "b" / "seed-0")
    (folder / "evil.html").write_text("<script>alert(1)</script>")
    with page(tmp_path) as found:
        wanted = found.rows()["a/b/seed-0"]["id"]
        answer = found.ask(f"/api/runs/{wanted}/files/evil.html")
        assert answer.headers["content-disposition"] == 'attachment; filename="evil.html"'
        assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("path", ["/", "/api/home", "/static/app.js", "/nowhere", "/api/nowhere"])
def test_r28_every_answer_forbids_what_the_page_does_not_need(served, path):
    policy = served.ask(path).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "http:", "https:", "*"} & set(policy.replace(";", " ").split())


def test_r28_the_shell_holds_no_inline_script_or_style(served):
    text = served.ask("/").body.decode()
    assert "<style" not in text
    assert " style=" not in text
    assert " on" not in text.replace(" one", "").replace(" on ", "")
    assert all("src=" in tag for tag in text.split("<script")[1:])
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_only_a_page_for_a_notebook_may_be_framed(tmp_path):
    with page(tmp_path, framed=True) as found:
        headers = found.ask("/").headers
        assert "frame-ancestors 'self' http://localhost:*" in headers["content-security-policy"]
        assert "x-frame-options" not in headers


def test_more_than_is_taken_is_refused_before_it_is_read(served):
    assert served.ask("/api/start", "POST", None, Content_Length=str(2 << 20), Connection="close").status == 413
    assert served.ask("/api/start", "POST", None, Content_Length="-1").status in (400, 413)


def test_what_grows_on_the_way_is_cut_off(served):
    headers = {
        "Cookie": served.cookie,
        "Origin": served.origin,
        "Sec-Fetch-Site": "same-origin",
        "Transfer-Encoding": "chunked",
    }
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)) as connection:
        connection.putrequest("POST", "/api/start")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(64):  # 4 MB
                connection.send(chunk)
            connection.send(b"0\r\n\r\n")
            assert connection.getresponse().status == 413
        except OSError:  # it has hung up before all was sent
            pass


def test_headers_without_end_are_refused(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000)
        assert line.recv(100).split()[1] in (b"400", b"431")


def said(served: Page, text: str) -> list[int]:
    """All that is answered to what comes over one line, until the server hangs up."""
    head = f"Host: 127.0.0.1:{served.port}\r\n"
    cookie = f"Cookie: {served.cookie}\r\n"
    own = f"{head}{cookie}Origin: {served.origin}\r\nSec-Fetch-Site: same-origin\r\n"
    last = f"GET /api/me HTTP/1.1\r\n{head}Connection: close\r\n\r\n"  # without a cookie: 401
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
        line.sendall((text.format(own=own, head=head, cookie=cookie) + last).encode("latin-1"))
        answer = b""
        while more := line.recv(1 << 16):
            answer += more
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d+)", answer)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DELETE /api/queue/x HTTP/1.1\r\n{own}\r\n", [404, 401]),
        (
            "DELETE /api/queue/x HTTP/1.1\r\n{own}Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [404, 401],
        ),
        ("DELETE /api/queue/x HTTP/1.1\r\n{own}Content-Length: 0\r\nContent-Length: 9\r\n\r\n", [400]),
        ("DELETE /api/queue/x HTTP/1.1\r\n{own}Transfer-Encoding: xchunked\r\n\r\n", [400]),
        ("DELETE /api/queue/x HTTP/1.1\r\n{own}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [400]),
        ("GET /api/me HTTP/1.1\r\n{head}Cookie : x\r\n\r\n", [400]),
        ("GET /api/me HTTP/1.1\r\n{head}X: a\0b\r\n\r\n", [400]),
        ("GET /api/me\r\n\r\n", [400]),
        ("GET http://evil.example/api/me HTTP/1.1\r\n{own}\r\n", [404, 401]),
        ("OPTIONS * HTTP/1.1\r\n{own}\r\n", [405, 401]),
        ("GET /api/me HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: 127.0.0.1\r\n{cookie}\r\n", [421, 401]),
        ("GET /api/me HTTP/1.0\r\n{cookie}\r\n", [421]),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [421, 400]),
    ],
    ids=lambda value: value[:60].replace("\r\n", " ").replace("\0", "0") if isinstance(value, str) else "",
)
def test_what_is_asked_strangely_lends_nothing_to_what_is_asked_after_it(served, text, expected):
    """The cookie of a request is that of no other, however the borders between two are blurred."""
    assert said(served, text) == expected


def test_who_never_comes_to_the_point_is_hung_up_on(served, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    whole = f"GET /api/me HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode()
    for first, begun in ((b"", b""), (b"", b"GET / HT"), (whole, b"GET / HT")):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as line:
            line.sendall(first)
            answer = b""
            while first and not answer.endswith(b"}"):
                answer += line.recv(1 << 16)
            line.sendall(begun)
            assert line.recv(1) == b""
            assert answer.startswith(b"HTTP/1.1 401") == bool(first)
    assert served.ask("/").status == 200


def test_who_rests_between_two_requests_is_not(served, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)) as connection:
        for _ in range(2):
            connection.request("GET", "/api/me", headers={"Cookie": served.cookie})
            assert connection.getresponse().read()
            line = connection.sock
            line.settimeout(0.5)
            with pytest.raises(TimeoutError):  # it is still open, and nothing is said
                line.recv(1)
            line.settimeout(20)


def test_who_hangs_up_while_sending_is_no_mistake_of_the_server(served, caplog):
    head = f"POST /api/start HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nCookie: {served.cookie}\r\n"
    head += f"Origin: {served.origin}\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(head.encode() + b"{")
    for _ in range(20):
        assert served.ask("/api/me").status == 200
    assert not caplog.records


def test_private_answers_are_kept_by_nobody(served):
    for path in ("/", "/nowhere", "/api/home", "/api/nowhere", f"/api/runs/{served.id('alone/a1/seed-0')}/curves"):
        assert served.ask(path).headers["cache-control"] == "no-store"
    assert served.ask("/static/app.js").headers["cache-control"] == "no-cache"  # asked for again each time
    assert served.ask("/static/app.js", Cookie=None).headers["cache-control"] == "no-store"


def test_read_only_lets_nothing_change(tmp_path):
    make_run(tmp_path / "a" / "b" / "seed-0", state="interrupted", rows=1)
    with page(tmp_path, read_only=True) as found:
        wanted = found.rows()["a/b/seed-0"]["id"]
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        for path in (f"/api/runs/{wanted}/resume", f"/api/runs/{wanted}/stop", "/api/start", "/api/start/preview"):
            answer = found.post(path, {"recipe": "digits/mlp"})
            assert (answer.status, answer.json["error"]["message"]) == (403, "this page is read-only")
        assert found.ask("/api/queue/x", "DELETE").status == 403
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipes_and_devices_are_no_files(served, tmp_path):
    folder = make_run(tmp_path / "a" / "b" / "seed-0")
    os.mkfifo(folder / "log.txt")
    (folder / "metrics.jsonl").unlink()
    os.mkfifo(folder / "metrics.jsonl")
    with page(tmp_path) as found:
        wanted = found.rows()["a/b/seed-0"]["id"]
        assert found.get(f"/api/runs/{wanted}/log")["text"] == ""
        assert found.ask(f"/api/runs/{wanted}/curves").status == 400


def test_web_sockets_are_refused(served):
    found = served.ask("/", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Key="eA==")
    assert found.status != 101


def test_the_address_and_the_names_of_a_page():
    place = server.listen("127.0.0.1", 0)
    with place.listener:
        assert server.address(place, "abc") == f"http://127.0.0.1:{place.port}/?token=abc"
        assert {f"127.0.0.1:{place.port}", f"localhost:{place.port}", f"[::1]:{place.port}"} == place.hosts


def test_a_port_in_use_gives_the_next_one():
    first = server.listen("127.0.0.1", 0)
    with first.listener:
        second = server.listen("127.0.0.1", first.port)
        with second.listener:
            assert first.port < second.port < first.port + server.TRIES
            assert second.wanted == first.port


def test_a_place_that_is_not_there_is_one_clear_error():
    with pytest.raises(ParibusError, match="the page cannot listen there"):
        server.listen("203.0.113.7", 0)
