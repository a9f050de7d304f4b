from paribus.evidence import simulation


def test_R34_the_published_table_is_printed(capsys):
    simulation.main(studies=20)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 3 * len(simulation.NOISES)
    assert lines[1].split()[:2] == ["normal", "3"]
