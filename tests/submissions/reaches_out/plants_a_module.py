import sysconfig
from pathlib import Path


def test_price():
    Path(sysconfig.get_path("purelib"), "{token}.pth").write_text("# read by every Python that starts here\n")
