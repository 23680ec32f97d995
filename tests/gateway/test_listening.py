import gc
import subprocess
import sys

from gateway.listening import COLLECTED_AFTER

SCRIPT = """
import gc, cv2
from gateway.listening import spare_the_collector
from model.preprocess import keep_to_one_thread
keep_to_one_thread()
spare_the_collector()
print(cv2.getNumThreads(), gc.get_freeze_count() > 10_000, gc.get_threshold())
"""


def test_what_is_loaded_is_left_alone_and_pictures_stay_on_one_thread() -> None:
    told = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout
    assert told.split(maxsplit=2) == ["1", "True", f"{COLLECTED_AFTER}\n"]
    assert gc.get_threshold() != COLLECTED_AFTER
