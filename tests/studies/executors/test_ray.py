from functools import partial
import pytest
from paribus.studies.executors import make, connection
from paribus.testing.executors import ExecutorContract
pytest.register_assert_rewrite("paribus.testing.executors")
@pytest.fixture(scope="module", autouse=True)
def cluster(session_cache):
    connection.connect("local")
    yield
    connection.disconnect()
class Test_ray(ExecutorContract, make=partial(make, "ray", 2, "cpu")): ...
