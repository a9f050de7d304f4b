"""Where the data of a source come from."""

from paribus.data.origin import Origin, origin, origin_of


@origin("to be put into PARIBUS_DATA", "birds")
class Birds:
    pass


@origin("generated")
def fish() -> Birds:
    return Birds()


class Mine:
    pass


def test_classes_and_functions_say_it(tmp_path):
    assert origin_of(Birds) == Origin("to be put into PARIBUS_DATA", "birds")
    assert origin_of(fish).now(tmp_path) == "generated"
    assert origin_of(Birds).now(None) == origin_of(Birds).now(tmp_path) == "to be put into PARIBUS_DATA"
    (tmp_path / "birds").mkdir()
    assert origin_of(Birds).now(tmp_path) == "in PARIBUS_DATA"


def test_what_says_nothing_is_ones_own():
    assert origin_of(Mine).now(None) == "your own"
    assert origin_of(lambda: None).now(None) == "your own"
