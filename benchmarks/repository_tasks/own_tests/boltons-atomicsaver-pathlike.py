import pathlib

from boltons.fileutils import AtomicSaver, iter_find_files


class Located:
    def __init__(self, path):
        self.path = str(path)

    def __fspath__(self):
        return self.path


def test_atomic_saver_takes_any_path_like_object(tmp_path):
    with AtomicSaver(Located(tmp_path / "a.txt")) as file:
        file.write(b"a")
    assert (tmp_path / "a.txt").read_bytes() == b"a"


def test_atomic_saver_has_the_path_as_text(tmp_path):
    saver = AtomicSaver(tmp_path / "a.txt")
    assert saver.dest_path == str(tmp_path / "a.txt")


def test_atomic_saver_names_its_part_file(tmp_path):
    assert AtomicSaver(tmp_path / "a.txt").part_path == str(tmp_path / "a.txt") + ".part"


def test_files_are_found_below_a_path(tmp_path):
    (tmp_path / "a.py").write_text("")
    found = list(iter_find_files(pathlib.Path(tmp_path), "*.py"))
    assert [pathlib.Path(path).name for path in found] == ["a.py"]


def test_depth_counts_below_a_path_like_object(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.py").write_text("")
    assert list(iter_find_files(Located(tmp_path), "*.py", max_depth=0)) == []
